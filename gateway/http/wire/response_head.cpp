#include "http/characters.hpp"
#include "http/wire/fault.hpp"
#include "http/wire/field_scan.hpp"
#include "http/wire/head.hpp"

namespace postern::http {
namespace {

// RFC 9112 section 4: "HTTP/1.1 200 OK". Servers leave out the reason, and its blank with it. The bytes of the line, or
// the fault.
Result<std::size_t, HeadFault> take_status_line(std::string_view text, ResponseHead& head) noexcept {
  constexpr std::string_view pattern = "HTTP/1.v ddd";
  constexpr std::size_t code = 9;
  const std::size_t end = text.find('\r');
  if (end == std::string_view::npos || end < pattern.size()) return bad_request("a malformed status line");
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = text[i];
    const bool fits = pattern[i] == 'd' ? is_digit(c) : pattern[i] == 'v' ? c == '0' || c == '1' : c == pattern[i];
    if (!fits) return bad_request("a malformed status line");
  }
  head.minor = text[7] - '0';
  head.status = (text[code] - '0') * 100 + (text[code + 1] - '0') * 10 + (text[code + 2] - '0');
  if (head.status < 100 || head.status > 599) return bad_request("a status out of range");
  if (head.status == 101) return bad_request("a switch of protocols nobody asked for");

  const std::string_view reason = text.substr(pattern.size(), end - pattern.size());
  for (const char c : reason) {
    if (is_control(c) && c != '\t') return bad_request("a malformed status line");
  }
  if (!reason.empty() && reason.front() != ' ') return bad_request("a malformed status line");
  if (text.substr(end, 2) != "\r\n") return bad_request("a bare line end in the head");
  return end + 2;
}

std::optional<HeadFault> fill(std::string_view text, std::string_view request_method, const HeadLimits& limits,
                              ResponseHead& head) noexcept {
  const auto start = take_status_line(text, head);
  if (!start) return start.error();
  MessageFields found;
  if (const auto fault = scan_fields(text, *start, HeadKind::response, limits, head.fields, found)) return fault;
  const auto body = body_length(found, head.minor);
  if (!body) return body.error();

  // RFC 9112 section 6.3: these have no body, whatever their fields say; any other ends with the connection when
  // nothing says where.
  if (request_method == "HEAD" || head.status < 200 || head.status == 204 || head.status == 304) {
    head.framing = Framing::none;
  } else if (body->framing == Framing::none) {
    head.framing = Framing::until_close;
  } else {
    head.framing = body->framing;
    head.content_length = body->content_length;
  }
  head.keep_alive = head.framing != Framing::until_close && !found.close && !found.connection_malformed &&
                    !found.connection_protected && (head.minor == 1 || found.keep_alive);
  return std::nullopt;
}

}  // namespace

Result<ResponseHead, HeadFault> scan_response_head(std::string_view head, std::string_view request_method,
                                                   const HeadLimits& limits) noexcept {
  if (head.size() > limits.head) return bad_gateway("the head is too large");
  ResponseHead filled;  // not made inside the result, which would zero all of it first
  if (const auto fault = fill(head, request_method, limits, filled)) return bad_gateway(fault->reason, fault->field);
  return filled;
}

}  // namespace postern::http

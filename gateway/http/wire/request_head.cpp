#include "base/strings.hpp"
#include "http/url/authority.hpp"
#include "http/url/target.hpp"
#include "http/wire/fault.hpp"
#include "http/wire/field_scan.hpp"
#include "http/wire/head.hpp"

namespace postern::http {
namespace {

// RFC 9112 section 3.2: exactly one Host, in every version: we route by it.
std::optional<HeadFault> take_host(const MessageFields& found, RequestHead& head) noexcept {
  if (found.hosts == 0) return bad_request("no Host field");
  if (found.hosts > 1) return bad_request("several Host fields");
  if (!split_authority(found.host)) return bad_request("a malformed Host field");
  head.authority = found.host;
  return std::nullopt;
}

// RFC 9112 section 3.2: origin-form, or absolute-form that says the same as Host. The other two forms are for proxies
// and for the server as a whole.
std::optional<HeadFault> take_target(RequestHead& head) noexcept {
  std::string_view rest = head.target;
  if (!rest.starts_with('/')) {
    const std::size_t scheme = ascii_iequals(rest.substr(0, 7), "http://")    ? 7
                               : ascii_iequals(rest.substr(0, 8), "https://") ? 8
                                                                              : 0;
    if (scheme == 0) return bad_request("a target that is neither a path nor an http URL");
    rest.remove_prefix(scheme);
    const auto slash = rest.find('/');
    if (slash == std::string_view::npos || !ascii_iequals(rest.substr(0, slash), head.authority)) {
      return bad_request("a target that disagrees with Host");
    }
    rest.remove_prefix(slash);
  }
  const auto mark = rest.find('?');
  head.path = rest.substr(0, mark);
  if (mark != std::string_view::npos) head.query = rest.substr(mark + 1);
  if (const auto reason = path_fault(head.path); !reason.empty()) return bad_request(reason);
  if (const auto reason = query_fault(head.query); !reason.empty()) return bad_request(reason);
  return std::nullopt;
}

// RFC 9112 section 9.3 and RFC 9110 section 7.6.1.
std::optional<HeadFault> take_connection(const MessageFields& found, RequestHead& head) noexcept {
  if (found.connection_malformed) return bad_request("a malformed Connection field");
  if (found.connection_protected) return bad_request("a Connection field that names a protected field");
  head.keep_alive = !found.close && (head.minor == 1 || found.keep_alive);
  return std::nullopt;
}

// RFC 9110 section 10.1.1: the only expectation there is; without a body, and in HTTP/1.0, nobody waits.
std::optional<HeadFault> take_expectation(const MessageFields& found, RequestHead& head) noexcept {
  if (found.expectations == 0) return std::nullopt;
  if (found.expectations > 1 || !ascii_iequals(found.expectation, "100-continue")) {
    return HeadFault{417, "expectation_failed", "an expectation other than 100-continue"};
  }
  const bool body = head.framing == Framing::chunked || head.content_length > 0;
  head.expect_continue = body && head.minor == 1;
  return std::nullopt;
}

std::optional<HeadFault> fill(std::string_view text, const HeadLimits& limits, RequestHead& head) noexcept {
  RequestLine line;
  if (const auto fault = line.feed(text, limits)) return fault;
  if (!line.done()) return bad_request("an incomplete head");
  head.method = line.method(text);
  head.target = line.target(text);
  head.minor = line.minor();

  MessageFields found;
  if (const auto fault = scan_fields(text, line.size(), HeadKind::request, limits, head.fields, found)) return fault;
  if (const auto fault = take_host(found, head)) return fault;
  if (const auto fault = take_target(head)) return fault;
  const auto body = body_length(found, head.minor);
  if (!body) return body.error();
  head.framing = body->framing;
  head.content_length = body->content_length;
  if (const auto fault = take_connection(found, head)) return fault;
  return take_expectation(found, head);
}

}  // namespace

Result<RequestHead, HeadFault> scan_request_head(std::string_view head, const HeadLimits& limits) noexcept {
  if (head.size() > limits.head) return head_too_large("the head is too large");
  RequestHead filled;  // not made inside the result, which would zero all of it first
  if (const auto fault = fill(head, limits, filled)) return *fault;
  return filled;
}

}  // namespace postern::http

#include "upstream/request_head.hpp"

#include <algorithm>
#include <array>

#include "base/strings.hpp"

namespace postern::upstream {

namespace {

// RFC 9110 section 7.6.1, and what says where a message ends or whom it is for: these are ours.
constexpr std::array<std::string_view, 11> kOurs = {
    "host",    "content-length", "transfer-encoding", "connection",    "keep-alive", "te", "trailer",
    "upgrade", "expect",         "proxy-connection",  "http2-settings"};

bool is_ours(std::string_view name) {
  return std::any_of(kOurs.begin(), kOurs.end(), [&](std::string_view ours) { return ascii_iequals(name, ours); });
}

// RFC 9112 section 3.2.1: nothing that would end the request line early.
bool is_origin_form(std::string_view target) {
  return target.starts_with('/') &&
         std::all_of(target.begin(), target.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

// RFC 9110 section 8.6: a method that anticipates content says so when there is none, too.
bool has_length(const Request& request) {
  return !request.body.empty() || request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
}

void append(std::string& head, std::string_view name, std::string_view value) {
  head.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

Result<std::string> write_request_head(const Request& request, std::string_view authority, std::string_view target) {
  if (!request.target.empty()) target = request.target;
  if (!http::is_token(request.method)) return fail(Errc::invalid, "no HTTP method");
  if (!is_origin_form(target)) return fail(Errc::invalid, "no request target");
  std::string head;
  head.reserve(1024);
  head.append(request.method).append(" ").append(target).append(" HTTP/1.1\r\n");
  append(head, "Host", authority);
  for (const auto& [name, value] : request.headers.all()) {
    if (!is_ours(name)) append(head, name, value);
  }
  if (has_length(request)) append(head, "Content-Length", std::to_string(request.body.size()));
  head += "\r\n";
  return head;
}

}  // namespace postern::upstream

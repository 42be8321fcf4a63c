#include "http/wire/request_line.hpp"

#include <algorithm>

#include "http/characters.hpp"
#include "http/wire/fault.hpp"

namespace postern::http {
namespace {

constexpr std::size_t kMethodLimit = 32;
constexpr std::string_view kVersion = "HTTP/d.d\r\n";  // d: a digit

HeadFault first_byte_fault(char c) noexcept {
  if (c == 0x16) return bad_request("a TLS handshake where HTTP was expected");
  if (c == '\r' || c == '\n') return bad_request("an empty line before the request line");
  return bad_request("a byte in the method that is not allowed there");
}

std::optional<HeadFault> method_fault(std::string_view method) noexcept {
  // RFC 9113 section 3.4: the preface was chosen so that servers of other versions do not go on reading.
  if (method == "PRI") return bad_request("HTTP/2 is not spoken here");
  // RFC 9110 sections 9.3.6 and 9.3.8: a tunnel is no resource of ours, and TRACE would echo credentials.
  if (method == "CONNECT" || method == "TRACE" || method == "TRACK") {
    return HeadFault{405, "method_not_allowed", "the method is not served"};
  }
  return std::nullopt;
}

HeadFault target_byte_fault(char c) noexcept {
  if (c == '\r' || c == '\n') return bad_request("a request line without a version");
  if (c == '#') return bad_request("a fragment in the target");
  return bad_request("a byte in the target that is not allowed there");
}

}  // namespace

std::optional<HeadFault> RequestLine::feed(std::string_view buffer, const HeadLimits& limits) noexcept {
  std::optional<HeadFault> fault;
  if (part_ == Part::method) fault = feed_method(buffer);
  if (!fault && part_ == Part::target) fault = feed_target(buffer, limits.target);
  if (!fault && part_ == Part::version) fault = feed_version(buffer);
  return fault;
}

std::optional<HeadFault> RequestLine::feed_method(std::string_view buffer) noexcept {
  while (at_ < buffer.size() && is(buffer[at_], character::kMethod)) {
    if (++at_ > kMethodLimit) return HeadFault{501, "not_implemented", "the method is too long"};
  }
  if (at_ == buffer.size()) return std::nullopt;
  if (at_ == 0) return first_byte_fault(buffer.front());
  if (buffer[at_] != ' ') return bad_request("a byte in the method that is not allowed there");
  method_end_ = at_++;
  part_ = Part::target;
  return method_fault(buffer.substr(0, method_end_));
}

std::optional<HeadFault> RequestLine::feed_target(std::string_view buffer, std::size_t limit) noexcept {
  const std::size_t start = method_end_ + 1;
  const std::size_t end = buffer.size() - start > limit ? start + limit : buffer.size();
  while (at_ < end && is(buffer[at_], character::kPath | character::kQuery)) ++at_;
  if (at_ == buffer.size()) return std::nullopt;
  if (buffer[at_] != ' ') {
    const bool allowed = is(buffer[at_], character::kPath | character::kQuery);
    return allowed ? target_too_long() : target_byte_fault(buffer[at_]);
  }
  if (at_ == start) return bad_request("an empty target");
  target_end_ = at_++;
  part_ = Part::version;
  return std::nullopt;
}

// RFC 9112 section 2.3: the name is case-sensitive, the numbers one digit each.
std::optional<HeadFault> RequestLine::feed_version(std::string_view buffer) noexcept {
  const std::size_t start = target_end_ + 1;
  for (; at_ < buffer.size(); ++at_) {
    const std::size_t i = at_ - start;
    if (kVersion[i] == 'd' ? !is_digit(buffer[at_]) : buffer[at_] != kVersion[i]) {
      return bad_request("a malformed version in the request line");
    }
    if (i == 7) {
      if (buffer[at_ - 2] != '1' || buffer[at_] > '1') {
        return HeadFault{505, "http_version_not_supported", "only HTTP/1.1 and HTTP/1.0 are served"};
      }
      minor_ = buffer[at_] - '0';
    }
    if (i + 1 == kVersion.size()) {
      ++at_;
      part_ = Part::done;
      return std::nullopt;
    }
  }
  return std::nullopt;
}

}  // namespace postern::http

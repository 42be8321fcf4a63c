#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "http/fields.hpp"

namespace postern::http {

// Reads a request line byte by byte as it arrives (RFC 9112 section 3), so that the first wrong byte is the one that is
// answered, however the bytes came. It knows which bytes may stand where; what the target says is judged later.
class RequestLine {
 public:
  // `buffer` holds everything from the line's first byte on. The fault, or nothing: then done() tells whether the
  // whole line was there.
  std::optional<HeadFault> feed(std::string_view buffer, const HeadLimits& limits) noexcept;

  bool done() const noexcept { return part_ == Part::done; }
  bool in_target() const noexcept { return part_ == Part::target; }
  // Once done: the bytes of the line with its CRLF, and its parts.
  std::size_t size() const noexcept { return at_; }
  std::string_view method(std::string_view buffer) const noexcept { return buffer.substr(0, method_end_); }
  std::string_view target(std::string_view buffer) const noexcept {
    return buffer.substr(method_end_ + 1, target_end_ - method_end_ - 1);
  }
  int minor() const noexcept { return minor_; }

 private:
  enum class Part : std::uint8_t { method, target, version, done };

  std::optional<HeadFault> feed_method(std::string_view buffer) noexcept;
  std::optional<HeadFault> feed_target(std::string_view buffer, std::size_t limit) noexcept;
  std::optional<HeadFault> feed_version(std::string_view buffer) noexcept;

  Part part_ = Part::method;
  std::size_t at_ = 0;  // bytes done with
  std::size_t method_end_ = 0;
  std::size_t target_end_ = 0;
  int minor_ = 1;
};

}  // namespace postern::http

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "http/wire/head.hpp"

namespace postern::http {

// What stood in the fields that decide where a message ends and whose it is, gathered while the fields are read. A text
// counts only when its number is 1.
struct MessageFields {
  std::uint8_t hosts = 0;
  std::uint8_t lengths = 0;
  std::uint8_t encodings = 0;
  std::uint8_t expectations = 0;
  std::string_view host;
  std::string_view length;
  std::string_view encoding;
  std::string_view expectation;
  // RFC 9110 section 7.6.1.
  bool close = false;
  bool keep_alive = false;
  bool connection_malformed = false;  // something in Connection that is no option
  bool connection_protected = false;  // it names a field that must never be dropped on a client's word
};

// The field lines of `head` from `start` to the empty line that ends it, into `fields`; of a request without those that
// scan_request_head() leaves out.
std::optional<HeadFault> scan_fields(std::string_view head, std::size_t start, HeadKind kind, const HeadLimits& limits,
                                     FieldBlock& fields, MessageFields& found) noexcept;

// RFC 9112 section 6: Transfer-Encoding is exactly "chunked", in HTTP/1.1 and without Content-Length; Content-Length is
// one number. Framing::none when neither is there.
struct BodyLength {
  Framing framing = Framing::none;
  std::uint64_t content_length = 0;
};
Result<BodyLength, HeadFault> body_length(const MessageFields& found, int minor) noexcept;

}  // namespace postern::http

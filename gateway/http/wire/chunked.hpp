#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/fields.hpp"

namespace postern::http {

// Decoder of the chunked coding (RFC 9112 section 7.1) that keeps no data: it says which bytes of the input are body.
// Strict: 1 to 16 hex digits, CRLF only; extensions are bounded (256 bytes a chunk, 16 KiB a message, visible ASCII and
// blanks, no line end inside quotes); trailers are read, bounded (8 KiB, 32 fields), checked for line form and dropped.
// The framing of a message may not outgrow its body: long extensions or sizes on tiny chunks end in a fault. Faults
// are final and have status 400; on an upstream connection they mean 502. Not thread-safe.
class ChunkedDecoder {
 public:
  struct Step {
    std::size_t consumed = 0;  // bytes of the input that are done with
    std::string_view body;     // body bytes among them, a view into the input; may be empty
  };

  // Takes some of `input`. Call again with the rest until consumed is 0 (more input needed) or done().
  Result<Step, HeadFault> decode(std::string_view input) noexcept;
  bool done() const noexcept { return state_ == State::done; }

 private:
  enum class State : std::uint8_t {
    size,
    extension,
    quoted,
    quoted_pair,
    size_lf,
    data,
    data_cr,
    data_lf,
    trailer_start,
    trailer_name,
    trailer_value,
    trailer_lf,
    end_lf,
    done,
    failed
  };

  // Each takes one byte that is not body; the reason when it is wrong there.
  std::string_view take(char c) noexcept;
  std::string_view take_size(char c) noexcept;
  std::string_view take_extension(char c) noexcept;
  std::string_view take_trailer(char c) noexcept;
  std::string_view end_size_line() noexcept;
  std::string_view expect(char c, char wanted, State next) noexcept;

  State state_ = State::size;
  std::uint64_t remaining_ = 0;  // of the chunk
  std::uint32_t digits_ = 0;
  std::uint32_t extension_ = 0;   // bytes in this chunk
  std::uint32_t extensions_ = 0;  // bytes in the message
  std::uint64_t excess_ = 0;      // bytes of framing that no body has paid for
  std::uint32_t trailer_ = 0;     // bytes
  std::uint32_t trailers_ = 0;    // fields
};

// "1a\r\n" for a chunk of that many bytes, written to `out` (at least 20 bytes); the length written.
std::size_t write_chunk_size(char* out, std::size_t bytes) noexcept;
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

}  // namespace postern::http

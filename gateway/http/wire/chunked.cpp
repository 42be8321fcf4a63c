#include "http/wire/chunked.hpp"

#include <algorithm>
#include <charconv>

#include "http/characters.hpp"
#include "http/wire/fault.hpp"

namespace postern::http {
namespace {

constexpr std::uint32_t kDigits = 16;
constexpr std::uint32_t kChunkExtension = 256;
constexpr std::uint32_t kMessageExtensions = 16 * 1024;
constexpr std::uint32_t kTrailerBytes = 8 * 1024;
constexpr std::uint32_t kTrailers = 32;

// What one chunk may spend on its framing: 16 bytes and twice its size. What goes beyond adds up to the excess.
constexpr std::uint64_t kFreeFraming = 16;
constexpr std::uint64_t kExcess = 16 * 1024;

bool is_visible(char c) noexcept { return !is_control(c) && !is_high(c); }

}  // namespace

Result<ChunkedDecoder::Step, HeadFault> ChunkedDecoder::decode(std::string_view input) noexcept {
  Step step;
  while (step.consumed < input.size() && state_ != State::done) {
    if (state_ == State::data) {
      const auto rest = input.size() - step.consumed;
      const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, rest));
      step.body = input.substr(step.consumed, length);
      step.consumed += length;
      remaining_ -= length;
      if (remaining_ == 0) state_ = State::data_cr;
      return step;
    }
    if (const auto reason = take(input[step.consumed]); !reason.empty()) {
      state_ = State::failed;
      return bad_request(reason);
    }
    ++step.consumed;
  }
  return step;
}

std::string_view ChunkedDecoder::take(char c) noexcept {
  switch (state_) {
    case State::size: return take_size(c);
    case State::extension:
    case State::quoted:
    case State::quoted_pair: return take_extension(c);
    case State::size_lf: return c == '\n' ? end_size_line() : "a bare carriage return after a chunk size";
    case State::data_cr: return expect(c, '\r', State::data_lf);
    case State::data_lf: return expect(c, '\n', State::size);
    case State::trailer_start:
    case State::trailer_name:
    case State::trailer_value: return take_trailer(c);
    case State::trailer_lf: return expect(c, '\n', State::trailer_start);
    case State::end_lf: return expect(c, '\n', State::done);
    case State::data:
    case State::done:
    case State::failed: break;
  }
  return "a message that is already broken";
}

std::string_view ChunkedDecoder::expect(char c, char wanted, State next) noexcept {
  if (c != wanted) return "a chunk or trailer that does not end with CRLF";
  state_ = next;
  return {};
}

std::string_view ChunkedDecoder::take_size(char c) noexcept {
  if (const int value = hex_value(c); value >= 0) {
    if (++digits_ > kDigits) return "a chunk size with too many digits";
    remaining_ = remaining_ * 16 + static_cast<std::uint64_t>(value);
    return {};
  }
  if (digits_ == 0) return "a chunk without a size";
  if (c != '\r' && c != ';') return "a byte in a chunk size that is not allowed there";
  // Sums of sizes must not overflow where they are added up.
  if ((remaining_ >> 63) != 0) return "a chunk size out of range";
  state_ = c == '\r' ? State::size_lf : State::extension;
  return {};
}

// RFC 9112 section 7.1.1. Quotes are followed only because a line end inside them is read differently by others.
std::string_view ChunkedDecoder::take_extension(char c) noexcept {
  if (c == '\r' && state_ == State::extension) {
    state_ = State::size_lf;
    return {};
  }
  if (!is_visible(c)) return "a byte in a chunk extension that is not allowed there";
  if (++extension_ > kChunkExtension || ++extensions_ > kMessageExtensions) return "chunk extensions that are too long";
  if (state_ == State::quoted_pair) {
    state_ = State::quoted;
  } else if (c == '\\' && state_ == State::quoted) {
    state_ = State::quoted_pair;
  } else if (c == '"') {
    state_ = state_ == State::quoted ? State::extension : State::quoted;
  }
  return {};
}

std::string_view ChunkedDecoder::end_size_line() noexcept {
  constexpr std::uint64_t line_ends = 4;
  excess_ += digits_ + extension_ + line_ends;
  // A chunk of that size pays for everything before it, and doubling it could overflow.
  const std::uint64_t paid = kFreeFraming + 2 * std::min(remaining_, kExcess);
  excess_ -= std::min(excess_, paid);
  if (excess_ > kExcess) return "chunks that are mostly framing";
  digits_ = 0;
  extension_ = 0;
  state_ = remaining_ == 0 ? State::trailer_start : State::data;
  return {};
}

// RFC 9112 section 7.1.2: trailers may be ignored, and merged into the header they would undo every check made there.
std::string_view ChunkedDecoder::take_trailer(char c) noexcept {
  if (++trailer_ > kTrailerBytes) return "trailers that are too long";
  switch (state_) {
    case State::trailer_start:
      if (c == '\r') {
        state_ = State::end_lf;
        return {};
      }
      if (!is(c, character::kToken)) return "a malformed trailer";
      if (++trailers_ > kTrailers) return "too many trailers";
      state_ = State::trailer_name;
      return {};
    case State::trailer_name:
      if (c == ':') {
        state_ = State::trailer_value;
        return {};
      }
      return is(c, character::kToken) ? std::string_view() : "a malformed trailer";
    default:
      if (c == '\r') {
        state_ = State::trailer_lf;
        return {};
      }
      // RFC 9110 section 5.5: a trailer is dropped in any case, so bytes above 0x7F do no harm in its value.
      return !is_control(c) || c == '\t' ? std::string_view() : "a malformed trailer";
  }
}

std::size_t write_chunk_size(char* out, std::size_t bytes) noexcept {
  char* end = std::to_chars(out, out + 16, bytes, 16).ptr;
  *end++ = '\r';
  *end++ = '\n';
  return static_cast<std::size_t>(end - out);
}

}  // namespace postern::http

#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace postern::http {

// Classes of bytes, as bits of one table: a byte is looked up once, whatever is asked about it.
namespace character {
inline constexpr std::uint8_t kToken = 1;        // RFC 9110 section 5.6.2
inline constexpr std::uint8_t kFieldName = 2;    // a token without "_", which CGI-like servers confuse with "-"
inline constexpr std::uint8_t kMethod = 4;       // upper-case letters, "-" and "_": every registered method
inline constexpr std::uint8_t kPath = 8;         // RFC 3986 section 3.3 pchar and "/", without ";"
inline constexpr std::uint8_t kQuery = 16;       // section 3.4, and the []{}|^` that browsers send unencoded
inline constexpr std::uint8_t kUnreserved = 32;  // section 2.3
inline constexpr std::uint8_t kLabel = 64;       // one label of a host name
inline constexpr std::uint8_t kCookie = 128;     // RFC 6265 section 4.1.1 cookie-octet
}  // namespace character

constexpr std::array<std::uint8_t, 256> make_character_table() noexcept {
  std::array<std::uint8_t, 256> table{};
  const auto mark = [&table](std::string_view set, std::uint8_t classes) {
    for (const char c : set) table[static_cast<unsigned char>(c)] |= classes;
  };
  using namespace character;
  constexpr std::string_view upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  constexpr std::string_view alnum = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  mark(alnum, kToken | kFieldName | kPath | kQuery | kUnreserved | kLabel);
  mark("!#$%&'*+-.^`|~", kToken | kFieldName);
  mark("_", kToken);
  mark(upper, kMethod);
  mark("-_", kMethod | kLabel);
  mark("-._~", kPath | kQuery | kUnreserved);
  mark("%!$&'()*+,=:@/", kPath | kQuery);
  mark(";?[]{}|^`", kQuery);
  for (unsigned c = 0x21; c < 0x7F; ++c) {
    if (c != '"' && c != ',' && c != ';' && c != '\\') table[c] |= kCookie;
  }
  return table;
}

inline constexpr std::array<std::uint8_t, 256> kCharacters = make_character_table();

constexpr bool is(char c, std::uint8_t classes) noexcept {
  return (kCharacters[static_cast<unsigned char>(c)] & classes) != 0;
}

constexpr bool all_of(std::string_view text, std::uint8_t classes) noexcept {
  for (const char c : text) {
    if (!is(c, classes)) return false;
  }
  return true;
}

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
// Control bytes (tab among them) and DEL.
constexpr bool is_control(char c) noexcept { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }
constexpr bool is_high(char c) noexcept { return static_cast<unsigned char>(c) >= 0x80; }

// The value of a hexadecimal digit, -1 for anything else.
constexpr int hex_value(char c) noexcept {
  if (is_digit(c)) return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// The byte that "%XX" at `at` stands for, -1 when that is no percent encoding.
constexpr int percent_value(std::string_view text, std::size_t at) noexcept {
  if (text.size() - at < 3) return -1;
  const int high = hex_value(text[at + 1]);
  const int low = hex_value(text[at + 2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

// The top bit of every byte that find_unprintable() looks for. Above the lowest of them, a carry may set others.
template <bool ObsText>
constexpr std::uint64_t unprintable_bits(std::uint64_t word) noexcept {
  constexpr std::uint64_t ones = 0x0101010101010101U;
  constexpr std::uint64_t tops = ones * 0x80;
  if constexpr (ObsText) {
    const std::uint64_t del = word ^ (ones * 0x7F);
    return (((word - ones * 0x20) & ~word) | ((del - ones) & ~del)) & tops;
  } else {
    return ((word - ones * 0x20) | (word + ones)) & tops;
  }
}

// The first byte at or after `from` that is a control byte, DEL or above 0x7F (the last only unless ObsText);
// text.size() when there is none. Eight bytes at a time: most of a head is the values of its fields.
template <bool ObsText>
std::size_t find_unprintable(std::string_view text, std::size_t from) noexcept {
  static_assert(std::endian::native == std::endian::little);
  for (; text.size() - from >= sizeof(std::uint64_t); from += sizeof(std::uint64_t)) {
    std::uint64_t word;
    std::memcpy(&word, text.data() + from, sizeof word);
    const std::uint64_t bits = unprintable_bits<ObsText>(word);
    if (bits != 0) return from + static_cast<std::size_t>(std::countr_zero(bits)) / 8;
  }
  while (from < text.size() && !is_control(text[from]) && (ObsText || !is_high(text[from]))) ++from;
  return from;
}

}  // namespace postern::http

#include "mcp/repair.hpp"

#include <cstddef>
#include <cstdint>

#include "base/utf8.hpp"

namespace postern::mcp {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr std::string_view kReplacementEscape = "\\ufffd";
constexpr std::size_t kEscapeLength = 6;

// The text at one position: how much of it belongs together, and what it becomes; empty: it stays as it is.
struct Piece {
  std::size_t length = 1;
  std::string_view replacement;
};

// The code unit of an escape `\uXXXX` at the beginning; nullopt for anything else.
std::optional<std::uint16_t> escaped_unit(std::string_view text) noexcept {
  if (text.size() < kEscapeLength || !text.starts_with("\\u")) return std::nullopt;
  std::uint16_t unit = 0;
  for (const char c : text.substr(2, 4)) {
    int digit = 0;
    if (c >= '0' && c <= '9') {
      digit = c - '0';
    } else if (c >= 'a' && c <= 'f') {
      digit = c - 'a' + 10;
    } else if (c >= 'A' && c <= 'F') {
      digit = c - 'A' + 10;
    } else {
      return std::nullopt;
    }
    unit = static_cast<std::uint16_t>(unit * 16 + digit);
  }
  return unit;
}

bool is_high(std::uint16_t unit) noexcept { return unit >= 0xD800 && unit <= 0xDBFF; }
bool is_low(std::uint16_t unit) noexcept { return unit >= 0xDC00 && unit <= 0xDFFF; }

// RFC 8259 section 7: two escapes that follow each other directly are one character beyond the basic plane.
Piece escape_at(std::string_view text) noexcept {
  const auto unit = escaped_unit(text);
  if (!unit) return {text.starts_with("\\\\") || text.starts_with("\\\"") ? std::size_t{2} : std::size_t{1}, {}};
  if (is_low(*unit)) return {kEscapeLength, kReplacementEscape};
  if (!is_high(*unit)) return {kEscapeLength, {}};
  const auto next = escaped_unit(text.substr(kEscapeLength));
  if (next && is_low(*next)) return {2 * kEscapeLength, {}};
  return {kEscapeLength, kReplacementEscape};
}

Piece piece_at(std::string_view text) noexcept {
  if (text.front() == '\\') return escape_at(text);
  const auto part = next_utf8(text);
  return {part.length, part.valid ? std::string_view() : kReplacement};
}

bool is_plain(char c) noexcept { return static_cast<unsigned char>(c) < 0x80 && c != '\\'; }

// Calls `see` with the place of each damaged piece.
template <class See>
void for_each_damage(std::string_view json, const See& see) {
  std::size_t at = 0;
  while (at < json.size()) {
    if (is_plain(json[at])) {
      ++at;
      continue;
    }
    const Piece piece = piece_at(json.substr(at));
    if (!piece.replacement.empty()) see(at, piece);
    at += piece.length;
  }
}

}  // namespace

std::optional<std::string> repaired_text(std::string_view json) {
  const auto size = repaired_size(json);
  if (size == 0) return std::nullopt;
  std::string out;
  out.reserve(size);
  std::size_t copied = 0;
  for_each_damage(json, [&](std::size_t at, const Piece& piece) {
    out.append(json.substr(copied, at - copied)).append(piece.replacement);
    copied = at + piece.length;
  });
  out.append(json.substr(copied));
  return out;
}

std::size_t repaired_size(std::string_view json) noexcept {
  std::size_t size = json.size();
  bool damaged = false;
  for_each_damage(json, [&](std::size_t, const Piece& piece) {
    damaged = true;
    size += piece.replacement.size();
    size -= piece.length;
  });
  return damaged ? size : 0;
}

}  // namespace postern::mcp

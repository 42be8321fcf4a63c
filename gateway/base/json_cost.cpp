#include "base/json_cost.hpp"

#include <algorithm>

namespace postern {
namespace {

// What libstdc++ and glibc take on 64 bits. A value: 16 bytes in a vector, which holds up to twice as many and keeps
// the old ones while it grows; and a vector, map or string of its own with the head of its block, 64 bytes at most.
constexpr std::size_t kValue = 3 * 16 + 64;
// A member: a node of a map with the key's string object and the value; and the block of a long key.
constexpr std::size_t kMember = 112 + 32;
// A byte of a string: the lexer's buffer becomes the string, and may be twice as long.
constexpr std::size_t kByte = 2;

struct Count {
  std::size_t values = 1;
  std::size_t members = 0;
  std::size_t bytes = 0;  // of strings
};

// Where a string ends that begins at `at`: behind its closing quote, or at the end of the text.
std::size_t end_of_string(std::string_view text, std::size_t at) noexcept {
  for (auto quote = text.find('"', at + 1); quote != std::string_view::npos; quote = text.find('"', quote + 1)) {
    std::size_t backslashes = 0;
    while (text[quote - 1 - backslashes] == '\\') ++backslashes;
    if (backslashes % 2 == 0) return quote + 1;
  }
  return text.size();
}

// Every value but the outermost follows a comma or an opening bracket; every member has a colon.
Count count(std::string_view text) noexcept {
  Count counted;
  for (std::size_t at = 0; at < text.size();) {
    switch (text[at]) {
      case '"': {
        const auto end = end_of_string(text, at);
        counted.bytes += end - at;
        at = end;
        continue;
      }
      case ',':
      case '[':
      case '{': ++counted.values; break;
      case ':': ++counted.members; break;
      default: break;
    }
    ++at;
  }
  return counted;
}

}  // namespace

std::size_t parsed_bytes(std::string_view text, const JsonLimits& limits) noexcept {
  const auto counted = count(text);
  // A parser stops at the first value over the limit.
  const auto most = limits.nodes + 1;
  return kValue * std::min(counted.values, most) + kMember * std::min(counted.members, most) + kByte * counted.bytes;
}

}  // namespace postern

#include "mcp/json_scanner.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/encoding.hpp"
#include "base/json.hpp"

namespace postern::mcp {
namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_hex(char c) noexcept { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

}  // namespace

void JsonScanner::skip_blanks() noexcept {
  position_ = std::min(text_.find_first_not_of(" \t\r\n", position_), text_.size());
}

bool JsonScanner::take(char c) noexcept {
  skip_blanks();
  if (!next_is(c)) return false;
  ++position_;
  return true;
}

bool JsonScanner::at_end() noexcept {
  skip_blanks();
  return position_ == text_.size();
}

// Behind a backslash.
bool JsonScanner::escape() noexcept {
  const auto length = escape_length(text_.substr(position_ - 1));
  if (length == 0) return false;
  position_ += length - 1;
  return true;
}

std::optional<std::string_view> JsonScanner::string() noexcept {
  skip_blanks();
  const std::size_t begin = position_;
  if (!next_is('"')) return std::nullopt;
  ++position_;
  while (position_ < text_.size()) {
    const auto c = static_cast<unsigned char>(text_[position_]);
    if (c < 0x20) return std::nullopt;
    ++position_;
    if (c == '"') return text_.substr(begin, position_ - begin);
    if (c == '\\' && !escape()) return std::nullopt;
  }
  return std::nullopt;
}

bool JsonScanner::digits() noexcept {
  const std::size_t begin = position_;
  while (position_ < text_.size() && is_digit(text_[position_])) ++position_;
  return position_ > begin;
}

bool JsonScanner::number() noexcept {
  if (next_is('-')) ++position_;
  if (next_is('0')) {
    ++position_;
  } else if (!digits()) {
    return false;
  }
  if (next_is('.')) {
    ++position_;
    if (!digits()) return false;
  }
  if (!next_is('e') && !next_is('E')) return true;
  ++position_;
  if (next_is('+') || next_is('-')) ++position_;
  return digits();
}

bool JsonScanner::scalar() noexcept {
  if (next_is('"')) return string().has_value();
  static constexpr std::array<std::string_view, 3> literals = {"true", "false", "null"};
  for (const auto literal : literals) {
    if (!text_.substr(position_).starts_with(literal)) continue;
    position_ += literal.size();
    return true;
  }
  return number();
}

bool JsonScanner::key() noexcept { return string() && take(':'); }

std::optional<std::string_view> JsonScanner::value(std::size_t depth) {
  skip_blanks();
  const std::size_t begin = position_;
  std::vector<bool> open;  // true: an object
  do {
    skip_blanks();
    const bool object = next_is('{');
    if (object || next_is('[')) {
      if (open.size() >= depth) return std::nullopt;
      ++position_;
      if (!take(object ? '}' : ']')) {
        open.push_back(object);
        if (object && !key()) return std::nullopt;
        continue;
      }
    } else if (!scalar()) {
      return std::nullopt;
    }
    // A value is over, and maybe the containers around it.
    while (!open.empty() && !take(',')) {
      if (!take(open.back() ? '}' : ']')) return std::nullopt;
      open.pop_back();
    }
    if (!open.empty() && open.back() && !key()) return std::nullopt;
  } while (!open.empty());
  return text_.substr(begin, position_ - begin);
}

std::size_t escape_length(std::string_view text) noexcept {
  constexpr std::size_t unicode = 6;  // \uXXXX
  if (text.size() < 2) return 0;
  if (text[1] != 'u') return std::string_view("\"\\/bfnrt").find(text[1]) != std::string_view::npos ? 2 : 0;
  return text.size() >= unicode && std::ranges::all_of(text.substr(2, 4), is_hex) ? unicode : 0;
}

std::optional<std::string> string_of(std::string_view token) {
  const auto inner = token.substr(1, token.size() - 2);
  if (inner.find('\\') == std::string_view::npos) {
    return is_valid_utf8(inner) ? std::optional<std::string>(inner) : std::nullopt;
  }
  auto read = read_json(token);
  if (!read || !read->is_string()) return std::nullopt;
  return std::move(read->get_ref<std::string&>());
}

}  // namespace postern::mcp

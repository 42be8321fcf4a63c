#include "mcp/json_cursor.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace postern::mcp {

char JsonCursor::peek() noexcept {
  position_ = text_.find_first_not_of(" \t\r\n", position_);
  return text_[position_];
}

char JsonCursor::take() noexcept {
  const char c = peek();
  ++position_;
  return c;
}

std::string_view JsonCursor::value() noexcept {
  peek();
  const std::size_t begin = position_;
  std::size_t depth = 0;
  do {
    depth = over_token(depth);
  } while (depth > 0);
  return text_.substr(begin, position_ - begin);
}

void JsonCursor::enter_member(std::string_view key) {
  take();
  while (nlohmann::json::parse(value()) != key) {
    take();  // colon
    value();
    take();  // comma
  }
  take();
}

std::size_t JsonCursor::over_token(std::size_t depth) noexcept {
  const char c = text_[position_];
  if (c == '"') {
    over_string();
    return depth;
  }
  if (c == '{' || c == '[' || c == '}' || c == ']') {
    ++position_;
    return c == '{' || c == '[' ? depth + 1 : depth - 1;
  }
  // A literal or number; or blanks, commas and colons between others.
  position_ = std::min(text_.find_first_of(depth == 0 ? ",]} \t\r\n" : "\"{}[]", position_), text_.size());
  return depth;
}

void JsonCursor::over_string() noexcept {
  for (++position_; text_[position_] != '"'; ++position_) {
    if (text_[position_] == '\\') ++position_;
  }
  ++position_;
}

std::string_view member_text(std::string_view object, std::string_view key) {
  JsonCursor cursor(object);
  cursor.enter_member(key);
  return cursor.value();
}

}  // namespace postern::mcp

#pragma once

#include <cstddef>
#include <string_view>

namespace postern::mcp {

// Walks JSON text that parse_json has taken before, so that nothing is checked again: for what must go on byte for
// byte, since a number that is read and written again may be another one. On any other text it is undefined.
class JsonCursor {
 public:
  explicit JsonCursor(std::string_view text) noexcept : text_(text) {}

  std::size_t position() const noexcept { return position_; }

  // Onto the next character that is no blank.
  char peek() noexcept;
  // Over that character.
  char take() noexcept;
  // Over one value, whose text it returns.
  std::string_view value() noexcept;
  // From before an object to before the value of that key, which it must have. The key may be written with escapes.
  void enter_member(std::string_view key);

 private:
  std::size_t over_token(std::size_t depth) noexcept;
  void over_string() noexcept;

  std::string_view text_;
  std::size_t position_ = 0;
};

// The text of a member's value in the text of an object that has such a member; a view into it.
std::string_view member_text(std::string_view object, std::string_view key);

}  // namespace postern::mcp

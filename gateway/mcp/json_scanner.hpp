#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace postern::mcp {

// Walks JSON text and checks its grammar (RFC 8259 sections 2 to 7) on the way, without recursion and without building
// values. It reads what read_json() refuses although its structure is certain: repeated keys, numbers that no double
// holds, bytes that are not UTF-8 and half surrogate pairs inside strings. Nothing outside strings is tolerated, so
// that every reader who gets through the text finds the same structure in it.
//
// After a function has failed the scanner stands where the fault was found. The text must outlive it.
class JsonScanner {
 public:
  explicit JsonScanner(std::string_view text) noexcept : text_(text) {}

  // Passes blanks, and then that character where it comes next. False: something else comes.
  bool take(char c) noexcept;
  // Passes blanks and one string, and returns it with its quotes.
  std::optional<std::string_view> string() noexcept;
  // Passes blanks and one value, and returns its text. nullopt also where more than `depth` arrays and objects are
  // open at once; the memory it takes is a bit for each.
  std::optional<std::string_view> value(std::size_t depth);
  // Whether nothing but blanks is left.
  bool at_end() noexcept;

 private:
  void skip_blanks() noexcept;
  bool escape() noexcept;
  bool number() noexcept;
  bool digits() noexcept;
  bool scalar() noexcept;
  bool key() noexcept;
  bool next_is(char c) const noexcept { return position_ < text_.size() && text_[position_] == c; }

  std::string_view text_;
  std::size_t position_ = 0;
};

// RFC 8259 section 7: how long the escape is that the text begins with, its backslash included; 0: it is none.
std::size_t escape_length(std::string_view text) noexcept;

// The text that a JSON string, with its quotes and of valid grammar, stands for. nullopt where it is damaged: it holds
// bytes that are not UTF-8, or half a surrogate pair.
std::optional<std::string> string_of(std::string_view token);

}  // namespace postern::mcp

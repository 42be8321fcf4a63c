#pragma once

#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// Reads and changes members of JSON objects in their text, so that every byte that is not changed stays as it was: a
// number that is parsed and printed again may be another one. The text must be an object of valid JSON, as read_json()
// or read_envelope() accept it; keys may repeat and numbers may have any size. All functions are pure.
namespace postern::mcp {

// A member's value as it stands in the text of the object; a view into it.
struct MemberText {
  std::string_view text;  // of the first such member; empty where the object has none
  bool plain = true;      // false where parsers differ about the value: the key is repeated, or a twin of it is there
};

// Whether the value is an object.
bool is_json_object(std::string_view value) noexcept;
// The member of that name, twins included. A value that is not an object has no members.
MemberText find_member(std::string_view value, std::string_view name);
// The same along a path into nested objects. Not plain where any member on the way is not.
MemberText find_at(std::string_view value, std::initializer_list<std::string_view> path);

// The new value of the member at a path; nullopt removes the member.
struct Edit {
  std::vector<std::string_view> path;
  std::optional<std::string> value;  // JSON text
};

// The object with these edits, made wherever a parser could look for the member: repeated keys and twins included, so
// that the result has one reading there. A member that is missing is not added. Every other byte is kept, except blanks
// around the object.
std::string edited(std::string_view object, std::span<const Edit> edits);
std::string edited(std::string_view object, std::initializer_list<Edit> edits);

}  // namespace postern::mcp

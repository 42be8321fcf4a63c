#include "mcp/json_members.hpp"

#include "mcp/json_cursor.hpp"
#include "mcp/member_name.hpp"

namespace postern::mcp {
namespace {

using Edits = std::vector<const Edit*>;

// Calls `each` with the key and the value of every member, in their order.
template <class Each>
void for_each_member(std::string_view object, const Each& each) {
  JsonCursor cursor(object);
  cursor.take();
  if (cursor.peek() == '}') return;
  do {
    const auto key = cursor.value();
    cursor.take();  // colon
    each(key, cursor.value());
  } while (cursor.take() == ',');
}

void write_edited(std::string& out, std::string_view object, const Edits& edits, std::size_t depth);

// The value of a member that some of the edits name. False where the member is to be left out.
bool write_value(std::string& out, std::string_view value, const Edits& edits, std::size_t depth) {
  for (const auto* edit : edits) {
    if (edit->path.size() > depth + 1) continue;
    if (edit->value) out += *edit->value;
    return edit->value.has_value();
  }
  if (!edits.empty() && is_json_object(value)) {
    write_edited(out, value, edits, depth + 1);
  } else {
    out += value;
  }
  return true;
}

void write_edited(std::string& out, std::string_view object, const Edits& edits, std::size_t depth) {
  const auto position = [object](std::string_view part) {
    return static_cast<std::size_t>(part.data() - object.data());
  };
  std::size_t end = object.find('{') + 1;  // of the members that were looked at
  bool first = true;
  out += '{';
  for_each_member(object, [&](std::string_view key, std::string_view value) {
    Edits here;
    for (const auto* edit : edits) {
      if (match_key(key, edit->path[depth]) != KeyMatch::other) here.push_back(edit);
    }
    const auto before = out.size();
    // What stands between it and the last one: blanks, and a comma.
    auto between = object.substr(end, position(key) - end);
    if (first) between.remove_prefix(between.find(',') + 1);
    out.append(between).append(object.substr(position(key), position(value) - position(key)));
    end = position(value) + value.size();
    if (write_value(out, value, here, depth)) {
      first = false;
    } else {
      out.resize(before);
    }
  });
  out += object.substr(end, object.rfind('}') + 1 - end);
}

}  // namespace

bool is_json_object(std::string_view value) noexcept {
  const auto first = value.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && value[first] == '{';
}

MemberText find_member(std::string_view value, std::string_view name) {
  MemberText found;
  if (!is_json_object(value)) return found;
  for_each_member(value, [&](std::string_view key, std::string_view text) {
    const auto match = match_key(key, name);
    if (match == KeyMatch::other) return;
    found.plain = found.text.empty() && match == KeyMatch::same;
    if (found.text.empty()) found.text = text;
  });
  return found;
}

MemberText find_at(std::string_view value, std::initializer_list<std::string_view> path) {
  MemberText found{value, true};
  for (const auto name : path) {
    const bool plain = found.plain;
    found = find_member(found.text, name);
    found.plain = found.plain && plain;
  }
  return found;
}

std::string edited(std::string_view object, std::span<const Edit> edits) {
  Edits all;
  for (const auto& edit : edits) all.push_back(&edit);
  std::string out;
  out.reserve(object.size() + 64);
  write_edited(out, object, all, 0);
  return out;
}

std::string edited(std::string_view object, std::initializer_list<Edit> edits) {
  return edited(object, std::span(edits.begin(), edits.size()));
}

}  // namespace postern::mcp

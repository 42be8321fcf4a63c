#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "mcp/envelope.hpp"
#include "mcp/jsonrpc.hpp"
#include "mcp/method.hpp"

namespace postern::mcp {

// Where the lists of that kind stand: a member of `result`, whose entries are named by a member of theirs.
struct ListPlace {
  std::string_view list;
  std::string_view named_by;
};
// Both empty for ListKind::none.
ListPlace place_of(ListKind kind) noexcept;

// Why an entry cannot be used: nobody could say for sure what it is called.
enum class EntryFault : std::uint8_t { none, no_object, too_deep, no_name, repeated, twin, no_text, damaged, nul };

struct ListEntry {
  std::size_t index = 0;
  std::string_view text;  // its bytes
  EntryFault fault = EntryFault::none;
  // Its name. With a fault: the name that it may have, with damage replaced; empty where there is none.
  std::string name;
};

// A sentence without its subject: "is not an object", "has no name".
std::string describe(EntryFault fault, ListKind kind);
// What a log may say about an entry: its place, its name where it has one, and what is wrong with it. Only tools and
// prompts are named, because a URI may be about a user; at most 64 bytes of the name are shown.
std::string describe(const ListEntry& entry, ListKind kind, std::string_view what);

// One page of a list, as it stands in the text of an answer; a view into it.
struct ListPage {
  std::string_view list;            // its text: an array or null
  std::optional<std::string> next;  // nextCursor
};

// The page of that kind that an answer holds, which JsonScanner can read and whose parts have one reading: neither
// `result` nor the list is there twice or has a twin, and the list is an array, or null. What else is in the answer
// decides nothing and is not looked at. nullopt: it is not an answer with a result, or its result has no such list.
// A fault: it may hold such a list, but not for sure this one.
Result<std::optional<ListPage>, JsonFault> find_list(const Envelope& answer, ListKind kind);

// Calls `see` once for each entry of a page's list, in order; null has none.
void for_each_entry(std::string_view list, ListKind kind, const std::function<void(const ListEntry&)>& see);

}  // namespace postern::mcp

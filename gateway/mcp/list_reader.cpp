#include "mcp/list_reader.hpp"

#include <utility>

#include "mcp/answer.hpp"
#include "mcp/json_members.hpp"
#include "mcp/json_scanner.hpp"
#include "mcp/member_name.hpp"
#include "mcp/repair.hpp"

namespace postern::mcp {
namespace {

constexpr int kInternalError = -32603;
// The answer, its result and the list are open around an entry.
constexpr std::size_t kDeepestEntry = kListLimits.depth - 3;
constexpr std::size_t kLongestName = 64;  // bytes of a name in a log

JsonFault misplaced(std::string_view what) {
  return JsonFault{kInternalError, "the answer to a list request " + std::string(what)};
}

// A member of an object that the scanner has read before.
struct Member {
  std::string_view value;
  std::size_t count = 0;
  bool twin = false;

  bool is_plain() const noexcept { return count <= 1 && !twin; }
};

// False: it is not an object.
template <class See>
bool for_each_member(std::string_view object, const See& see) {
  JsonScanner scanner(object);
  if (!scanner.take('{')) return false;
  if (scanner.take('}')) return true;
  do {
    const auto key = scanner.string();
    if (!key || !scanner.take(':')) return false;
    const auto value = scanner.value(kDeepestMessage);
    if (!value) return false;
    see(*key, *value);
  } while (scanner.take(','));
  return true;
}

void note(Member& member, std::string_view name, std::string_view key, std::string_view value) {
  switch (match_key(key, name)) {
    case KeyMatch::other: return;
    case KeyMatch::twin: member.twin = true; return;
    case KeyMatch::same:
      if (++member.count == 1) member.value = value;
      return;
  }
}

bool is_text(std::string_view value) noexcept { return value.starts_with('"'); }

// The string that a token with possible damage becomes once it is repaired.
std::string repaired_string(std::string_view token) {
  const auto repaired = repaired_text(token);
  return string_of(repaired ? std::string_view(*repaired) : token).value_or("");
}

void judge_name(ListEntry& entry, std::string_view token) {
  if (auto name = string_of(token)) {
    // A reader who works with C strings stops there, at what may be the name of another one.
    if (name->find('\0') != std::string::npos) entry.fault = EntryFault::nul;
    entry.name = *std::move(name);
    return;
  }
  entry.fault = EntryFault::damaged;
  entry.name = repaired_string(token);
}

std::string shortened(std::string_view name) {
  if (name.size() <= kLongestName) return std::string(name);
  std::size_t end = kLongestName;
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xC0) == 0x80) --end;
  return std::string(name.substr(0, end)) + "…";
}

ListEntry judged(std::string_view text, std::string_view named_by) {
  ListEntry entry;
  entry.text = text;
  Member name;
  const bool object =
      for_each_member(text, [&](std::string_view key, std::string_view value) { note(name, named_by, key, value); });
  if (!object) {
    entry.fault = EntryFault::no_object;
    return entry;
  }
  if (is_text(name.value)) judge_name(entry, name.value);
  if (entry.fault != EntryFault::none) return entry;
  if (!JsonScanner(text).value(kDeepestEntry)) {
    entry.fault = EntryFault::too_deep;
  } else if (name.twin) {
    entry.fault = EntryFault::twin;
  } else if (name.count != 1) {
    entry.fault = name.count == 0 ? EntryFault::no_name : EntryFault::repeated;
  } else if (!is_text(name.value)) {
    entry.fault = EntryFault::no_text;
  }
  return entry;
}

}  // namespace

ListPlace place_of(ListKind kind) noexcept {
  switch (kind) {
    case ListKind::tools: return {"tools", "name"};
    case ListKind::resources: return {"resources", "uri"};
    case ListKind::resource_templates: return {"resourceTemplates", "uriTemplate"};
    case ListKind::prompts: return {"prompts", "name"};
    case ListKind::none: break;
  }
  return {};
}

std::string describe(EntryFault fault, ListKind kind) {
  const std::string name(place_of(kind).named_by);
  switch (fault) {
    case EntryFault::none: break;
    case EntryFault::no_object: return "is not an object";
    case EntryFault::too_deep: return "is nested too deeply";
    case EntryFault::no_name: return "has no " + name;
    case EntryFault::repeated: return "has its " + name + " more than once";
    case EntryFault::twin: return "has a member that differs from " + name + " only by case or by a NUL";
    case EntryFault::no_text: return "has a " + name + " that is not text";
    case EntryFault::damaged: return "has a " + name + " with damaged characters";
    case EntryFault::nul: return "has a " + name + " with a NUL character";
  }
  return "is sound";
}

std::string describe(const ListEntry& entry, ListKind kind, std::string_view what) {
  std::string out(place_of(kind).list);
  out += "[" + std::to_string(entry.index) + "]";
  const bool of_users = kind == ListKind::resources || kind == ListKind::resource_templates;
  if (!of_users && !entry.name.empty()) out += " '" + shortened(entry.name) + "'";
  return out.append(" ").append(what);
}

Result<std::optional<ListPage>, JsonFault> find_list(const Envelope& envelope, ListKind kind) {
  const auto place = place_of(kind);
  if (!envelope.is_whole()) return misplaced("is not a JSON object that can be read");
  if (envelope.values > kListLimits.nodes) {
    return misplaced("holds more than " + std::to_string(kListLimits.nodes) + " values");
  }
  if (!envelope.is_plain()) return misplaced("has a member more than once, or one that differs from it by case only");
  if (!envelope.result.named) return std::optional<ListPage>();
  Member list;
  Member next;
  const bool object = for_each_member(envelope.result.text, [&](std::string_view key, std::string_view value) {
    note(list, place.list, key, value);
    note(next, "nextCursor", key, value);
  });
  if (!list.is_plain()) return misplaced("has its list more than once, or a member that differs from it by case only");
  if (!object && is_json_object(envelope.result.text)) return misplaced("is nested too deeply");
  if (!object || list.count == 0) return std::optional<ListPage>();
  if (!list.value.starts_with('[') && list.value != "null") return misplaced("has something else in place of its list");
  ListPage page{list.value, std::nullopt};
  if (next.is_plain() && is_text(next.value)) page.next = string_of(next.value);
  return std::optional(std::move(page));
}

void for_each_entry(std::string_view list, ListKind kind, const std::function<void(const ListEntry&)>& see) {
  const auto place = place_of(kind);
  JsonScanner scanner(list);
  if (!scanner.take('[') || scanner.take(']')) return;
  std::size_t index = 0;
  do {
    const auto text = scanner.value(kDeepestMessage);
    if (!text) return;
    auto entry = judged(*text, place.named_by);
    entry.index = index++;
    see(entry);
  } while (scanner.take(','));
}

}  // namespace postern::mcp

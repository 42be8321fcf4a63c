#include "mcp/list_filter.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "mcp/json_cursor.hpp"
#include "mcp/member_name.hpp"

namespace postern::mcp {
namespace {

using nlohmann::json;

constexpr int kInternalError = -32603;

struct Place {
  std::string_view list;   // the member of result
  std::string_view named;  // the member of an entry
};

constexpr Place place_of(ListKind kind) noexcept {
  switch (kind) {
    case ListKind::tools: return {"tools", "name"};
    case ListKind::resources: return {"resources", "uri"};
    case ListKind::resource_templates: return {"resourceTemplates", "uriTemplate"};
    case ListKind::prompts: return {"prompts", "name"};
    case ListKind::none: break;
  }
  return {};
}

// The text with only those entries of the list left that are to be kept.
std::string cut(std::string_view text, std::string_view list, const std::vector<bool>& keep) {
  JsonCursor cursor(text);
  cursor.enter_member("result");
  cursor.enter_member(list);
  cursor.take();
  std::string out(text.substr(0, cursor.position()));
  bool first = true;
  for (const bool kept : keep) {
    const auto entry = cursor.value();
    cursor.take();  // comma, or the list's end
    if (!kept) continue;
    if (!std::exchange(first, false)) out += ',';
    out += entry;
  }
  return out.append("]").append(text.substr(cursor.position()));
}

JsonFault misplaced(std::string_view what) {
  return JsonFault{kInternalError, "the answer to a list request " + std::string(what)};
}

// A twin of a member that decides would be read by a lax client in its place.
bool has_twin(const json& object, std::string_view name) noexcept { return has_case_twin(object, std::array{name}); }

// The answer's result; null where it has none.
Result<const json*, JsonFault> result_of(const json& answer) {
  if (!answer.is_object() || has_twin(answer, "result")) return misplaced("is no plain message");
  const auto result = answer.find("result");
  return result == answer.end() ? nullptr : &*result;
}

// For each entry of the list whether it is to be kept.
template <class Keep>
Result<std::vector<bool>, JsonFault> kept_entries(const json& result, const Place& place, const Keep& visible) {
  if (!result.is_object() || has_twin(result, place.list)) return misplaced("has no plain result");
  const auto list = result.find(place.list);
  if (list == result.end() || !list->is_array()) return misplaced("has no list");
  std::vector<bool> keep;
  keep.reserve(list->size());
  for (const auto& entry : *list) {
    const auto name = entry.is_object() ? entry.find(place.named) : entry.end();
    if (name == entry.end() || !name->is_string() || has_twin(entry, place.named)) {
      return misplaced("has an entry without a plain name");
    }
    keep.push_back(visible(name->template get_ref<const std::string&>()));
  }
  return keep;
}

bool all_of(const std::vector<bool>& keep) { return std::ranges::find(keep, false) == keep.end(); }

}  // namespace

Result<std::optional<std::string>, JsonFault> filter_list(std::string_view answer, ListKind kind,
                                                          const Visible& visible, const JsonLimits& limits) {
  const auto place = place_of(kind);
  if (place.list.empty() || answer.empty()) return std::optional<std::string>();
  const auto parsed = parse_json(answer, limits);
  if (!parsed) return parsed.error();
  const auto result = result_of(*parsed);
  if (!result) return result.error();
  if (*result == nullptr) return std::optional<std::string>();
  const auto keep = kept_entries(**result, place, visible);
  if (!keep) return keep.error();
  if (all_of(*keep)) return std::optional<std::string>();
  return std::optional(cut(answer, place.list, *keep));
}

Result<std::optional<std::string>, JsonFault> filter_any_list(std::string_view answer, const VisibleIn& visible,
                                                              const JsonLimits& limits) {
  std::optional<std::string> changed;
  if (answer.empty()) return changed;
  const auto parsed = parse_json(answer, limits);
  if (!parsed) return parsed.error();
  const auto result = result_of(*parsed);
  if (!result) return result.error();
  if (*result == nullptr) return changed;
  for (const auto kind : {ListKind::tools, ListKind::resources, ListKind::resource_templates, ListKind::prompts}) {
    const auto place = place_of(kind);
    if (!(*result)->contains(place.list) && !has_twin(**result, place.list)) continue;
    const auto keep = kept_entries(**result, place, [&](std::string_view name) { return visible(kind, name); });
    if (!keep) return keep.error();
    if (!all_of(*keep)) changed = cut(changed ? std::string_view(*changed) : answer, place.list, *keep);
  }
  return changed;
}

}  // namespace postern::mcp

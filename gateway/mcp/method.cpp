#include "mcp/method.hpp"

#include <algorithm>
#include <array>

namespace postern::mcp {
namespace {

using enum Subject;

constexpr bool kRequest = false;
constexpr bool kNotification = true;

enum Era : std::uint8_t { kLegacy = 1, kModern = 2, kBoth = 3 };

constexpr Method row(std::string_view name, Subject subject, bool notification, Era era, std::string_view named_by = {},
                     ListKind list = ListKind::none) {
  return {name, subject, list, notification, (era & kModern) != 0, (era & kLegacy) != 0, named_by};
}

// The schema.ts of each revision, the registries of the TypeScript SDK, and SEP-2663 (the tasks extension). Rows that
// are `unknown` are sent by servers only: a client has no business with them.
constexpr std::array kMethods = {
    row("completion/complete", completion, kRequest, kBoth),
    row("elicitation/create", unknown, kRequest, kLegacy),          // 2025-06-18; an input request in 2026-07-28
    row("initialize", connect, kRequest, kLegacy),                  // removed in 2026-07-28 (SEP-2575)
    row("logging/setLevel", connect, kRequest, kLegacy),            // _meta logLevel in 2026-07-28
    row("notifications/cancelled", connect, kNotification, kBoth),  // over HTTP, 2026-07-28 closes the stream
    row("notifications/elicitation/complete", unknown, kNotification, kLegacy),  // 2025-11-25 only
    row("notifications/initialized", connect, kNotification, kLegacy),
    row("notifications/message", unknown, kNotification, kBoth),
    row("notifications/progress", connect, kNotification, kBoth),  // from clients only in the legacy era
    row("notifications/prompts/list_changed", unknown, kNotification, kBoth),
    row("notifications/resources/list_changed", unknown, kNotification, kBoth),
    row("notifications/resources/updated", unknown, kNotification, kBoth),
    row("notifications/roots/list_changed", connect, kNotification, kLegacy),
    row("notifications/subscriptions/acknowledged", unknown, kNotification, kModern),  // 2026-07-28
    row("notifications/tasks", unknown, kNotification, kModern),                       // SEP-2663
    row("notifications/tasks/status", task, kNotification, kLegacy),  // 2025-11-25, either side may hold the task
    row("notifications/tools/list_changed", unknown, kNotification, kBoth),
    row("ping", connect, kRequest, kLegacy),  // removed in 2026-07-28 (SEP-2575)
    row("prompts/get", prompt, kRequest, kBoth, "name"),
    row("prompts/list", connect, kRequest, kBoth, {}, ListKind::prompts),
    row("resources/list", connect, kRequest, kBoth, {}, ListKind::resources),
    row("resources/read", resource, kRequest, kBoth, "uri"),
    row("resources/subscribe", resource, kRequest, kLegacy, "uri"),  // subscriptions/listen in 2026-07-28
    row("resources/templates/list", connect, kRequest, kBoth, {}, ListKind::resource_templates),
    row("resources/unsubscribe", resource, kRequest, kLegacy, "uri"),
    row("roots/list", unknown, kRequest, kLegacy),              // an input request in 2026-07-28
    row("sampling/createMessage", unknown, kRequest, kLegacy),  // an input request in 2026-07-28
    row("server/discover", connect, kRequest, kModern),         // 2026-07-28 (SEP-2575)
    row("subscriptions/listen", listen, kRequest, kModern),     // 2026-07-28 (SEP-2575)
    row("tasks/cancel", task, kRequest, kBoth, "taskId"),       // 2025-11-25, then SEP-2663
    row("tasks/get", task, kRequest, kBoth, "taskId"),          // 2025-11-25, then SEP-2663
    row("tasks/list", task, kRequest, kLegacy),                 // 2025-11-25 only
    row("tasks/result", task, kRequest, kLegacy, "taskId"),     // 2025-11-25 only
    row("tasks/update", task, kRequest, kModern, "taskId"),     // SEP-2663
    row("tools/call", tool, kRequest, kBoth, "name"),
    row("tools/list", connect, kRequest, kBoth, {}, ListKind::tools),
};

static_assert(std::ranges::is_sorted(kMethods, {}, &Method::name), "find_method searches by halves");

constexpr Method kNone{};

}  // namespace

const Method& find_method(std::string_view name) noexcept {
  const auto at = std::ranges::lower_bound(kMethods, name, {}, &Method::name);
  return at != kMethods.end() && at->name == name ? *at : kNone;
}

std::span<const Method> all_methods() noexcept { return kMethods; }

}  // namespace postern::mcp

#include "mcp/task_ids.hpp"
#include "server/mcp_exchange.hpp"
#include "server/relay.hpp"

namespace postern::server {
namespace {

constexpr std::size_t kMostTasks = 1000;  // that one message names

constexpr int kInvalidParams = -32602;

authn::Refusal denied(std::string error, std::string description) {
  auto refused = refusal(403, std::move(error), std::move(description));
  refused.denial = true;
  return refused;
}

// The id of a task that the server behind has just made for this call.
std::optional<std::string> sealed_new_task(McpExchange& x, std::string_view id) {
  if (id.size() > kLongestTaskId) return std::nullopt;
  const auto& p = *x.principal;
  Task task{std::string(id), x.message->name, x.resource.upstream->name, p.resource, p.tenant, p.user, p.client};
  auto sealed = seal_task(task, x.services().session_seal);
  x.tasks.push_back({sealed, std::move(task)});
  return sealed;
}

// Exactly the text that the client sent, because clients compare it.
std::optional<std::string> sealed_known_task(const McpExchange& x, std::string_view id) {
  for (const auto& each : x.tasks) {
    if (each.task.id == id) return each.sealed;
  }
  return std::nullopt;
}

}  // namespace

// MCP 2025-11-25 tasks, "Task Isolation and Access Control". A request names tasks of the server behind alone. An
// answer and a notification may speak of tasks that the client itself holds, whose ids are its own and pass.
MaybeRefusal open_tasks(McpExchange& x) {
  if (!x.message) return std::nullopt;
  if (x.message->method == "tasks/list")
    return denied("access_denied",
                  "tasks are not listed here, because a list does not say whose they are; ask for each task by its id");
  const bool is_request = x.message->kind == mcp::MessageKind::request;
  bool all_known = true;
  const auto open = [&](std::string_view id) -> std::optional<std::string> {
    auto task = open_task(id, x.services().session_seal);
    const bool ours = task && is_task_of(*task, *x.principal, x.resource.upstream->name);
    if (!ours || x.tasks.size() >= kMostTasks) {
      all_known = all_known && !task && !is_request;
      return std::nullopt;
    }
    x.tasks.push_back({std::string(id), *task});
    return std::move(task->id);
  };
  auto changed = mcp::with_client_task_ids(x.body, *x.message, open);
  if (!all_known) {
    x.error_code = kInvalidParams;  // MCP 2025-11-25 tasks, "Protocol Errors"; SEP-2663
    return denied(
        "unknown_task",
        "this task id is not yours: an id is valid for the user, app, tenant and address that began the task, and "
        "has to be sent exactly as it was received");
  }
  if (changed) x.body = std::move(*changed);
  x.may_make_task = x.method()->subject == mcp::Subject::tool && mcp::asks_for_task(*x.message);
  return std::nullopt;
}

// A stream that a client listens on may mention any task.
bool may_hold_tasks(const McpExchange& x) {
  const bool listens = x.head().method == "GET" || (x.message && x.message->method == "subscriptions/listen");
  return x.may_make_task || !x.tasks.empty() || listens;
}

std::optional<std::string> with_sealed_tasks(McpExchange& x, std::string_view text) {
  const mcp::TaskRequest asked{x.message ? x.message->id : nlohmann::json(), x.may_make_task};
  return mcp::with_server_task_ids(
      text, asked, [&x](std::string_view id) { return sealed_known_task(x, id); },
      [&x](std::string_view id) { return sealed_new_task(x, id); });
}

}  // namespace postern::server

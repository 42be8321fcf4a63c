#include "mcp/task_ids.hpp"
#include "proxy/long_work.hpp"
#include "proxy/mcp_exchange.hpp"
#include "proxy/phases/phases.hpp"

namespace postern::proxy {
namespace {

constexpr std::size_t kMostTasks = 1000;  // that one message names

constexpr int kInvalidParams = -32602;

authn::Refusal denied(std::string error, std::string description) {
  auto refused = refusal(403, std::move(error), std::move(description));
  refused.denial = true;
  return refused;
}

// A body, and the tasks that it names.
struct Opening {
  explicit Opening(McpExchange& x)
      : body(std::move(x.body)),
        principal(x.principal),
        upstream(x.resource.upstream->name),
        seal(x.services().seals.session) {
    message.kind = x.message->kind;
    message.method = x.message->method;
  }

  std::string body;
  mcp::Message message;  // its kind and method
  std::shared_ptr<const token::Principal> principal;
  std::string upstream;
  const crypto::Aead& seal;
  std::vector<KnownTask> tasks{};
  bool all_known = true;
};

// On any thread.
void open(Opening& o) {
  const bool is_request = o.message.kind == mcp::MessageKind::request;
  const auto known = [&](std::string_view id) -> std::optional<std::string> {
    auto task = open_task(id, o.seal);
    const bool ours = task && is_task_of(*task, *o.principal, o.upstream);
    if (!ours || o.tasks.size() >= kMostTasks) {
      o.all_known = o.all_known && !task && !is_request;
      return std::nullopt;
    }
    o.tasks.push_back({std::string(id), *task});
    return std::move(task->id);
  };
  auto changed = mcp::with_client_task_ids(o.body, o.message, known);
  if (changed) o.body = std::move(*changed);
}

}  // namespace

// MCP 2025-11-25 tasks, "Task Isolation and Access Control". A request names tasks of the server behind alone. An
// answer and a notification may speak of tasks that the client itself holds, whose ids are its own and pass.
awaitable<MaybeRefusal> open_tasks(McpExchange& x) {
  if (!x.message) co_return std::nullopt;
  if (x.message->method == "tasks/list")
    co_return denied(
        "access_denied",
        "tasks are not listed here, because a list does not say whose they are; ask for each task by its id");
  x.may_make_task = x.method()->subject == mcp::Subject::tool && mcp::asks_for_task(*x.message);
  const auto opening = std::make_shared<Opening>(x);
  std::function<void()> work = [opening] { open(*opening); };
  auto refused = co_await work_on_text(x, x.body_size, std::move(work));
  if (refused) co_return refused;
  if (!opening->all_known) {
    x.error_code = kInvalidParams;  // MCP 2025-11-25 tasks, "Protocol Errors"; SEP-2663
    co_return denied(
        "unknown_task",
        "this task id is not yours: an id is valid for the user, app, tenant and address that began the task, and "
        "has to be sent exactly as it was received");
  }
  x.body = std::move(opening->body);
  x.tasks = std::move(opening->tasks);
  co_return std::nullopt;
}

}  // namespace postern::proxy

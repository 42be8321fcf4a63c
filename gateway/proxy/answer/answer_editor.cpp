#include "proxy/answer/answer_editor.hpp"

#include "proxy/callers.hpp"

#include <utility>

namespace postern::proxy {

bool filters_lists(const McpExchange& x) {
  if (const auto* method = x.method()) return method->list != mcp::ListKind::none;
  // A resumed stream brings the answer to a list request of before; no server should on another one, but might.
  return x.head().method == "GET";
}

// A stream that a client listens on may mention any task.
bool may_hold_tasks(const McpExchange& x) {
  const bool listens = x.head().method == "GET" || (x.message && x.message->method == "subscriptions/listen");
  return x.may_make_task || !x.tasks.empty() || listens;
}

AnswerEditor::AnswerEditor(const McpExchange& x)
    : log_(x.services().log),
      seal_(x.services().seals.session),
      policy_(x.resource.policy),
      caller_(policy_caller(*x.principal)),
      request_id_(x.context.id),
      filters_lists_(proxy::filters_lists(x)),
      may_hold_tasks_(proxy::may_hold_tasks(x)),
      tasks_(x.tasks) {
  if (const auto* method = x.method()) list_ = method->list;
  if (x.message) asked_ = {x.message->id, x.may_make_task};
  const auto& p = *x.principal;
  const std::string tool = x.message ? x.message->name : std::string();
  made_ = {{}, tool, x.resource.upstream->name, p.resource, p.tenant, p.user, p.client};
}

std::size_t AnswerEditor::bytes_for(std::string_view text) const {
  const std::size_t lists = filters_lists_ ? mcp::filtering_bytes(text, !list_) : 0;
  return lists + (may_hold_tasks_ ? text.size() : 0);
}

AnswerEditor::Edited AnswerEditor::filtered_lists(const mcp::Envelope& message) const {
  const auto visible = [this](mcp::ListKind kind, std::string_view name) {
    return policy_->visible(kind, name, caller_);
  };
  auto out = list_ ? mcp::filter_list(message, *list_, [&](std::string_view name) { return visible(*list_, name); })
                   : mcp::filter_any_list(message, visible);
  if (!out) return out.error();
  if (out->damaged > 0) {
    log_.warning("list_entries_left_out", {{"request_id", request_id_},
                                           {"upstream", made_.upstream},
                                           {"what", mcp::describe(out->examples, out->damaged)},
                                           {"entries", out->damaged}});
  }
  return std::move(out->changed);
}

// The id of a task that the server behind has just made for this call.
std::optional<std::string> AnswerEditor::sealed_new_task(std::string_view id) {
  if (id.size() > kLongestTaskId) return std::nullopt;
  auto task = made_;
  task.id = id;
  auto sealed = seal_task(task, seal_);
  tasks_.push_back({sealed, std::move(task)});
  return sealed;
}

// Exactly the text that the client sent, because clients compare it.
std::optional<std::string> AnswerEditor::sealed_known_task(std::string_view id) const {
  for (const auto& each : tasks_) {
    if (each.task.id == id) return each.sealed;
  }
  return std::nullopt;
}

std::optional<std::string> AnswerEditor::with_sealed_tasks(const mcp::Envelope& message) {
  return mcp::with_server_task_ids(
      message, asked_, [this](std::string_view id) { return sealed_known_task(id); },
      [this](std::string_view id) { return sealed_new_task(id); });
}

// The message is read again only where its lists have changed.
AnswerEditor::Edited AnswerEditor::edit(const mcp::Envelope& message) {
  Edited out = std::optional<std::string>();
  if (filters_lists_) out = filtered_lists(message);
  if (!out || !may_hold_tasks_) return out;
  auto sealed = *out ? with_sealed_tasks(mcp::read_envelope(**out)) : with_sealed_tasks(message);
  if (sealed) out = std::move(sealed);
  return out;
}

std::string AnswerEditor::error(const nlohmann::json& id, std::string_view why) const {
  constexpr int kInternalError = -32603;
  const std::string what = filters_lists_ ? "a list" : "an answer";
  return mcp::error_body(id, kInternalError,
                         "the server behind this gateway sent " + what + " that cannot be read: " + std::string(why),
                         {{"error", "upstream_error"}, {"request_id", request_id_}});
}

void AnswerEditor::warn(std::string_view why, std::size_t left_out) const {
  log_.warning("list_event_left_out",
               {{"request_id", request_id_}, {"upstream", made_.upstream}, {"what", why}, {"events", left_out}});
}

}  // namespace postern::proxy

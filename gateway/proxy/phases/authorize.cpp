#include <algorithm>

#include "policy/task.hpp"
#include "proxy/callers.hpp"
#include "proxy/long_work.hpp"
#include "proxy/mcp_exchange.hpp"
#include "proxy/phases/phases.hpp"
#include "runtime/store_work.hpp"

namespace postern::proxy {
namespace {

constexpr auto kStepUpWindow = std::chrono::seconds(30);

std::string_view verdict_name(policy::Verdict verdict) noexcept {
  switch (verdict) {
    case policy::Verdict::allow: return "allow";
    case policy::Verdict::step_up: return "step_up";
    case policy::Verdict::deny: return "deny";
    case policy::Verdict::not_found: return "not_found";
  }
  return "deny";
}

bool is_of_unknown_method(const McpExchange& x) {
  return x.message && x.message->kind == mcp::MessageKind::request &&
         mcp::find_method(x.message->method).subject == mcp::Subject::unknown;
}

// MCP 2026-07-28 transports "Error Handling": a method that is not implemented is 404 and -32601, also where the
// gateway is what does not know it. In earlier revisions it is -32601 in an answer with status 200 (JSON-RPC 2.0
// section 5.1), because their clients take a 404 for a lost session.
authn::Refusal denial(McpExchange& x) {
  auto refused = refusal(403, "access_denied", x.decision.reason);
  refused.denial = true;
  if (!is_of_unknown_method(x)) return refused;
  if (x.modern) {
    refused = refusal(404, "method_not_found", x.decision.reason);
  } else if (is_told_in_answer(x, refused)) {
    refused.error = "method_not_found";
  } else {
    return refused;
  }
  x.error_code = -32601;
  return refused;
}

// What the user is offered when the client authorizes again, whatever scopes it asks for then. A grant with the full
// reach of its role has all else: asking for it would narrow what comes next.
std::vector<std::string> wanted_scopes(const McpExchange& x) {
  auto wanted = policy::challenge_scopes(x.decision, x.principal->scopes);
  const auto& policy = *x.resource.policy;
  if (!x.principal->narrowed) {
    std::erase_if(wanted, [&policy](const std::string& scope) { return policy.asks_beyond_connect({scope}); });
  }
  return wanted;
}

// Some clients answer a step-up challenge by refreshing, get the same scopes again and give up. The mark lets the token
// endpoint refuse that one refresh, upon which they authorize anew. Many then ask for the scopes of the plain
// challenge, so what is wanted is kept for that. Losing it costs only that courtesy.
awaitable<void> mark_step_up(McpExchange& x) {
  auto& services = x.services();
  const auto now = services.clock.now();
  auto* store = &services.store;
  store::StepUp step_up{now, now + kStepUpWindow, wanted_scopes(x)};
  const std::function<Result<void>()> work = [store, grant = x.principal->grant, mark = std::move(step_up)] {
    return store->grants().mark_step_up(grant, mark);
  };
  const auto marked = co_await runtime::write_store<Result<void>>(services, work);
  if (!marked) services.log.warning("step_up_mark_failed", {{"request_id", x.context.id}});
}

void count_use(const McpExchange& x) {
  const bool call = x.message && x.message->kind == mcp::MessageKind::request;
  x.services().usage.count(x.principal->grant, call, x.services().clock.now());
}

// What the policy is asked, apart from its exchange, so that another thread may answer.
struct Question {
  Question(McpExchange& x, policy::Caller of) : policy(x.resource.policy), caller(std::move(of)) {
    // The exchange keeps what audit lines and refusals name.
    auto params = std::move(x.message->params);
    auto result = std::move(x.message->result);
    auto error = std::move(x.message->error);
    message = *x.message;
    message.params = std::move(params);
    message.result = std::move(result);
    message.error = std::move(error);
    for (const auto& each : x.tasks) tools.push_back(each.task.tool);
  }

  std::shared_ptr<const policy::Policy> policy;
  policy::Caller caller;
  mcp::Message message;
  std::vector<std::string> tools;  // of the tasks that the message names
  policy::Decision decision{};
};

// SEP-2663: who listens for the status of tasks hears what tasks/get would tell. The strictest decision counts.
policy::Decision decide_listening(const Question& q, policy::Decision decision) {
  mcp::Message asked;
  asked.method = "tasks/get";
  for (const auto& tool : q.tools) {
    if (decision.verdict != policy::Verdict::allow) break;
    decision = policy::decide_task(*q.policy, asked, tool, q.caller);
  }
  return decision;
}

policy::Decision decide(const Question& q) {
  const auto& method = mcp::find_method(q.message.method);
  if (method.subject == mcp::Subject::task && !method.named_by.empty() && !q.tools.empty())
    return policy::decide_task(*q.policy, q.message, q.tools.front(), q.caller);
  auto decision = q.policy->decide(q.message, q.caller);
  return method.subject == mcp::Subject::listen ? decide_listening(q, std::move(decision)) : decision;
}

// Argument schemas may look at every value of a call, and their patterns at every byte.
awaitable<MaybeRefusal> ask_policy_once(McpExchange& x) {
  const auto caller = policy_caller(*x.principal);
  if (!x.message) {
    x.decision = x.resource.policy->decide_connect(caller);
    co_return std::nullopt;
  }
  const auto question = std::make_shared<Question>(x, caller);
  std::function<void()> work = [question] { question->decision = decide(*question); };
  auto refused = co_await work_on_text(x, x.body_size, std::move(work));
  if (refused) co_return refused;
  x.message = std::move(question->message);
  x.decision = std::move(question->decision);
  co_return std::nullopt;
}

// The decision on a long body waits for its turn, and what it rests on may change meanwhile.
awaitable<MaybeRefusal> ask_policy(McpExchange& x) {
  for (;;) {
    const auto generation = x.token_generation;
    auto refused = co_await ask_policy_once(x);
    if (!refused && is_long(x.body_size)) refused = co_await stay_authenticated(x);
    if (refused || x.token_generation == generation) co_return refused;
  }
}

}  // namespace

awaitable<MaybeRefusal> authorize(McpExchange& x) {
  auto undecided = co_await ask_policy(x);
  if (undecided) co_return undecided;
  x.generation->metrics(x.resource).decision(verdict_name(x.decision.verdict), x.decision.shadow);
  if (x.decision.shadow || x.decision.verdict == policy::Verdict::allow) {
    count_use(x);
    co_return std::nullopt;
  }
  switch (x.decision.verdict) {
    case policy::Verdict::not_found: {
      auto refused = refusal(404, "not_found", "there is nothing at this address");
      co_return refused;
    }
    case policy::Verdict::deny: {
      auto refused = denial(x);
      co_return refused;
    }
    case policy::Verdict::allow:
    case policy::Verdict::step_up: break;
  }
  // Where tokens are made elsewhere, no refresh comes here.
  if (!x.resource.server->external) co_await mark_step_up(x);
  auto refused = challenged(403, "insufficient_scope", x.decision.reason, "insufficient_scope");
  refused.scopes = policy::challenge_scopes(x.decision, x.principal->scopes);
  co_return refused;
}

}  // namespace postern::proxy

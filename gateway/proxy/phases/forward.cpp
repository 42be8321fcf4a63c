#include <utility>

#include "proxy/answer/relay.hpp"
#include "proxy/long_work.hpp"
#include "proxy/phases/phases.hpp"
#include "proxy/phases/upstream_request.hpp"
#include "proxy/phases/watched.hpp"
#include "proxy/upstream_failure.hpp"

namespace postern::proxy {
namespace {

// To take a large value apart takes as long as to make it.
void discard(McpExchange& x, nlohmann::json value) {
  if (!is_long(x.body.size())) return;
  const auto held = std::make_shared<nlohmann::json>(std::move(value));
  x.services().pools.long_work.submit([held] { *held = nullptr; }, turn_of(*x.principal));
}

awaitable<MaybeRefusal> exchange_and_relay(McpExchange& x, Running& running, upstream::Request request) {
  auto& upstream = x.worker.upstream(*x.generation, *x.resource.upstream);
  auto answer = co_await upstream.exchange(std::move(request), running.slot);
  if (!answer) {
    auto refused = failure_of_upstream(x, answer.error());
    co_return refused;
  }
  running.answer = std::move(*answer);
  x.context.body_share = {};
  auto plan = plan_answer(x, *running.answer);
  if (plan.kind == AnswerPlan::Kind::refuse) co_return std::move(plan.refusal);
  auto refused = co_await relay(x, running, std::move(plan));
  co_return refused;
}

}  // namespace

awaitable<MaybeRefusal> forward(McpExchange& x) {
  // Decided upon: what is left of it may wait for minutes, and takes many times the space of its text.
  if (x.message) discard(x, std::exchange(x.message->params, nullptr));
  x.context.body_share.shrink_to(x.body.size());
  auto request = upstream_request(x);
  if (!request) {
    auto refused = header_template_failed(x, request.error());
    co_return refused;
  }
  Forwarding work = [&x, &request](Running& running) { return exchange_and_relay(x, running, std::move(*request)); };
  auto refused = co_await watched(x, std::move(work));
  co_return refused;
}

}  // namespace postern::proxy

#pragma once

#include "proxy/answer/plan_answer.hpp"
#include "proxy/running.hpp"

namespace postern::proxy {

// Sends the answer of `running` on as planned. The client is watched meanwhile.
awaitable<MaybeRefusal> relay(McpExchange& exchange, Running& running, AnswerPlan plan);

}  // namespace postern::proxy

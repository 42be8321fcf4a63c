#pragma once

#include <string>
#include <string_view>

#include "proxy/mcp_exchange.hpp"
#include "proxy/refusals.hpp"
#include "upstream/upstream.hpp"

namespace postern::proxy {

// What the server behind answered, judged before a byte goes to the client.
struct AnswerPlan {
  enum class Kind { refuse, stream, filter_whole, maybe_of_session, pass } kind = Kind::pass;
  MaybeRefusal refusal{};
  http::Headers headers{};  // of our answer: an allow-list of the upstream's, and ours
  std::string preface{};    // an event of ours that the stream begins with
};

// In the query of the address that an old stream begins with.
inline constexpr std::string_view kSessionParameter = "sessionId";

// Never relayed as ours: the upstream's 401 or 403, redirects, compressed answers, error pages (MCP authorization
// "Token passthrough"; RFC 9110 section 15).
AnswerPlan plan_answer(McpExchange& exchange, const upstream::Exchange& answer);

}  // namespace postern::proxy

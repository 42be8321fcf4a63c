#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "server/answer_editor.hpp"
#include "server/forward.hpp"
#include "upstream/upstream.hpp"

namespace postern::server {

// What the server behind answered, judged before a byte goes to the client.
struct AnswerPlan {
  enum class Kind { refuse, stream, filter_whole, maybe_of_session, pass } kind = Kind::pass;
  MaybeRefusal refusal{};
  http::Headers headers{};  // of our answer: an allow-list of the upstream's, and ours
  std::string preface{};    // an event of ours that the stream begins with
};

// In the query of the address that an old stream begins with.
inline constexpr std::string_view kSessionParameter = "sessionId";

authn::Refusal session_has_ended();
authn::Refusal session_is_missing();

// Never relayed as ours: the upstream's 401 or 403, redirects, compressed answers, error pages (MCP authorization
// "Token passthrough"; RFC 9110 section 15).
AnswerPlan plan_answer(McpExchange& exchange, const upstream::Exchange& answer);

// Sends the answer of `running` on as planned. The client is watched meanwhile.
awaitable<MaybeRefusal> relay(McpExchange& exchange, Running& running, AnswerPlan plan);

// MCP 2025-11-25, "Session management": 404 tells a client to begin a new session, 400 that it must send one. Many
// servers answer 400 with an error that names the session to both, and leave their clients stuck. Such an error comes
// from the transport, which has not looked at the request: it has no id, null, or one of its own (Python's SDK writes
// "server-error"). An error with the id of the request (`own_id`; nullptr: it has none) is the answer to it, whatever
// its words are. A text that is_long() is none, and not read.
bool is_about_session(std::string_view answer, const nlohmann::json* own_id);

}  // namespace postern::server

#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "proxy/refusals.hpp"

namespace postern::proxy {

authn::Refusal session_has_ended();
authn::Refusal session_is_missing();

// MCP 2025-11-25, "Session management": 404 tells a client to begin a new session, 400 that it must send one. Many
// servers answer 400 with an error that names the session to both, and leave their clients stuck. Such an error comes
// from the transport, which has not looked at the request: it has no id, null, or one of its own (Python's SDK writes
// "server-error"). An error with the id of the request (`own_id`; nullptr: it has none) is the answer to it, whatever
// its words are. A text that is_long() is none, and not read.
bool is_about_session(std::string_view answer, const nlohmann::json* own_id);

}  // namespace postern::proxy

#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace postern::upstream {

// MCP base protocol, "Progress": a progress token is text or an integer, of any size. It is kept until the request is
// answered, and so may not be long; and it must be the only one that any parser finds, since it is replaced by one of
// ours. nullopt: it is valid, or the request has none; otherwise a sentence for the client. `message`: the text of its
// message.
std::optional<std::string> fault_of_progress_token(std::string_view message);

}  // namespace postern::upstream

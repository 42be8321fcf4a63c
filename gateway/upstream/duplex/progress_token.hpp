#pragma once

#include <optional>
#include <string>

#include <nlohmann/json.hpp>

namespace postern::upstream {

// MCP base protocol, "Progress": a progress token is text or an integer. It is kept until the request is answered, and
// so may not be long. nullopt: it is fine, or there is none; else a sentence for the client.
std::optional<std::string> fault_of_progress_token(const nlohmann::json& params);

}  // namespace postern::upstream

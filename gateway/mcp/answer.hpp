#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "mcp/envelope.hpp"

// Answers of servers (JSON-RPC 2.0 section 5), for those who act on them. All functions are pure.
namespace postern::mcp {

// Answers are larger than calls: a list of tools carries their schemas.
inline constexpr JsonLimits kListLimits{.depth = 128, .nodes = 1'000'000, .number = 400};

// Arrays and objects that may be open at once in what an upstream sends, before it is looked at in detail.
inline constexpr std::size_t kDeepestMessage = 4096;

// Whether the message may be the answer to the request of that id; where its own id cannot be read, any answer may.
bool may_answer(const Envelope& envelope, const nlohmann::json& id);

// An answer as far as it can be understood. Damaged text is repaired. Where a part that is not strict JSON decides
// nothing about which answer it is (a repeated key, 1e999), `result` or `error` is null instead of its value. nullopt:
// the message is not an answer, or has more than one reading.
std::optional<nlohmann::json> read_answer(std::string_view message);

}  // namespace postern::mcp

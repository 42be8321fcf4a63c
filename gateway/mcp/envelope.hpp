#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/json.hpp"

namespace postern::mcp {

// Answers are larger than calls: a list of tools carries their schemas.
inline constexpr JsonLimits kListLimits{.depth = 128, .nodes = 1'000'000, .number = 400};

// Arrays and objects that may be open at once in what an upstream sends, before it is looked at in detail.
inline constexpr std::size_t kDeepestMessage = 4096;

// What a message from an upstream says at its top level, read up to where its JSON breaks off or is broken: enough to
// tell what it was to be. Views into the message.
struct Envelope {
  bool whole = false;                      // the text is one JSON object, as JsonScanner reads it
  bool plain = true;                       // none of these members is there twice or has a twin (match_key())
  bool method = false;                     // it is a request or a notification
  bool answers = false;                    // it has a result or an error, maybe one that cannot be read
  nlohmann::json id;                       // text or number; null where it has none, or none that can be read
  std::optional<std::string_view> result;  // the text of its value
};

// Never fails: a text that is no JSON is an empty envelope that is not whole.
Envelope read_envelope(std::string_view message);

// Whether it may be the answer to the request of that id; where its own id cannot be read, any answer may.
bool may_answer(const Envelope& envelope, const nlohmann::json& id);

// An answer as far as it can be understood, for those who act on it rather than pass it on. Damaged text is repaired.
// Where a part that is no strict JSON decides nothing about which answer it is (a repeated key, 1e999), `result` or
// `error` is null instead of its value. nullopt: no answer, or none that has one reading.
std::optional<nlohmann::json> read_answer(std::string_view message);

}  // namespace postern::mcp

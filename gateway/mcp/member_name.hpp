#pragma once

#include <span>
#include <string_view>

#include <nlohmann/json.hpp>

namespace postern::mcp {

// True when `key` is not `expected` but would be taken for it by a parser that ignores case: ASCII letters, and the
// characters that Unicode folds or maps onto them (ſ onto s, the Kelvin sign onto k, ı and İ onto i). Go's
// encoding/json, and Java and C# mappers with that option, match members this way.
bool is_case_twin(std::string_view key, std::string_view expected) noexcept;

// How a key, as it stands in JSON text with its quotes, matches the name that a reader looks for.
enum class KeyMatch { other, same, twin };

// A twin may be taken for the name by somebody: one that differs by case, or one with a NUL, where a reader who works
// with C strings stops. A damaged key matches nothing: it is repaired before anybody reads it, and never becomes a
// known name.
KeyMatch match_key(std::string_view token, std::string_view name);

// True when any member of the object is such a twin of one of the names. False for values that are no object.
bool has_case_twin(const nlohmann::json& object, std::span<const std::string_view> names) noexcept;

}  // namespace postern::mcp

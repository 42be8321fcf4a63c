#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include <boost/assert/source_location.hpp>
#include <nlohmann/json.hpp>

#include "base/result.hpp"

namespace postern {

struct JsonLimits {
  std::size_t depth = 64;       // nested objects and arrays
  std::size_t nodes = 100'000;  // values, containers counted too
  std::size_t number = 400;     // bytes of one number
};

// Why a text was refused, as a sentence without any of it.
struct JsonError {
  bool is_json = false;  // it is JSON, but holds a name twice or is over a limit
  std::string reason;

  JsonError() = default;
  // Not an aggregate: Result<json, JsonError> must tell its two apart, and json converts to anything.
  JsonError(bool json, std::string why) : is_json(json), reason(std::move(why)) {}
};

[[noreturn]] void throw_exception_from_error(const JsonError& error, const boost::source_location& where);

// Strict JSON (RFC 8259) in a single pass without recursion: valid UTF-8 only, no BOM, no lone surrogate, no duplicate
// key in any object, no NUL in keys, no number beyond a double, nothing after the value.
Result<nlohmann::json, JsonError> read_json(std::string_view text, const JsonLimits& limits = {});

// The value of an object's member; nullptr when it is absent, or null, which some write for "nothing".
const nlohmann::json* present_member(const nlohmann::json& object, const char* name);

}  // namespace postern

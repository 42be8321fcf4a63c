#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <boost/assert/source_location.hpp>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "base/result.hpp"

namespace postern::mcp {

using postern::JsonLimits;

// Why a text was refused: the JSON-RPC error code and a sentence for the client. -32700: it is no JSON; -32600: it is
// JSON that is no single plain message, or is over a limit; -32602: the parameters of a known method are wrong.
struct JsonFault {
  int code = -32700;
  std::string reason;
  nlohmann::json id;  // of the refused request, null where it could not be read

  JsonFault() = default;
  // Not an aggregate: Result<json, JsonFault> must tell its two apart, and json converts to an int.
  JsonFault(int code_of, std::string why) : code(code_of), reason(std::move(why)) {}

  friend bool operator==(const JsonFault&, const JsonFault&) = default;
};

[[noreturn]] void throw_exception_from_error(const JsonFault& fault, const boost::source_location& where);

// The strict JSON of base/json.hpp, refused with a code of JSON-RPC.
Result<nlohmann::json, JsonFault> parse_json(std::string_view text, const JsonLimits& limits = {});

enum class MessageKind : std::uint8_t { request, notification, response };

// One JSON-RPC 2.0 message of MCP, as read from the body: what policy decides on. Owned.
struct Message {
  MessageKind kind = MessageKind::request;
  std::string method;     // decoded; empty for a response
  nlohmann::json id;      // string or integer for requests and responses
  nlohmann::json params;  // object, or null when absent
  nlohmann::json result;  // of a response that succeeded; any value
  nlohmann::json error;   // of a response that failed: an object, else null

  // What the method names (Method::named_by): params.name, params.uri or params.taskId. Never empty for a method that
  // names something, always empty for the others.
  std::string name;
  // params._meta["io.modelcontextprotocol/protocolVersion"]: set for the modern era (2026-07-28).
  std::optional<std::string> meta_version;

  friend bool operator==(const Message&, const Message&) = default;
};

// A single message. Refused: an array (batch); members other than jsonrpc, id, method, params, result, error; jsonrpc
// other than "2.0"; an id that is null, a fraction, an object or over 256 bytes; a response with both or neither of
// result and error; params that are no object; a method that names a tool, resource, prompt or task without naming one
// in a non-empty string; a member that differs only by case from one that decides (`Name`, `URI`, `argumentſ`), because
// lax parsers behind take it for the real one.
Result<Message, JsonFault> read_message(std::string_view body, const JsonLimits& limits = {});

// {"jsonrpc":"2.0","id":…,"error":{"code":…,"message":…,"data":…}}; id null where unknown, data left out where null.
std::string error_body(const nlohmann::json& id, int code, std::string_view message,
                       const nlohmann::json& data = nullptr);

}  // namespace postern::mcp

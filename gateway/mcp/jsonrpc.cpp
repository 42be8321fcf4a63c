#include "mcp/jsonrpc.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "mcp/member_name.hpp"
#include "mcp/method.hpp"

namespace postern::mcp {
namespace {

using nlohmann::json;
using Fault = std::optional<JsonFault>;

constexpr int kParseError = -32700;
constexpr int kInvalidRequest = -32600;
constexpr int kInvalidParams = -32602;
constexpr std::size_t kMaxId = 256;
constexpr std::size_t kMaxMethod = 256;
constexpr std::string_view kVersionKey = "io.modelcontextprotocol/protocolVersion";

Fault refuse(int code, std::string reason) { return JsonFault{code, std::move(reason)}; }

bool holds_nul(std::string_view text) noexcept { return text.find('\0') != std::string_view::npos; }

// Moves the member out; null when there is none.
json take(json::object_t& members, std::string_view name) {
  const auto at = members.find(name);
  return at == members.end() ? json() : std::move(at->second);
}

// Blanks, and a BOM, are looked through so that a batch is called by its name however it is wrapped.
bool begins_as_array(std::string_view body) noexcept {
  if (body.starts_with("\xEF\xBB\xBF")) body.remove_prefix(3);
  const auto first = body.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && body[first] == '[';
}

// JSON-RPC 2.0 sections 4 and 5. Unknown members, and so all case variants, are refused: MCP defines none.
Fault check_members(const json::object_t& members) {
  static constexpr std::array<std::string_view, 6> known = {"error", "id", "jsonrpc", "method", "params", "result"};
  for (const auto& [name, value] : members) {
    if (std::ranges::find(known, name) == known.end()) {
      return refuse(kInvalidRequest, "the message holds an unknown member");
    }
  }
  const auto version = members.find("jsonrpc");
  if (version == members.end() || version->second != "2.0") return refuse(kInvalidRequest, "jsonrpc is not \"2.0\"");
  return std::nullopt;
}

// MCP base protocol, "Requests": a string or integer, unlike JSON-RPC never null.
Fault read_id(json::object_t& members, Message& message) {
  const auto at = members.find("id");
  if (at == members.end()) return std::nullopt;
  const auto* text = at->second.get_ptr<const std::string*>();
  if (text == nullptr && !at->second.is_number_integer()) {
    return refuse(kInvalidRequest, "id is neither text nor integer");
  }
  if (text != nullptr && text->size() > kMaxId) return refuse(kInvalidRequest, "id is too long");
  message.id = std::move(at->second);
  return std::nullopt;
}

// JSON-RPC 2.0 section 5: either result or error, not both.
Fault read_response(json::object_t& members, Message& message) {
  const bool succeeded = members.contains("result");
  if (succeeded == members.contains("error")) {
    return refuse(kInvalidRequest, "a message has a method, a result or an error");
  }
  if (members.contains("params")) return refuse(kInvalidRequest, "a response has no params");
  if (message.id.is_null()) return refuse(kInvalidRequest, "a response has an id");
  message.kind = MessageKind::response;
  message.result = take(members, "result");
  message.error = take(members, "error");
  if (!succeeded && !message.error.is_object()) return refuse(kInvalidRequest, "error is not an object");
  return std::nullopt;
}

Fault check_case_twins(const json& params) {
  static constexpr std::array<std::string_view, 7> top = {"_meta", "arguments", "name", "notifications",
                                                          "ref",   "taskId",    "uri"};
  static constexpr std::array<std::string_view, 1> meta = {kVersionKey};
  static constexpr std::array<std::string_view, 3> reference = {"name", "type", "uri"};
  static constexpr std::array<std::string_view, 1> filter = {"resourceSubscriptions"};
  const auto twin_in = [&](const char* name, std::span<const std::string_view> names) {
    const auto at = params.find(name);
    return at != params.end() && has_case_twin(*at, names);
  };
  if (has_case_twin(params, top) || twin_in("_meta", meta) || twin_in("ref", reference) ||
      twin_in("notifications", filter)) {
    return refuse(kInvalidRequest, "a member of params differs from a known one by case only");
  }
  return std::nullopt;
}

Fault read_name(const Method& method, Message& message) {
  if (method.named_by.empty()) return std::nullopt;
  const std::string member = "params." + std::string(method.named_by);
  const auto at = message.params.find(method.named_by);
  if (at == message.params.end()) {
    // A method that the message's era does not have is refused for that.
    if (message.meta_version && !method.modern) return std::nullopt;
    return refuse(kInvalidParams, member + " is missing");
  }
  const auto* text = at->get_ptr<const std::string*>();
  if (text == nullptr || text->empty()) return refuse(kInvalidParams, member + " is not a text");
  if (holds_nul(*text)) return refuse(kParseError, member + " holds a NUL character");
  message.name = *text;
  return std::nullopt;
}

// MCP 2026-07-28 base protocol, "_meta": the version of the request. Its presence makes the message a modern one.
Fault read_meta(Message& message) {
  const auto meta = message.params.find("_meta");
  if (meta == message.params.end() || meta->is_null()) return std::nullopt;
  if (!meta->is_object()) return refuse(kInvalidParams, "params._meta is not an object");
  const auto version = meta->find(kVersionKey);
  if (version == meta->end()) return std::nullopt;
  const auto* text = version->get_ptr<const std::string*>();
  if (text == nullptr) return refuse(kInvalidParams, "the protocol version in params._meta is not a text");
  message.meta_version = *text;
  return std::nullopt;
}

Fault read_call(json::object_t& members, Message& message) {
  if (members.contains("result") || members.contains("error")) {
    return refuse(kInvalidRequest, "a message with a method has neither result nor error");
  }
  message.kind = message.id.is_null() ? MessageKind::notification : MessageKind::request;
  json method = take(members, "method");
  auto* text = method.get_ptr<std::string*>();
  if (text == nullptr || text->empty() || text->size() > kMaxMethod) {
    return refuse(kInvalidRequest, "method is not a short text");
  }
  if (holds_nul(*text)) return refuse(kParseError, "method holds a NUL character");
  message.method = std::move(*text);
  message.params = take(members, "params");
  if (!message.params.is_null() && !message.params.is_object()) {
    return refuse(kInvalidRequest, "params is not an object");
  }
  if (auto fault = check_case_twins(message.params)) return fault;
  if (auto fault = read_meta(message)) return fault;
  return read_name(find_method(message.method), message);
}

Fault read_members(json::object_t& members, Message& message) {
  if (auto fault = check_members(members)) return fault;
  if (auto fault = read_id(members, message)) return fault;
  return members.contains("method") ? read_call(members, message) : read_response(members, message);
}

}  // namespace

void throw_exception_from_error(const JsonFault& fault, const boost::source_location& where) {
  throw_exception_from_error(fail(Errc::invalid, fault.reason), where);
}

Result<json, JsonFault> parse_json(std::string_view text, const JsonLimits& limits) {
  auto read = read_json(text, limits);
  if (!read) return JsonFault{read.error().is_json ? kInvalidRequest : kParseError, read.error().reason};
  return *std::move(read);
}

Result<Message, JsonFault> read_message(std::string_view body, const JsonLimits& limits) {
  // 2025-03-26 alone had batches; later revisions forbid them, and one answer could not tell who may see which part.
  if (begins_as_array(body)) return JsonFault{kInvalidRequest, "batches are not supported: send one message at a time"};
  auto parsed = parse_json(body, limits);
  if (!parsed) return std::move(parsed).error();
  auto* members = parsed->get_ptr<json::object_t*>();
  if (members == nullptr) return JsonFault{kInvalidRequest, "the message is not an object"};
  Message message;
  if (auto fault = read_members(*members, message)) {
    fault->id = std::move(message.id);
    return std::move(*fault);
  }
  return message;
}

std::string error_body(const json& id, int code, std::string_view message, const json& data) {
  nlohmann::ordered_json error = {{"code", code}, {"message", message}};
  if (!data.is_null()) error["data"] = data;
  const nlohmann::ordered_json whole = {{"jsonrpc", "2.0"}, {"id", id}, {"error", std::move(error)}};
  // A text of ours that quotes someone's broken UTF-8 must not become an exception.
  return whole.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace postern::mcp

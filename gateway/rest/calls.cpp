#include "rest/calls.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "http/message.hpp"

namespace postern::rest {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::string_view kEncodedBegin = "=?base64?";
constexpr std::string_view kEncodedEnd = "?=";

ordered_json client_info() { return {{"name", "postern-rest"}, {"version", "1"}}; }

ordered_json request(std::string_view id, std::string_view method) {
  return {{"jsonrpc", "2.0"}, {"id", id}, {"method", method}};
}

// MCP 2026-07-28 base protocol, "_meta". No capability: nobody is there to be asked anything.
ordered_json modern_meta() {
  return {{"io.modelcontextprotocol/protocolVersion", kModernVersion},
          {"io.modelcontextprotocol/clientInfo", client_info()},
          {"io.modelcontextprotocol/clientCapabilities", ordered_json::object()}};
}

void mirror_parameters(const json& schema, const json& values, int depth, HeaderPairs& out) {
  const auto properties = schema.is_object() ? schema.find("properties") : schema.end();
  constexpr int kDeepest = 16;
  if (!schema.is_object() || properties == schema.end() || !properties->is_object() || depth > kDeepest) return;
  for (const auto& [key, each] : properties->items()) {
    const auto value = values.is_object() ? values.find(key) : values.end();
    if (!values.is_object() || value == values.end() || !each.is_object()) continue;
    const auto header = each.find("x-mcp-header");
    const bool named = header != each.end() && header->is_string() && http::is_token(header->get<std::string>());
    if (named && value->is_string()) {
      out.emplace_back("Mcp-Param-" + header->get<std::string>(), header_value(value->get<std::string>()));
    } else if (named && (value->is_number_integer() || value->is_boolean())) {
      out.emplace_back("Mcp-Param-" + header->get<std::string>(), value->dump());
    }
    mirror_parameters(each, *value, depth + 1, out);
  }
}

}  // namespace

std::string initialize_message(std::string_view id) {
  auto message = request(id, "initialize");
  message["params"] = {
      {"protocolVersion", kLegacyVersion}, {"capabilities", ordered_json::object()}, {"clientInfo", client_info()}};
  return message.dump();
}

std::string initialized_message() { return R"({"jsonrpc":"2.0","method":"notifications/initialized"})"; }

std::string discover_message(std::string_view id) {
  auto message = request(id, "server/discover");
  message["params"] = {{"_meta", modern_meta()}};
  return message.dump();
}

std::string list_message(std::string_view id, std::string_view cursor, bool modern) {
  auto message = request(id, "tools/list");
  auto params = ordered_json::object();
  if (modern) params["_meta"] = modern_meta();
  if (!cursor.empty()) params["cursor"] = cursor;
  message["params"] = std::move(params);
  return message.dump();
}

std::string call_message(std::string_view id, std::string_view tool, std::string_view arguments, bool modern) {
  auto message = request(id, "tools/call");
  auto params = ordered_json::object();
  if (modern) params["_meta"] = modern_meta();
  params["name"] = tool;
  message["params"] = std::move(params);
  // Put together as text, so that no number of the arguments is read and written again.
  auto text = message.dump();
  text.resize(text.size() - 2);
  return text.append(R"(,"arguments":)").append(arguments).append("}}");
}

std::string answer_to_server(const json& id, std::string_view method) {
  ordered_json message = {{"jsonrpc", "2.0"}, {"id", id}};
  if (method == "ping") {
    message["result"] = ordered_json::object();
  } else {
    message["error"] = {{"code", -32601}, {"message", "this client answers no questions"}};
  }
  return message.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

HeaderPairs mirrored_headers(std::string_view method, std::string_view name, const json& input, const json& arguments) {
  HeaderPairs headers{{"MCP-Protocol-Version", std::string(kModernVersion)}, {"Mcp-Method", std::string(method)}};
  if (!name.empty()) headers.emplace_back("Mcp-Name", header_value(name));
  mirror_parameters(input, arguments, 0, headers);
  return headers;
}

std::string header_value(std::string_view text) {
  if (http::is_field_value(text) && !text.empty() && !text.starts_with(kEncodedBegin)) return std::string(text);
  return std::string(kEncodedBegin) + base64_encode(text) + std::string(kEncodedEnd);
}

}  // namespace postern::rest

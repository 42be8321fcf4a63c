#include "app/commands/doctor/messages.hpp"

#include "base/json.hpp"
#include "base/strings.hpp"
#include "mcp/sse.hpp"

namespace postern::app::doctor {
namespace {

constexpr std::size_t kLongestEvent = 1024 * 1024;

bool answers(const nlohmann::json& message, int id) {
  return message.is_object() && message.contains("id") && message["id"] == id &&
         (message.contains("result") || message.contains("error"));
}

// MCP 2026-07-28: each request says for itself who sends it.
nlohmann::json meta() {
  return {{"io.modelcontextprotocol/protocolVersion", kModernProtocol},
          {"io.modelcontextprotocol/clientCapabilities", nlohmann::json::object()},
          {"io.modelcontextprotocol/clientInfo", {{"name", "postern-doctor"}, {"version", "1"}}}};
}

std::optional<nlohmann::json> message_in(std::string_view events, int id) {
  mcp::SseSplitter splitter(kLongestEvent);
  if (!splitter.feed(events)) return std::nullopt;
  for (auto event = splitter.next(); !event.empty(); event = splitter.next()) {
    const auto message = read_json(mcp::sse_data(event));
    if (message && answers(*message, id)) return *message;
  }
  return std::nullopt;
}

}  // namespace

Ask post_of(const std::string& url, const nlohmann::json& message) {
  Ask ask{.method = "POST", .url = url};
  ask.headers.set("Accept", "application/json, text/event-stream");
  ask.headers.set("Content-Type", "application/json");
  ask.body = message.dump();
  return ask;
}

nlohmann::json initialize_message() {
  return {{"jsonrpc", "2.0"},
          {"id", 1},
          {"method", "initialize"},
          {"params",
           {{"protocolVersion", kProtocol},
            {"capabilities", nlohmann::json::object()},
            {"clientInfo", {{"name", "postern-doctor"}, {"version", "1"}}}}}};
}

nlohmann::json tools_message(int id, const std::string& cursor, bool modern) {
  auto params = nlohmann::json::object();
  if (!cursor.empty()) params["cursor"] = cursor;
  if (modern) params["_meta"] = meta();
  return {{"jsonrpc", "2.0"}, {"id", id}, {"method", "tools/list"}, {"params", std::move(params)}};
}

std::optional<nlohmann::json> message_of(const Answer& answer, int id) {
  if (ascii_lower(answer.header("Content-Type")).starts_with("text/event-stream")) return message_in(answer.body, id);
  const auto message = read_json(answer.body);
  if (!message || !answers(*message, id)) return std::nullopt;
  return *message;
}

bool holds_answer(std::string_view body, int id) {
  return body.find("data:") != std::string_view::npos && message_in(body, id).has_value();
}

std::optional<RefusalBehind> refusal_behind(const Answer& answer) {
  const auto body = read_json(answer.body);
  if (!body || !body->is_object() || !body->contains("error")) return std::nullopt;
  const auto& error = (*body)["error"];
  if (!error.is_object() || !error.contains("data") || !error["data"].is_object()) return std::nullopt;
  const auto& data = error["data"];
  const auto status = data.find("upstream_status");
  if (status == data.end() || !status->is_number_integer() || *status < 100 || *status > 599) return std::nullopt;
  const auto location = data.find("upstream_location");
  const bool leads = location != data.end() && location->is_string();
  return RefusalBehind{status->get<int>(), leads ? location->get<std::string>() : std::string()};
}

std::string error_name(const Answer& answer) {
  const auto body = read_json(answer.body);
  if (!body || !body->is_object()) return "";
  const auto error = body->find("error");
  if (error == body->end()) return "";
  if (error->is_string()) return error->get<std::string>();
  if (!error->is_object() || !error->contains("data")) return "";
  const auto& data = (*error)["data"];
  return data.is_object() && data.contains("error") && data["error"].is_string() ? data["error"].get<std::string>()
                                                                                 : "";
}

}  // namespace postern::app::doctor

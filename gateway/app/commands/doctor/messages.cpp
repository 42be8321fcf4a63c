#include "app/commands/doctor/messages.hpp"

#include "base/json.hpp"
#include "base/strings.hpp"
#include "mcp/answer.hpp"
#include "mcp/list_reader.hpp"
#include "mcp/sse.hpp"

namespace postern::app::doctor {
namespace {

constexpr std::size_t kLongestEvent = 1024 * 1024;

// MCP 2026-07-28: each request says for itself who sends it.
nlohmann::json meta() {
  return {{"io.modelcontextprotocol/protocolVersion", kModernProtocol},
          {"io.modelcontextprotocol/clientCapabilities", nlohmann::json::object()},
          {"io.modelcontextprotocol/clientInfo", {{"name", "postern-doctor"}, {"version", "1"}}}};
}

// Reads a stream as clients do: it skips events that do not answer that request or cannot be read.
std::optional<std::string> answer_in(std::string_view events, int id) {
  mcp::SseSplitter splitter(kLongestEvent);
  (void)splitter.feed(events);
  for (auto event = splitter.next(); !event.empty(); event = splitter.next()) {
    auto data = mcp::sse_data(event);
    if (mcp::may_answer(mcp::read_envelope(data), id)) return data;
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

std::optional<std::string> answer_text(const Answer& answer, int id) {
  if (ascii_lower(answer.header("Content-Type")).starts_with("text/event-stream")) return answer_in(answer.body, id);
  return answer.body;
}

std::optional<nlohmann::json> message_of(const Answer& answer, int id) {
  const auto text = answer_text(answer, id);
  auto message = text ? mcp::read_answer(*text) : std::nullopt;
  if (!message || message->value("id", nlohmann::json()) != id) return std::nullopt;
  return message;
}

std::optional<ToolsPage> tools_of(const Answer& answer, int id) {
  const auto text = answer_text(answer, id);
  if (!text || !message_of(answer, id)) return std::nullopt;
  const auto list = mcp::find_list(mcp::read_envelope(*text), mcp::ListKind::tools);
  if (!list || !*list) return std::nullopt;
  ToolsPage page;
  page.next = (*list)->next.value_or("");
  mcp::for_each_entry((*list)->list, mcp::ListKind::tools, [&page](const mcp::ListEntry& entry) {
    if (entry.fault == mcp::EntryFault::none) ++page.tools;
  });
  return page;
}

bool holds_answer(std::string_view body, int id) {
  return body.find("data:") != std::string_view::npos && answer_in(body, id).has_value();
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

#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "app/commands/doctor/probe.hpp"

namespace postern::app::doctor {

inline constexpr auto* kProtocol = "2025-11-25";  // the last revision with sessions
inline constexpr auto* kModernProtocol = "2026-07-28";

// A POST of one message as clients send it, without a token.
Ask post_of(const std::string& url, const nlohmann::json& message);
nlohmann::json initialize_message();
nlohmann::json tools_message(int id, const std::string& cursor, bool modern);

// The answer to the request with that id, from JSON or from a stream of events; nullopt when there is none.
std::optional<nlohmann::json> message_of(const Answer& answer, int id);
// One page of tools/list: how many tools have a name, and the cursor of the next page, "" where there is none.
struct ToolsPage {
  std::size_t tools = 0;
  std::string next;
};
// nullopt: no such answer, or none with a list of tools. What a tool's schema holds does not matter.
std::optional<ToolsPage> tools_of(const Answer& answer, int id);
// For Ask::enough: whether a stream of events holds that answer already.
bool holds_answer(std::string_view body, int id);
// What a refusal calls itself: `error` of a JSON body, or `error.data.error` of a JSON-RPC error; "" when neither.
std::string error_name(const Answer& answer);
// What the gateway says of the server behind that refused its call: the status, and of a redirect where it leads.
struct RefusalBehind {
  int status = 0;
  std::string location{};
};
std::optional<RefusalBehind> refusal_behind(const Answer& answer);

}  // namespace postern::app::doctor

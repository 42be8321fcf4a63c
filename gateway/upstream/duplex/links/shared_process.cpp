#include "upstream/duplex/links/shared_process.hpp"

#include <optional>
#include <vector>

#include "mcp/header_check.hpp"
#include "mcp/json_members.hpp"
#include "mcp/task_ids.hpp"

namespace postern::upstream {

namespace {

using nlohmann::json;

bool is_legacy_version(std::string_view version) {
  return mcp::is_known_version(version) && !mcp::is_modern_version(version);
}

// Revisions are dates, so that the newest is the greatest.
std::string newest_legacy() {
  std::string newest;
  for (const auto version : mcp::known_versions()) {
    if (is_legacy_version(version) && version > newest) newest = version;
  }
  return newest;
}

}  // namespace

std::string own_initialize(std::uint64_t id) {
  const nlohmann::ordered_json params = {{"protocolVersion", newest_legacy()},
                                         {"capabilities", json::object()},
                                         {"clientInfo", {{"name", "postern"}, {"version", POSTERN_VERSION}}}};
  return nlohmann::ordered_json{{"jsonrpc", "2.0"}, {"id", id}, {"method", "initialize"}, {"params", params}}.dump();
}

std::string asked_version(const mcp::Message& initialize) {
  if (!initialize.params.is_object()) return {};
  const auto at = initialize.params.find("protocolVersion");
  if (at == initialize.params.end() || !at->is_string()) return {};
  const auto& version = at->get_ref<const std::string&>();
  return is_legacy_version(version) ? version : std::string();
}

std::string initialize_result_for(std::string_view result, std::string_view asked) {
  if (!result.starts_with('{')) return std::string(result);
  std::vector<mcp::Edit> edits{{{"capabilities", "tasks"}, std::nullopt},
                               {{"capabilities", "extensions", mcp::kTasksExtension}, std::nullopt}};
  const auto version = mcp::find_member(result, "protocolVersion");
  const bool is_text = version.plain && version.text.starts_with('"');
  const auto of_server = is_text ? json::parse(version.text, nullptr, false) : json();
  if (const auto* text = of_server.get_ptr<const std::string*>();
      text != nullptr && !asked.empty() && is_legacy_version(*text) && asked < *text) {
    edits.push_back({{"protocolVersion"}, json(asked).dump()});
  }
  return mcp::edited(result, edits);
}

bool is_task_method(std::string_view method) { return method.starts_with("tasks/"); }

std::string without_tasks(std::string_view request) {
  return mcp::edited(
      request, {{{"params", "task"}, std::nullopt},
                {{"params", "_meta", mcp::kClientCapabilities, "extensions", mcp::kTasksExtension}, std::nullopt}});
}

}  // namespace postern::upstream

#include "upstream/duplex/shared_process.hpp"

#include <algorithm>

#include "mcp/header_check.hpp"

namespace postern::upstream {

namespace {

using nlohmann::json;

constexpr auto* kTasks = "io.modelcontextprotocol/tasks";
constexpr auto* kClientCapabilities = "io.modelcontextprotocol/clientCapabilities";

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

json* object_in(json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto at = object.find(name);
  return at == object.end() || !at->is_object() ? nullptr : &*at;
}

void take_out(json* object, const char* name) {
  if (object != nullptr) object->erase(name);
}

void take_out_extension(json* capabilities) {
  if (capabilities != nullptr) take_out(object_in(*capabilities, "extensions"), kTasks);
}

}  // namespace

mcp::Message own_initialize() {
  mcp::Message message;
  message.method = "initialize";
  message.params = {{"protocolVersion", newest_legacy()},
                    {"capabilities", json::object()},
                    {"clientInfo", {{"name", "postern"}, {"version", POSTERN_VERSION}}}};
  return message;
}

std::string asked_version(const mcp::Message& initialize) {
  if (!initialize.params.is_object()) return {};
  const auto at = initialize.params.find("protocolVersion");
  if (at == initialize.params.end() || !at->is_string()) return {};
  const auto& version = at->get_ref<const std::string&>();
  return is_legacy_version(version) ? version : std::string();
}

json initialize_result_for(json result, std::string_view asked) {
  if (!result.is_object()) return result;
  auto* capabilities = object_in(result, "capabilities");
  take_out(capabilities, "tasks");
  take_out_extension(capabilities);
  const auto version = result.find("protocolVersion");
  if (asked.empty() || version == result.end() || !version->is_string()) return result;
  const auto& of_server = version->get_ref<const std::string&>();
  if (is_legacy_version(of_server) && asked < of_server) *version = asked;
  return result;
}

bool is_task_method(std::string_view method) { return method.starts_with("tasks/"); }

void take_out_tasks(json& params) {
  if (!params.is_object()) return;
  params.erase("task");
  auto* meta = object_in(params, "_meta");
  if (meta != nullptr) take_out_extension(object_in(*meta, kClientCapabilities));
}

}  // namespace postern::upstream

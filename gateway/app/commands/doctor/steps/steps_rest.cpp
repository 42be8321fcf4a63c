#include <algorithm>
#include <array>

#include "app/commands/doctor/walk.hpp"
#include "base/json.hpp"

namespace postern::app::doctor {
namespace {

constexpr auto* kOpenApi = "/.well-known/openapi.json";
constexpr auto* kManifest = "/.well-known/ai-plugin.json";
constexpr auto* kMend = "`rest: true` on the resource, and let the proxy in front pass this path";

std::variant<nlohmann::json, Finding> document_at(Walk& walk, const char* path, const char* mend = kMend) {
  const auto at = walk.url.origin() + path;
  return judge_document(walk.get(at), at, mend);
}

Finding check_health(Walk& walk) {
  const auto at = walk.url.origin() + "/health";
  const auto& answer = walk.get(at);
  if (!answer.came()) return judge_trouble(answer, at);
  if (answer.status == 200) return ok("");
  return failed("health", at + ": " + status_line(answer), "200", kMend);
}

Finding check_openid_document(Walk& walk) {
  const auto judged = document_at(walk, "/.well-known/openid-configuration");
  if (const auto* finding = std::get_if<Finding>(&judged)) return *finding;
  const auto& document = std::get<nlohmann::json>(judged);
  for (const auto* member : {"issuer", "token_endpoint"}) {
    if (!text_of(document, member).empty()) continue;
    return failed("openid_incomplete", std::string(member) + " is not there", "issuer and token_endpoint",
                  "name the provider's own document");
  }
  return ok("");
}

Finding check_resource_document(Walk& walk) {
  const auto judged = document_at(walk, "/.well-known/oauth-protected-resource",
                                  "`root: true` on the resource, which has several beside it on this host, and let the "
                                  "proxy in front pass this path");
  if (const auto* finding = std::get_if<Finding>(&judged)) return *finding;
  if (!text_of(std::get<nlohmann::json>(judged), "resource").empty()) return ok("");
  return failed("resource_missing", "resource is not there", "the MCP URL", "publish `resource`");
}

// Who names tools to nobody without a token is right to; importers that have none need another setting.
std::variant<nlohmann::json, Finding> openapi_document(Walk& walk) {
  const auto at = walk.url.origin() + kOpenApi;
  const auto& open = walk.get(at);
  if (!open.came() || open.status != 401 || !open.has("www-authenticate")) return judge_document(open, at, kMend);
  if (walk.token.empty()) {
    return note("openapi_needs_token", at + ": " + status_line(open),
                "look again with --token, without --rest; `public_openapi: true` shows it to importers that have none");
  }
  Ask ask{.url = at};
  ask.headers.set("Accept", "application/json");
  ask.headers.set("Authorization", "Bearer " + walk.token);
  const auto answer = walk.prober.ask(ask);
  if (!answer.came() || answer.status < 400) return judge_document(answer, at, kMend);
  const auto said = read_json(answer.body);
  const auto why = said && said->is_object() ? text_of(*said, "error_description") : std::string();
  return failed("openapi_refused", at + " with the token: " + status_line(answer) + (why.empty() ? "" : ", " + why),
                "200", "use a token for this resource: one made by hand is refused without its X-Tenant");
}

// OpenAPI 3.1 section 4.8: a path for each tool.
Finding check_openapi(Walk& walk) {
  const auto judged = openapi_document(walk);
  if (const auto* finding = std::get_if<Finding>(&judged)) return *finding;
  const auto& document = std::get<nlohmann::json>(judged);
  if (!text_of(document, "openapi").starts_with("3.")) {
    return failed("openapi_version", "openapi is " + text_of(document, "openapi"), "3.0.0 or higher",
                  "serve OpenAPI 3");
  }
  const auto paths = document.find("paths");
  if (paths == document.end() || !paths->is_object()) {
    return failed("openapi_paths", "paths is not there", "a path for each tool", "serve the tools' paths");
  }
  std::size_t tools = 0;
  for (const auto& [path, what] : paths->items()) {
    if (path.find("/tools/") != std::string::npos && what.is_object() && what.contains("post")) ++tools;
  }
  if (tools == 0) {
    return failed("openapi_no_tools", "no path below /tools/", "a path for each tool",
                  "does the server behind answer tools/list, and does the policy let anybody see one?");
  }
  return ok(std::to_string(tools) + (tools == 1 ? " tool discovered" : " tools discovered"));
}

Finding check_manifest(Walk& walk) {
  const auto judged = document_at(walk, kManifest);
  if (const auto* finding = std::get_if<Finding>(&judged)) return *finding;
  const auto& document = std::get<nlohmann::json>(judged);
  const auto api = document.find("api");
  if (api != document.end() && api->is_object() && !text_of(*api, "url").empty()) return ok("");
  return failed("manifest_incomplete", "api.url is not there", "the URL of the OpenAPI document", "name it");
}

constexpr std::array<Step, 5> kSteps{{
    {"rest_health", "Health Check", check_health},
    {"rest_openid", "OpenID Connect Discovery", check_openid_document},
    {"rest_resource", "OAuth Protected Resource Metadata", check_resource_document},
    {"rest_openapi", "OpenAPI Schema", check_openapi},
    {"rest_manifest", "Actions Manifest", check_manifest},
}};

}  // namespace

std::span<const Step> rest_steps() { return kSteps; }

bool offers_rest(Walk& walk) {
  return std::ranges::any_of(std::array{kOpenApi, kManifest}, [&](const char* path) {
    const auto judged = document_at(walk, path);
    return std::holds_alternative<nlohmann::json>(judged);
  });
}

}  // namespace postern::app::doctor

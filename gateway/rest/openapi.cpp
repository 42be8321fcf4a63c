#include "rest/openapi.hpp"

#include <set>

#include "base/strings.hpp"
#include "rest/schema.hpp"

namespace postern::rest {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr auto* kScheme = "oauth";

std::string dumped(const ordered_json& document) {
  return document.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

ordered_json reference(const std::string& to) { return {{"$ref", to}}; }

ordered_json json_content(ordered_json schema) { return {{"application/json", {{"schema", std::move(schema)}}}}; }

// RFC 9457 section 3, with what refusals on a resource carry.
ordered_json problem_schema() {
  const ordered_json text = {{"type", "string"}};
  return {{"type", "object"},
          {"description", "Why a call was not answered (RFC 9457)."},
          {"properties",
           {{"type", text},
            {"title", text},
            {"status", {{"type", "integer"}}},
            {"detail", {{"type", "string"}, {"description", "What went wrong, and what to do."}}},
            {"error", {{"type", "string"}, {"description", "A short code: insufficient_scope, tool_error."}}},
            {"error_description", text},
            {"request_id", text},
            {"content", {{"type", "array"}, {"description", "What a tool that failed has said, as MCP content."}}},
            {"mcp", {{"type", "object"}, {"description", "The JSON-RPC error of the server behind."}}}}},
          {"required", {"type", "title", "status", "detail", "error"}}};
}

// What rest/answer.hpp makes of an answer without structured content.
ordered_json answer_schema() {
  const ordered_json text = {{"type", "object"},
                             {"description", "The tool answered with words."},
                             {"properties", {{"text", {{"type", "string"}}}}},
                             {"required", {"text"}}};
  const ordered_json content = {
      {"type", "object"},
      {"description", "The tool answered with several things, or with others than words, as MCP content."},
      {"properties", {{"content", {{"type", "array"}, {"items", {{"type", "object"}}}}}}},
      {"required", {"content"}}};
  const ordered_json other = {{"type", {"object", "array"}},
                              {"description", "The tool answered with JSON of its own."}};
  return {{"anyOf", {text, content, other}}};
}

// Of what a name holds, what names of functions may.
std::string operation_id(std::string_view name, std::set<std::string>& taken) {
  std::string id;
  for (const char c : name) {
    const bool allowed = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    id += allowed ? c : '_';
  }
  const auto plain = id;
  for (int number = 2; !taken.insert(id).second; ++number) id = plain + "_" + std::to_string(number);
  return id;
}

bool needs_arguments(const json& input) {
  const auto required = input.is_object() ? input.find("required") : input.end();
  return input.is_object() && required != input.end() && required->is_array() && !required->empty();
}

ordered_json responses(ordered_json answer) {
  ordered_json all;
  all["200"] = {{"description", "What the tool answered."}, {"content", json_content(std::move(answer))}};
  all["401"] = reference("#/components/responses/Unauthorized");
  all["403"] = reference("#/components/responses/Forbidden");
  all["422"] = reference("#/components/responses/ToolFailed");
  all["429"] = reference("#/components/responses/TooMany");
  all["default"] = reference("#/components/responses/Problem");
  return all;
}

ordered_json problem_response(std::string_view description) {
  return {{"description", description},
          {"content", {{"application/problem+json", {{"schema", reference("#/components/schemas/Problem")}}}}}};
}

ordered_json operation(const UsableTool& usable, const std::string& id, Components& components) {
  const auto& tool = *usable.tool;
  ordered_json out;
  out["operationId"] = id;
  out["summary"] = tool.title.empty() ? tool.name : tool.title;
  if (!tool.description.empty()) out["description"] = tool.description;
  // Assistants ask their user before each call that is not said to change nothing.
  if (tool.read_only) out["x-openai-isConsequential"] = false;
  out["requestBody"] = {{"required", needs_arguments(tool.input)},
                        {"content", json_content(reference(components.add(id + "_arguments", tool.input)))}};
  const bool structured = tool.output.is_object();
  out["responses"] = responses(
      reference(structured ? components.add(id + "_result", tool.output) : "#/components/schemas/ToolAnswer"));
  out["security"] = {{{kScheme, usable.scopes}}};
  return out;
}

// OpenAPI 3.1 section 4.8.29: a flow has the URLs that it needs.
ordered_json security_scheme(const Api& api) {
  auto scopes = ordered_json::object();
  for (const auto& [scope, text] : api.scopes) scopes[scope] = text;
  auto flows = ordered_json::object();
  if (!api.token_url.empty()) {
    flows["clientCredentials"] = {{"tokenUrl", api.token_url}, {"scopes", scopes}};
    if (!api.authorize_url.empty()) {
      flows["authorizationCode"] = {
          {"authorizationUrl", api.authorize_url}, {"tokenUrl", api.token_url}, {"scopes", scopes}};
    }
  }
  return {{"type", "oauth2"}, {"flows", flows}};
}

}  // namespace

std::string openapi_document(const Api& api, const std::vector<UsableTool>& tools) {
  Components components;
  components.add_own("Problem", problem_schema());
  components.add_own("ToolAnswer", answer_schema());
  auto paths = ordered_json::object();
  std::set<std::string> taken;
  for (const auto& usable : tools) {
    const auto path = tool_path(usable.tool->name);
    if (!path || paths.contains(*path)) continue;
    paths[*path]["post"] = operation(usable, operation_id(usable.tool->name, taken), components);
  }
  ordered_json document;
  document["openapi"] = "3.1.0";
  document["info"] = {{"title", api.name},
                      {"version", api.version},
                      {"description", "Each tool is called with POST; the body is a JSON object with its arguments."}};
  document["servers"] = {{{"url", api.origin}}};
  document["paths"] = std::move(paths);
  auto& parts = document["components"];
  parts["responses"] = {
      {"Unauthorized", problem_response("The access token is missing, or does not hold: WWW-Authenticate says more.")},
      {"Forbidden", problem_response("The access token, or the caller's role, does not allow this call.")},
      {"ToolFailed", problem_response("The tool was called and has failed.")},
      {"TooMany", problem_response("Too many calls: try again after the time in Retry-After.")},
      {"Problem", problem_response("The call was not answered.")}};
  parts["securitySchemes"][kScheme] = security_scheme(api);
  // The schemas, which may be large, are put in as text and not copied into another kind of value.
  auto text = dumped(document);
  text.resize(text.size() - 2);
  return text.append(R"(,"schemas":)")
      .append(components.take().dump(-1, ' ', false, json::error_handler_t::replace))
      .append("}}");
}

std::string plugin_manifest(const Api& api) {
  std::string model_name;
  for (const char c : ascii_lower(api.name)) {
    model_name += (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '_';
  }
  ordered_json manifest;
  manifest["schema_version"] = "v1";
  manifest["name_for_human"] = api.name;
  manifest["name_for_model"] = model_name;
  manifest["description_for_human"] = "The tools of " + api.name + ".";
  manifest["description_for_model"] = "The tools of " + api.name + ": the OpenAPI document says what each is for.";
  ordered_json auth = {{"type", "oauth"}};
  if (!api.authorize_url.empty()) auth["client_url"] = api.authorize_url;
  auth["scope"] = join(api.default_scopes, " ");
  if (!api.token_url.empty()) auth["authorization_url"] = api.token_url;
  auth["authorization_content_type"] = "application/x-www-form-urlencoded";
  manifest["auth"] = std::move(auth);
  manifest["api"] = {{"type", "openapi"}, {"url", api.origin + std::string(kOpenApiPath)}};
  return dumped(manifest);
}

}  // namespace postern::rest

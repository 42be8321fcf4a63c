#include "web/account/snippets.hpp"

#include <nlohmann/json.hpp>

#include "base/strings.hpp"

namespace postern::web {
namespace {

using nlohmann::ordered_json;

std::string pretty(const ordered_json& json) { return json.dump(2); }

}  // namespace

std::string snippet_name(std::string_view tenant, std::string_view resource) {
  std::string name;
  for (const char c : ascii_lower(std::string(tenant) + "-" + std::string(resource))) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (plain) {
      name += c;
    } else if (!name.empty() && name.back() != '-') {
      name += '-';
    }
  }
  if (name.ends_with('-')) name.pop_back();
  return name.empty() ? "postern" : name;
}

std::vector<Snippet> snippets_for(std::string_view name, std::string_view url) {
  const std::string called(name);
  const std::string address(url);
  return {
      {"ChatGPT", "Settings, Connectors, add a connector: set this as the MCP server URL and choose OAuth.", address},
      {"Claude", "Settings, Connectors, Add custom connector: set this as the URL.", address},
      {"Claude Code", "In a terminal; then /mcp inside Claude Code signs in.",
       "claude mcp add --transport http " + called + " " + address},
      {"Cursor", "In ~/.cursor/mcp.json, or .cursor/mcp.json of a project.",
       pretty({{"mcpServers", {{called, {{"url", address}}}}}})},
      {"VS Code", "In .vscode/mcp.json.", pretty({{"servers", {{called, {{"type", "http"}, {"url", address}}}}}})},
      {"MCP Inspector", "Run npx @modelcontextprotocol/inspector, choose Streamable HTTP, and set this as the URL.",
       address},
      {"Clients that only run programs", "In their configuration: mcp-remote signs in and passes everything on.",
       pretty({{"mcpServers",
                {{called, {{"command", "npx"}, {"args", ordered_json::array({"-y", "mcp-remote", address})}}}}}})},
  };
}

}  // namespace postern::web

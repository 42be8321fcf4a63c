#pragma once

#include <string>
#include <utility>
#include <vector>

#include "rest/tool.hpp"

namespace postern::rest {

// What the documents say about an API beside its tools. URLs are absolute; empty ones are left out.
struct Api {
  std::string name;     // shown to people
  std::string origin;   // where the tools are called
  std::string version;  // of the document
  std::string authorize_url;
  std::string token_url;
  std::vector<std::pair<std::string, std::string>> scopes;  // each with what it stands for
  std::vector<std::string> default_scopes;
};

struct UsableTool {
  const Tool* tool = nullptr;
  std::vector<std::string> scopes;  // what calling it needs
};

// OpenAPI 3.1: one path for each tool, in their order; those that no path can name, and all but the first of one name,
// are left out. Pure.
std::string openapi_document(const Api& api, const std::vector<UsableTool>& tools);

// The manifest that assistants read beside it. It names no tool.
std::string plugin_manifest(const Api& api);

inline constexpr std::string_view kOpenApiPath = "/.well-known/openapi.json";
inline constexpr std::string_view kPluginPath = "/.well-known/ai-plugin.json";
inline constexpr std::string_view kHealthPath = "/health";

}  // namespace postern::rest

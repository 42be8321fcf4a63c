#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/result.hpp"

namespace postern::rest {

// A tool as the server behind lists it (MCP 2025-11-25, tools, "Data Types").
struct Tool {
  std::string name;
  std::string title;        // shown to people; may be empty
  std::string description;  // may be empty
  nlohmann::json input;     // JSON Schema of the arguments
  nlohmann::json output;    // JSON Schema of structuredContent; null where the tool promises none
  bool read_only = false;   // annotations.readOnlyHint
};

// One page of a list.
struct ToolPage {
  std::vector<Tool> tools;
  std::optional<std::string> next;    // the cursor of the page that follows
  std::size_t left_out = 0;           // entries that are not among the tools
  std::vector<std::string> examples;  // what is wrong with the first of them, for the log
};

// The text of an answer to tools/list, as it came. An entry without a sure name (mcp::EntryFault), or one that is not
// strict JSON once its damaged characters are replaced, is left out: an OpenAPI document cannot hold a schema with a
// repeated key or with a number beyond a double. Members that are not what they should be count as absent. protocol:
// the answer has no list.
Result<ToolPage> read_tools(std::string_view answer);

// Where a tool is called: "/tools/" and its name. A slash in the name is one in the path; all else but unreserved
// characters is percent-encoded. nullopt for names that no path can hold so that every program reads it the same way:
// with empty or dot segments, backslashes or control bytes. Such tools are not to be had as REST.
std::optional<std::string> tool_path(std::string_view name);
// The name that such a path means, whichever of its characters are encoded. nullopt: none.
std::optional<std::string> tool_name(std::string_view path);

inline constexpr std::string_view kToolsPath = "/tools/";

}  // namespace postern::rest

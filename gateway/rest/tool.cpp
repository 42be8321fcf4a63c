#include "rest/tool.hpp"

#include "base/encoding.hpp"
#include "http/form.hpp"
#include "http/target.hpp"

namespace postern::rest {
namespace {

using nlohmann::json;

std::string text_of(const json& object, const char* member) {
  const auto at = object.find(member);
  return at != object.end() && at->is_string() ? at->get<std::string>() : std::string();
}

json object_of(const json& object, const char* member) {
  const auto at = object.find(member);
  return at != object.end() && at->is_object() ? *at : json();
}

// Of a tool's title (2025-06-18) and the one among its annotations, the former counts.
Tool read_tool(const json& entry, const std::string& name) {
  Tool tool;
  tool.name = name;
  tool.title = text_of(entry, "title");
  tool.description = text_of(entry, "description");
  tool.input = object_of(entry, "inputSchema");
  tool.output = object_of(entry, "outputSchema");
  const auto annotations = object_of(entry, "annotations");
  if (annotations.is_object()) {
    if (tool.title.empty()) tool.title = text_of(annotations, "title");
    const auto hint = annotations.find("readOnlyHint");
    tool.read_only = hint != annotations.end() && hint->is_boolean() && hint->get<bool>();
  }
  return tool;
}

}  // namespace

Result<ToolPage> read_tools(const json& result) {
  const auto list = result.is_object() ? result.find("tools") : result.end();
  if (!result.is_object() || list == result.end() || !list->is_array()) {
    return fail(Errc::protocol, "the answer to tools/list has no list");
  }
  ToolPage page;
  for (const auto& entry : *list) {
    const auto name = entry.is_object() ? entry.find("name") : entry.end();
    if (!entry.is_object() || name == entry.end() || !name->is_string()) {
      return fail(Errc::protocol, "the answer to tools/list has an entry without a name");
    }
    page.tools.push_back(read_tool(entry, name->get_ref<const std::string&>()));
  }
  const auto next = result.find("nextCursor");
  if (next != result.end() && next->is_string()) page.next = next->get<std::string>();
  return page;
}

std::optional<std::string> tool_path(std::string_view name) {
  std::string path(kToolsPath);
  for (;;) {
    const auto slash = name.find('/');
    path += http::percent_encode(name.substr(0, slash));
    if (slash == std::string_view::npos) break;
    path += '/';
    name.remove_prefix(slash + 1);
  }
  if (path.ends_with('/') || !http::path_fault(path).empty()) return std::nullopt;
  return path;
}

std::optional<std::string> tool_name(std::string_view path) {
  if (!path.starts_with(kToolsPath) || !http::path_fault(path).empty()) return std::nullopt;
  auto name = http::percent_decode(path.substr(kToolsPath.size()));
  if (!name || !is_valid_utf8(*name) || !tool_path(*name)) return std::nullopt;
  return name;
}

}  // namespace postern::rest

#include "rest/tool.hpp"

#include "base/encoding.hpp"
#include "http/form.hpp"
#include "http/url/target.hpp"
#include "mcp/answer.hpp"
#include "mcp/list_filter.hpp"
#include "mcp/repair.hpp"

namespace postern::rest {
namespace {

using mcp::EntryFault;
using mcp::ListKind;
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

void leave_out(ToolPage& page, const mcp::ListEntry& entry, const std::string& why) {
  ++page.left_out;
  if (page.examples.size() >= mcp::Filtered::kMostExamples) return;
  page.examples.push_back(mcp::describe(entry, ListKind::tools, why));
}

}  // namespace

Result<ToolPage> read_tools(std::string_view answer) {
  const auto list = mcp::find_list(mcp::read_envelope(answer), ListKind::tools);
  if (!list || !*list) return fail(Errc::protocol, "the answer to tools/list has no list");
  ToolPage page;
  page.next = (*list)->next;
  mcp::for_each_entry((*list)->list, ListKind::tools, [&page](const mcp::ListEntry& entry) {
    if (entry.fault != EntryFault::none) return leave_out(page, entry, mcp::describe(entry.fault, ListKind::tools));
    const auto repaired = mcp::repaired_text(entry.text);
    const auto read = mcp::parse_json(repaired ? std::string_view(*repaired) : entry.text, mcp::kListLimits);
    if (!read) return leave_out(page, entry, "cannot be part of a document: " + read.error().reason);
    page.tools.push_back(read_tool(*read, entry.name));
  });
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

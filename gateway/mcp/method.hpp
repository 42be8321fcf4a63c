#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace postern::mcp {

// What a message asks for, as policy sees it. Every method of MCP 2024-11-05 to 2026-07-28 has a row in method.cpp.
enum class Subject : std::uint8_t {
  connect,     // initialize, ping, server/discover, logging/setLevel, lists, notifications, answers to server requests
  tool,        // names a tool: tools/call
  resource,    // names a resource: resources/read, subscribe, unsubscribe
  prompt,      // names a prompt: prompts/get
  completion,  // completion/complete: follows params.ref, a prompt or a resource template
  task,        // tasks/*: follow the connection
  listen,      // subscriptions/listen: follows the resource URIs in params.notifications.resourceSubscriptions
  unknown,     // nobody knows it, or only servers send it: denied
};

enum class ListKind : std::uint8_t { none, tools, resources, resource_templates, prompts };

struct Method {
  std::string_view name;
  Subject subject = Subject::unknown;
  ListKind list = ListKind::none;  // whose answer is filtered
  bool notification = false;       // sent without an id
  bool modern = false;             // exists in 2026-07-28
  bool legacy = false;             // exists in an earlier revision
  std::string_view named_by = {};  // the member of params that names what is asked for; empty for most
};

// The row of that method; Subject::unknown with the name empty when there is none.
const Method& find_method(std::string_view name) noexcept;

// Every row, sorted by name. Static storage.
std::span<const Method> all_methods() noexcept;

}  // namespace postern::mcp

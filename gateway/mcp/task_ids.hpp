#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "mcp/envelope.hpp"
#include "mcp/jsonrpc.hpp"

// The ids of tasks in messages, replaced in their text (MCP 2025-11-25 "Tasks"; the extension of 2026-07-28, SEP-2663).
// Only ids of tasks that servers hold: those that a client holds are its own. All functions are pure.
namespace postern::mcp {

// Under `_meta`: what ties a message to a task, and what ties a request to several (the latter in the extension).
inline constexpr std::string_view kRelatedTask = "io.modelcontextprotocol/related-task";
inline constexpr std::string_view kRelatedTaskIds = "io.modelcontextprotocol/relatedTaskIds";
// The extension's name, and where a client of 2026-07-28 declares it.
inline constexpr std::string_view kTasksExtension = "io.modelcontextprotocol/tasks";
inline constexpr std::string_view kClientCapabilities = "io.modelcontextprotocol/clientCapabilities";

// What stands in place of an id; nullopt for one that is not known.
using TaskIdMap = std::function<std::optional<std::string>(std::string_view id)>;

// Whether the request may be answered with a task instead of its result: it has `task` (2025-11-25, "Creating Tasks"),
// or declares the extension (2026-07-28).
bool asks_for_task(const Message& request);

// A client's message with the ids that `open` gives: the one that a method names first, then those that the message is
// related to or listens for. Ids that `open` does not know stay. What stands where an id belongs and is not text is
// shown to `open` as it is written. nullopt: nothing changes. `body` is the text that `message` was read from.
std::optional<std::string> with_client_task_ids(std::string_view body, const Message& message, const TaskIdMap& open);

// The request that a server's messages answer.
struct TaskRequest {
  nlohmann::json id;      // null: none, on a stream that a client listens on
  bool may_make = false;  // asks_for_task()
};

// A server's message with the ids that clients know: `made` gives that of the task that answers a request which may
// make one, `known` all others. A notification about the status of a task that is not known becomes an empty text,
// which the caller leaves out, and what ties another message to such a task is removed. So is an id that is there more
// than once or beside a twin, and a repetition in a list of ids, so that the text is never much longer than it came.
// nullopt: nothing changes, as with a text that read_envelope() finds damage in.
std::optional<std::string> with_server_task_ids(const Envelope& message, const TaskRequest& asked,
                                                const TaskIdMap& known, const TaskIdMap& made);
inline std::optional<std::string> with_server_task_ids(std::string_view text, const TaskRequest& asked,
                                                       const TaskIdMap& known, const TaskIdMap& made) {
  return with_server_task_ids(read_envelope(text), asked, known, made);
}

}  // namespace postern::mcp

#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mcp/envelope.hpp"
#include "mcp/list_filter.hpp"
#include "mcp/task_ids.hpp"
#include "proxy/mcp_exchange.hpp"

namespace postern::proxy {

// Whether the policy decides what of the answer to a request may be seen.
bool filters_lists(const McpExchange& exchange);
// Whether ids of tasks may stand in the answer.
bool may_hold_tasks(const McpExchange& exchange);

// What decides which part of an answer's messages the caller may see, and by which ids it knows tasks. Holds all that
// it needs but the process's services, so that it may be at work when its exchange has ended. Used by one thread at a
// time.
class AnswerEditor {
 public:
  using Edited = Result<std::optional<std::string>, mcp::JsonFault>;

  // The services must outlive it.
  explicit AnswerEditor(const McpExchange& exchange);

  // How many bytes edit() takes at most beside the text. Linear.
  std::size_t bytes_for(std::string_view text) const;
  // The message as the caller may see it; nullopt: nothing changes; empty: nothing of it is for the caller. A fault: it
  // must not pass. Entries of lists that are left out for their damage are named in the log.
  Edited edit(const mcp::Envelope& message);
  // JSON-RPC 2.0 section 5.1, for a request whose answer came and could not be read. `why` holds nothing of the answer.
  std::string error(const nlohmann::json& id, std::string_view why) const;
  // For the log: why events were left out, and how many there are by now.
  void warn(std::string_view why, std::size_t left_out) const;
  const nlohmann::json& asked() const noexcept { return asked_.id; }

 private:
  Edited filtered_lists(const mcp::Envelope& message) const;
  std::optional<std::string> with_sealed_tasks(const mcp::Envelope& message);
  std::optional<std::string> sealed_new_task(std::string_view id);
  std::optional<std::string> sealed_known_task(std::string_view id) const;

  telemetry::Log& log_;
  const crypto::Aead& seal_;
  std::shared_ptr<const policy::Policy> policy_;
  policy::Caller caller_;
  std::string request_id_;
  std::optional<mcp::ListKind> list_;  // nullopt: lists of every kind may come
  bool filters_lists_ = false;
  bool may_hold_tasks_ = false;
  mcp::TaskRequest asked_;
  Task made_;  // of the call, without an id; its upstream is that of the answer
  std::vector<KnownTask> tasks_;
};

}  // namespace postern::proxy

#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/result.hpp"
#include "mcp/jsonrpc.hpp"
#include "mcp/sse.hpp"
#include "server/body_budget.hpp"

namespace postern::server {

// The longest list, and the longest event of a stream with lists, that is kept in memory to be filtered.
inline constexpr std::size_t kMaxFiltered = 16 * 1024 * 1024;

// Filters the lists in a stream of server-sent events. What cannot be read costs only itself: such an event is left
// out, and only where it may have been the answer to a list request is the client told so, with a JSON-RPC error for
// that request instead of an answer that never comes. Fields that the standard does not know are dropped (WHATWG HTML
// section 9.2.6), and data is put on one line, since a lax parser could find other messages in these lines.
//
// Lives in the coroutine of its stream; used by one thread.
class EventFilter {
 public:
  struct Tools {
    // The data of an event with its lists filtered; nullopt: it may pass as it is; empty: it is left out, and nobody
    // misses it. A fault: it must not pass.
    std::function<Result<std::optional<std::string>, mcp::JsonFault>(std::string_view data)> filter;
    // The JSON-RPC error for a request whose answer could not be read. `why` holds nothing of the answer.
    std::function<std::string(const nlohmann::json& id, std::string_view why)> error;
    // For the log: why events were left out, and how many there are by now. Called for the 1st, 2nd, 4th, 8th and so
    // on, so that a server that sends such events for ever does not fill the log.
    std::function<void(std::string_view why, std::size_t left_out)> warn;
  };

  // `asked`: the id of the list request that the stream answers; null for a stream that a client listens on, where
  // answers to earlier requests may come. The budget must outlive the filter.
  EventFilter(Tools tools, nlohmann::json asked, BodyBudget& budget, std::size_t limit = kMaxFiltered);

  // What is to be written for these bytes: whole events. Valid until the next call.
  std::string_view take(std::string_view bytes);
  // What is to be written at the end of the stream.
  std::string_view finish();
  // Whether a client was told that its answer could not be read.
  bool has_failed() const noexcept { return failed_; }

 private:
  void take_event(std::string_view event);
  void pass(std::string_view event, std::string_view data, const std::optional<std::string>& changed);
  void leave_out(std::string_view event, std::string_view data, std::string_view why);
  void tell_of_lost_answer(std::string_view data, std::string_view why);
  void fail_request(const nlohmann::json& id, std::string_view why);

  Tools tools_;
  nlohmann::json asked_;
  BodyShare share_;  // of the event that is not yet whole
  mcp::SseSplitter splitter_;
  std::string out_;
  bool answered_ = false;
  bool failed_ = false;
  bool may_resume_ = false;   // the client knows an event id to come back with
  bool maybe_lost_ = false;   // an event was left out that looked like a message, of a kind that cannot be told
  std::size_t left_out_ = 0;  // events that clients would have looked at
};

}  // namespace postern::server

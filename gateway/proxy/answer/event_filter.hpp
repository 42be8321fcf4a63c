#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/result.hpp"
#include "limits/body_budget.hpp"
#include "mcp/envelope.hpp"
#include "mcp/jsonrpc.hpp"
#include "mcp/sse.hpp"

namespace postern::proxy {

// The longest list, and the longest event of a stream with lists, that is kept in memory to be filtered.
inline constexpr std::size_t kMaxFiltered = 16 * 1024 * 1024;

// Takes a share for an event that is not yet whole: for a short one only for its bytes, so that streams need none for
// the room that they keep for the next one. False when the budget does not allow that now.
bool count_rest(mcp::SseSplitter& splitter, limits::BodyShare& share);

// Filters the lists in a stream of server-sent events. What cannot be read costs only itself: such an event is left
// out, and only where it may have been the answer to a list request is the client told so, with a JSON-RPC error for
// that request instead of an answer that never comes. Fields that the standard does not know are dropped (WHATWG HTML
// section 9.2.6), and data is put on one line, since a lax parser could find other messages in these lines.
//
// Used by one thread at a time: short events are taken by the coroutine of the stream, long ones elsewhere. What an
// event takes is counted while it is worked on, and what is to be written until the next bytes come.
class EventFilter {
 public:
  struct Tools {
    // The data of an event with its lists filtered; nullopt: it may pass as it is; empty: it is left out, and nobody
    // misses it. A fault: it must not pass. Beside the data it takes twice its size at most, and what filtering_bytes()
    // counts for repair.
    std::function<Result<std::optional<std::string>, mcp::JsonFault>(const mcp::Envelope& data)> filter;
    // The JSON-RPC error for a request whose answer could not be read. `why` holds nothing of the answer.
    std::function<std::string(const nlohmann::json& id, std::string_view why)> error;
    // For the log: why events were left out, and how many there are by now. Called for the 1st, 2nd, 4th, 8th and so
    // on, so that a server that sends such events for ever does not fill the log.
    std::function<void(std::string_view why, std::size_t left_out)> warn;
  };

  // `asked`: the id of the list request that the stream answers; null for a stream that a client listens on, where
  // answers to earlier requests may come. `share` is empty, and its budget must outlive the filter.
  EventFilter(Tools tools, nlohmann::json asked, limits::BodyShare share, std::size_t limit = kMaxFiltered);

  // Adds bytes of the stream. What was to be written is forgotten.
  void feed(std::string_view bytes);
  // How long the next whole event among them is, in bytes; 0: none is there.
  std::size_t next_size() const noexcept { return splitter_.next_size(); }
  // Takes that event. Linear in its size.
  void step();
  // Leaves it out without a look at more than its beginning. `why` as for the log.
  void skip(std::string_view why);
  // What is to be written for the events taken so far. Valid until the next call.
  std::string_view out() const noexcept { return out_; }

  // All three for bytes whose events are short.
  std::string_view take(std::string_view bytes);
  // What is to be written at the end of the stream.
  std::string_view finish();
  // Whether a client was told that its answer could not be read.
  bool has_failed() const noexcept { return failed_; }

 private:
  bool has_room_for(std::string_view event);
  void take_event(std::string_view event);
  void note_answer(const mcp::Envelope& envelope);
  void pass(std::string_view event, std::string data, std::optional<std::string> changed);
  void leave_out(std::string_view event, std::string_view data, std::string_view why);
  void tell_of_lost_answer(std::string_view data, std::string_view why);
  void fail_request(const nlohmann::json& id, std::string_view why);

  Tools tools_;
  nlohmann::json asked_;
  limits::BodyShare share_;  // of the event that is not yet whole
  mcp::SseSplitter splitter_;
  std::string out_;
  bool answered_ = false;
  bool failed_ = false;
  bool may_resume_ = false;   // the client knows an event id to come back with
  bool maybe_lost_ = false;   // an event was left out that looked like a message, of a kind that cannot be told
  std::size_t left_out_ = 0;  // events that clients would have looked at
};

}  // namespace postern::proxy

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace postern::mcp {

// Splits a byte stream of server-sent events (WHATWG HTML section 9.2) into whole events as they arrive, whatever the
// read boundaries; LF, CRLF and CR line ends, also mixed. Each event is passed on with its own bytes, unchanged: all
// events and the rest, put together, are the stream. Work is linear in the bytes fed, memory is one event and one read.
//
// Only the beginning of an event over the limit is passed on, as soon as it has grown too long, and the rest of it is
// skipped: callers that can do without such an event go on, others stop when feed() fails.
class SseSplitter {
 public:
  // `limit`: the longest event, in bytes.
  explicit SseSplitter(std::size_t limit) noexcept : limit_(limit) {}

  // Adds bytes. too_large when an event has grown over the limit in them.
  Result<void> feed(std::string_view bytes);
  // The next event including its blank line, or an empty view. Valid until the next call of feed().
  std::string_view next() noexcept;
  // How long the event is that next() would return; 0: none is there yet.
  std::size_t next_size() const noexcept;
  // Whether the event that next() has just returned is only the beginning of one.
  bool is_cut() const noexcept { return is_cut_; }
  // Treats an unfinished event as one over the limit, where there is no memory for it: no more of it than its beginning
  // is kept.
  void give_up_rest();
  // The bytes of memory that the events and the rest take, with the room that is kept for more.
  std::size_t memory() const noexcept { return buffer_.capacity(); }
  // Gives back that room.
  void trim() { buffer_.shrink_to_fit(); }
  // What follows the last whole event. At the end of the stream it is an unfinished event, which clients are to
  // discard (section 9.2.6), unless its last line end was a CR that left open whether an LF would follow. Empty while
  // an event is skipped.
  std::string_view rest() const noexcept;

 private:
  // How the scan stands after a byte.
  enum class At : unsigned char {
    line_start,     // a line end that is over: the next one ends the event
    after_lone_cr,  // as line_start, in a stream whose lines end with CR: a further CR ends the event at once
    in_line,
    text_cr,      // the line's CR, maybe of a CRLF
    blank_cr,     // the blank line's CR, maybe of a CRLF
    ended_by_cr,  // the event is out; an LF now is only the second half of its last line end
  };
  struct End {
    std::size_t at = 0;
    bool cut = false;
  };

  void drop_handed_out();
  bool ends_before(char c) noexcept;
  bool ends_with(char c) noexcept;
  bool append(std::string_view text);
  void end_event();
  void cut_rest();
  std::size_t begin_of_next() const noexcept { return handed_out_ == 0 ? 0 : ends_[handed_out_ - 1].at; }
  std::size_t begin_of_rest() const noexcept { return ends_.empty() ? 0 : ends_.back().at; }

  std::size_t limit_;
  std::string buffer_;
  std::vector<End> ends_;       // of the events in the buffer
  std::size_t handed_out_ = 0;  // of those
  At at_ = At::line_start;
  bool skipping_ = false;  // the rest of an event of which the beginning was passed on
  bool is_cut_ = false;
};

// The joined `data` lines of one event as the splitter yielded it; empty when it has none.
std::string sse_data(std::string_view event);
// What the event is called: its last `event` line, or "message" (section 9.2.6).
std::string sse_name(std::string_view event);
// Whether every line is a comment or one of the four fields (section 9.2.6), and one of them at most holds data. Other
// fields are ignored by the standard's parser, and data on several lines is one text to it; a laxer parser may find a
// message in any of these lines.
bool sse_is_plain(std::string_view event);
// The event with its data replaced by `data` (split over lines where it has line ends); id, event, retry and comments
// kept, each on a line that ends with LF; lines that mean nothing dropped.
std::string sse_with_data(std::string_view event, std::string_view data);
// The event without its data, which tells a client nothing but where to resume and when; empty where no line is left.
std::string sse_without_data(std::string_view event);
// Whether it has an `id` from which a client can resume the stream.
bool sse_has_id(std::string_view event);

inline constexpr std::string_view kSseKeepAlive = ": keep-alive\n\n";

}  // namespace postern::mcp

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
class SseSplitter {
 public:
  // `limit`: the longest event, in bytes.
  explicit SseSplitter(std::size_t limit) noexcept : limit_(limit) {}

  // Adds bytes. too_large when an event grows over the limit; the splitter is then of no more use.
  Result<void> feed(std::string_view bytes);
  // The next whole event including its blank line, or an empty view. Valid until the next call of feed().
  std::string_view next() noexcept;
  // What follows the last whole event. At the end of the stream it is an unfinished event, which clients are to
  // discard (section 9.2.6), unless its last line end was a CR that left open whether an LF would follow.
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

  bool ends_before(char c) noexcept;
  bool ends_with(char c) noexcept;

  std::size_t limit_;
  std::string buffer_;
  std::vector<std::size_t> ends_;  // of the whole events in the buffer
  std::size_t handed_out_ = 0;     // of those
  At at_ = At::line_start;
};

// The joined `data` lines of one event as the splitter yielded it; empty when it has none.
std::string sse_data(std::string_view event);
// What the event is called: its last `event` line, or "message" (section 9.2.6).
std::string sse_name(std::string_view event);
// Whether every line is a comment or one of the four fields (section 9.2.6). Others are ignored by the standard's
// parser; a laxer one may read them, with whatever they hold.
bool sse_is_plain(std::string_view event);
// The event with its data replaced by `data` (split over lines where it has line ends); id, event, retry and comments
// kept as they were, lines that mean nothing dropped.
std::string sse_with_data(std::string_view event, std::string_view data);

inline constexpr std::string_view kSseKeepAlive = ": keep-alive\n\n";

}  // namespace postern::mcp

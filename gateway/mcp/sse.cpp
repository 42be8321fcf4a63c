#include "mcp/sse.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/text_room.hpp"

namespace postern::mcp {
namespace {

constexpr std::size_t kKept = 64 * 1024;  // bytes of a buffer that are not worth giving back
constexpr std::string_view kBom = "\xEF\xBB\xBF";

// What stands before the first line end; all of it where there is none. Looked at in small blocks, so that a text of
// many short lines takes no longer than one of few: a search for one of the two ends alone could go far beyond the
// other.
std::string_view text_before_line_end(std::string_view text) noexcept {
  constexpr std::size_t kBlock = 128;
  for (std::size_t at = 0; at < text.size(); at += kBlock) {
    const auto block = text.substr(at, kBlock);
    const auto end = std::min(block.find('\n'), block.find('\r'));
    if (end != std::string_view::npos) return text.substr(0, at + end);
  }
  return text;
}

// Takes the first line off `text` and returns it without its end; the last one may have none.
std::string_view take_line(std::string_view& text) noexcept {
  const auto stop = text_before_line_end(text).size();
  if (stop == text.size()) return std::exchange(text, {});
  const std::size_t end = text.substr(stop).starts_with("\r\n") ? stop + 2 : stop + 1;
  const auto line = text.substr(0, stop);
  text.remove_prefix(end);
  return line;
}

// WHATWG HTML section 9.2.6: the value of a line of that field, less one blank after the colon.
std::optional<std::string_view> value_of(std::string_view field, std::string_view line) noexcept {
  if (!line.starts_with(field)) return std::nullopt;
  line.remove_prefix(field.size());
  if (line.empty()) return line;
  if (line.front() != ':') return std::nullopt;
  line.remove_prefix(1);
  if (line.starts_with(' ')) line.remove_prefix(1);
  return line;
}

// Section 9.2.5: one BOM before the stream. Later and further ones would hide the first line from a strict client;
// reading the line all the same can only filter more.
std::string_view without_bom(std::string_view event) noexcept {
  while (event.starts_with(kBom)) event.remove_prefix(kBom.size());
  return event;
}

// Section 9.2.6: the fields a client acts on, and comments, whose name is empty.
bool is_known(std::string_view line) noexcept {
  const auto name = line.substr(0, line.find(':'));
  return name.empty() || name == "data" || name == "id" || name == "event" || name == "retry";
}

// The lines that mean something and hold no data. A line that means nothing here could mean something once the lines
// before it are gone.
std::string other_lines(std::string_view event) {
  std::string out;
  event = without_bom(event);
  while (!event.empty()) {
    const auto line = take_line(event);
    if (line.empty() || !is_known(line) || value_of("data", line)) continue;
    // With its own CR, what follows could become the second half of a CRLF.
    out.append(line).append("\n");
  }
  return out;
}

void append_data(std::string& out, std::string_view data) {
  do {
    const bool more = text_before_line_end(data).size() < data.size();
    out.append("data: ").append(take_line(data)).append("\n");
    // A line end at the very end of the data stands before one more, empty line.
    if (more && data.empty()) out.append("data: \n");
  } while (!data.empty());
}

}  // namespace

void SseSplitter::drop_handed_out() {
  if (handed_out_ == 0) return;
  const std::size_t bytes = ends_[handed_out_ - 1].at;
  buffer_.erase(0, bytes);
  // A stream may last for days after one long event.
  if (buffer_.capacity() > kKept && buffer_.size() < buffer_.capacity() / 4) buffer_.shrink_to_fit();
  ends_.erase(ends_.begin(), ends_.begin() + static_cast<std::ptrdiff_t>(handed_out_));
  for (auto& end : ends_) end.at -= bytes;
  handed_out_ = 0;
}

Result<void> SseSplitter::feed(std::string_view bytes) {
  drop_handed_out();
  bool fits = true;
  while (!bytes.empty()) {
    if (at_ == At::in_line) {
      const auto text = text_before_line_end(bytes);
      fits = append(text) && fits;
      bytes.remove_prefix(text.size());
      if (bytes.empty()) break;
    }
    const char c = bytes.front();
    if (ends_before(c)) end_event();
    const bool ended = ends_with(c);
    fits = append(bytes.substr(0, 1)) && fits;
    bytes.remove_prefix(1);
    if (ended) end_event();
  }
  if (!fits) return fail(Errc::too_large, "a server-sent event is too large");
  return {};
}

// False: with these bytes the event is over the limit.
bool SseSplitter::append(std::string_view text) {
  if (skipping_) return true;
  const auto room = limit_ - (buffer_.size() - begin_of_rest());
  const bool fits = text.size() <= room;
  if (!fits) text = text.substr(0, room);
  reserve_exactly(buffer_, next_capacity(buffer_, text.size(), limit_));
  buffer_ += text;
  if (!fits) cut_rest();
  return fits;
}

void SseSplitter::end_event() {
  if (!std::exchange(skipping_, false)) ends_.push_back({buffer_.size(), false});
}

void SseSplitter::give_up_rest() {
  if (rest().size() > kKept) {
    buffer_.resize(begin_of_rest() + kKept);
    buffer_.shrink_to_fit();
  }
  cut_rest();
}

void SseSplitter::cut_rest() {
  if (buffer_.size() == begin_of_rest()) return;
  ends_.push_back({buffer_.size(), true});
  skipping_ = true;
}

// A blank line's CR that no LF follows.
bool SseSplitter::ends_before(char c) noexcept {
  if (at_ != At::blank_cr || c == '\n') return false;
  at_ = At::line_start;
  return true;
}

bool SseSplitter::ends_with(char c) noexcept {
  if (at_ == At::text_cr && c != '\n') at_ = At::after_lone_cr;
  const At before = at_;
  const bool blank = before == At::line_start || before == At::after_lone_cr;
  switch (c) {
    case '\n': at_ = At::line_start; return blank || before == At::blank_cr;
    case '\r':
      // Waiting for the LF that may follow would hold an event of a CR stream back until the next one comes.
      at_ = before == At::after_lone_cr          ? At::ended_by_cr
            : blank || before == At::ended_by_cr ? At::blank_cr
                                                 : At::text_cr;
      return before == At::after_lone_cr;
    default: at_ = At::in_line; return false;
  }
}

std::string_view SseSplitter::next() noexcept {
  if (handed_out_ == ends_.size()) return {};
  const std::size_t begin = begin_of_next();
  const End end = ends_[handed_out_++];
  is_cut_ = end.cut;
  return std::string_view(buffer_).substr(begin, end.at - begin);
}

std::size_t SseSplitter::next_size() const noexcept {
  return handed_out_ == ends_.size() ? 0 : ends_[handed_out_].at - begin_of_next();
}

std::string_view SseSplitter::rest() const noexcept { return std::string_view(buffer_).substr(begin_of_rest()); }

std::string sse_data(std::string_view event) {
  std::string joined;
  bool first = true;
  event = without_bom(event);
  while (!event.empty()) {
    const auto data = value_of("data", take_line(event));
    if (!data) continue;
    if (!std::exchange(first, false)) joined += '\n';
    joined += *data;
  }
  return joined;
}

std::string sse_name(std::string_view event) {
  std::string_view name;
  event = without_bom(event);
  while (!event.empty()) {
    if (const auto value = value_of("event", take_line(event))) name = *value;
  }
  return name.empty() ? "message" : std::string(name);
}

bool sse_is_plain(std::string_view event) {
  if (event.starts_with(kBom)) event.remove_prefix(kBom.size());
  int data_lines = 0;
  while (!event.empty()) {
    const auto line = take_line(event);
    if (!is_known(line)) return false;
    if (value_of("data", line)) ++data_lines;
  }
  return data_lines <= 1;
}

std::string sse_with_data(std::string_view event, std::string_view data) {
  auto out = other_lines(event);
  constexpr std::size_t kFrame = 16;  // of data on one line
  out.reserve(out.size() + data.size() + kFrame);
  append_data(out, data);
  out += '\n';
  return out;
}

std::string sse_without_data(std::string_view event) {
  auto out = other_lines(event);
  if (!out.empty()) out += '\n';
  return out;
}

bool sse_has_id(std::string_view event) {
  bool has_id = false;
  event = without_bom(event);
  while (!event.empty()) {
    if (const auto id = value_of("id", take_line(event))) has_id = !id->empty();
  }
  return has_id;
}

}  // namespace postern::mcp

#include "mcp/sse.hpp"

#include <optional>
#include <utility>

namespace postern::mcp {
namespace {

constexpr std::string_view kBom = "\xEF\xBB\xBF";

struct Line {
  std::string_view text;
  std::string_view with_end;
};

// Takes the first line off `text`; the last one may have no line end.
Line take_line(std::string_view& text) noexcept {
  const auto stop = text.find_first_of("\r\n");
  if (stop == std::string_view::npos) return {text, std::exchange(text, {})};
  const std::size_t end = text.substr(stop).starts_with("\r\n") ? stop + 2 : stop + 1;
  const Line line{text.substr(0, stop), text.substr(0, end)};
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

void append_data(std::string& out, std::string_view data) {
  do {
    const bool more = data.find_first_of("\r\n") != std::string_view::npos;
    out.append("data: ").append(take_line(data).text).append("\n");
    // A line end at the very end of the data stands before one more, empty line.
    if (more && data.empty()) out.append("data: \n");
  } while (!data.empty());
}

}  // namespace

Result<void> SseSplitter::feed(std::string_view bytes) {
  const std::size_t handed_out = handed_out_ == 0 ? 0 : ends_[handed_out_ - 1];
  buffer_.erase(0, handed_out);
  ends_.erase(ends_.begin(), ends_.begin() + static_cast<std::ptrdiff_t>(handed_out_));
  for (auto& end : ends_) end -= handed_out;
  handed_out_ = 0;

  std::size_t begin = ends_.empty() ? 0 : ends_.back();
  std::size_t position = buffer_.size();
  buffer_.append(bytes);
  const auto end_event = [&](std::size_t end) {
    ends_.push_back(end);
    const bool fits = end - begin <= limit_;
    begin = end;
    return fits;
  };
  for (; position < buffer_.size(); ++position) {
    const char c = buffer_[position];
    if (at_ == At::in_line && c != '\n' && c != '\r') continue;
    bool fits = true;
    if (ends_before(c)) fits = end_event(position);
    if (ends_with(c)) fits = end_event(position + 1) && fits;
    if (!fits) return fail(Errc::too_large, "a server-sent event is too large");
  }
  if (buffer_.size() - begin > limit_) return fail(Errc::too_large, "a server-sent event is too large");
  return {};
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
  const std::size_t begin = handed_out_ == 0 ? 0 : ends_[handed_out_ - 1];
  const std::size_t end = ends_[handed_out_++];
  return std::string_view(buffer_).substr(begin, end - begin);
}

std::string_view SseSplitter::rest() const noexcept {
  return std::string_view(buffer_).substr(ends_.empty() ? 0 : ends_.back());
}

std::string sse_data(std::string_view event) {
  std::string joined;
  bool first = true;
  event = without_bom(event);
  while (!event.empty()) {
    const auto data = value_of("data", take_line(event).text);
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
    if (const auto value = value_of("event", take_line(event).text)) name = *value;
  }
  return name.empty() ? "message" : std::string(name);
}

bool sse_is_plain(std::string_view event) {
  if (event.starts_with(kBom)) event.remove_prefix(kBom.size());
  while (!event.empty()) {
    const auto line = take_line(event).text;
    if (!is_known(line)) return false;
  }
  return true;
}

std::string sse_with_data(std::string_view event, std::string_view data) {
  std::string out;
  out.reserve(event.size() + data.size());
  event = without_bom(event);
  while (!event.empty()) {
    const Line line = take_line(event);
    // A line that means nothing here could mean something once the lines before it are gone.
    if (line.text.empty() || !is_known(line.text) || value_of("data", line.text)) continue;
    out += line.with_end;
    if (line.text.size() == line.with_end.size()) out += '\n';
  }
  append_data(out, data);
  out += '\n';
  return out;
}

}  // namespace postern::mcp

#include "http/wire/field_scan.hpp"

#include <algorithm>
#include <limits>

#include "base/strings.hpp"
#include "http/characters.hpp"
#include "http/header/deciding_fields.hpp"
#include "http/wire/fault.hpp"

namespace postern::http {
namespace {

// Blanks only. The fields that frame a message are taken so: servers disagree whether a tab is white space there.
std::string_view trim_blanks(std::string_view text) noexcept {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

void note_connection(std::string_view value, MessageFields& found) noexcept {
  for (;;) {
    const auto comma = value.find(',');
    const auto option = trim(value.substr(0, comma));
    if (!all_of(option, character::kToken)) found.connection_malformed = true;
    found.close = found.close || ascii_iequals(option, "close");
    found.keep_alive = found.keep_alive || ascii_iequals(option, "keep-alive");
    // A field named here is not passed on; naming these would take away who calls, or where the body ends.
    for (const std::string_view name : {"authorization", "host", "content-length", "transfer-encoding"}) {
      found.connection_protected = found.connection_protected || ascii_iequals(option, name);
    }
    if (comma == std::string_view::npos) return;
    value.remove_prefix(comma + 1);
  }
}

void note(std::uint8_t& number, std::string_view& text, std::string_view value) noexcept {
  if (number < 2) ++number;
  text = value;
}

void note_field(std::string_view name, std::string_view raw, MessageFields& found) noexcept {
  switch (name.size()) {
    case 4:
      if (ascii_iequals(name, "host")) note(found.hosts, found.host, trim_blanks(raw));
      break;
    case 6:
      if (ascii_iequals(name, "expect")) note(found.expectations, found.expectation, trim_blanks(raw));
      break;
    case 10:
      if (ascii_iequals(name, "connection")) note_connection(raw, found);
      break;
    case 14:
      if (ascii_iequals(name, "content-length")) note(found.lengths, found.length, trim_blanks(raw));
      break;
    case 17:
      if (ascii_iequals(name, "transfer-encoding")) note(found.encodings, found.encoding, trim_blanks(raw));
      break;
    default: break;
  }
}

// One field line without its CRLF.
struct Line {
  std::string_view name;
  std::string_view raw;     // the value with the blanks around it
  bool underscore = false;  // in the name
  bool obs_text = false;    // the value holds bytes above 0x7F
};

// RFC 9112 section 5.1: no white space before the colon; section 5.2: no line folding. `line`: from the name on.
HeadFault name_fault(std::string_view line, std::size_t at) noexcept {
  const char c = line[at];
  if (at == 0 && (c == ' ' || c == '\t')) return bad_request("a folded header line");
  if (at == 0 && c == ':') return bad_request("an empty header name");
  const auto end = line.find_first_of(":\r\n");
  const bool named = end != std::string_view::npos && line[end] == ':';
  return bad_request("a byte in a header name that is not allowed there",
                     named ? line.substr(0, end) : std::string_view());
}

HeadFault value_fault(char c, std::string_view name) noexcept {
  if (c == '\r' || c == '\n') return bad_request("a bare line end in a header", name);
  if (c == '\0') return bad_request("a NUL byte in a header", name);
  return bad_request("a control byte in a header", name);
}

// The end of the value that begins at `at`: where its CRLF stands, or the byte that does not belong there.
std::size_t value_end(std::string_view head, std::size_t at, bool& obs_text) noexcept {
  for (;;) {
    at = obs_text ? find_unprintable<true>(head, at) : find_unprintable<false>(head, at);
    if (at == head.size()) return at;
    if (is_high(head[at])) {
      obs_text = true;
    } else if (head[at] != '\t') {
      return at;
    } else {
      ++at;
    }
  }
}

bool has_line_end(std::string_view head, std::size_t at) noexcept {
  return head.size() - at >= 2 && head[at] == '\r' && head[at + 1] == '\n';
}

// The field line at `at`, which then is where the next one begins.
std::optional<HeadFault> scan_line(std::string_view head, std::size_t& at, Line& line) noexcept {
  const std::size_t name_start = at;
  while (at < head.size() && is(head[at], character::kFieldName)) ++at;
  line.underscore = at < head.size() && head[at] == '_';
  while (line.underscore && at < head.size() && is(head[at], character::kToken)) ++at;
  if (at == head.size()) return bad_request("an incomplete head");
  if (head[at] != ':' || at == name_start) return name_fault(head.substr(name_start), at - name_start);
  line.name = head.substr(name_start, at - name_start);

  const std::size_t value_start = at + 1;
  line.obs_text = false;
  at = value_end(head, value_start, line.obs_text);
  if (at == head.size()) return bad_request("an incomplete head");
  if (!has_line_end(head, at)) return value_fault(head[at], line.name);
  line.raw = head.substr(value_start, at - value_start);
  at += 2;
  return std::nullopt;
}

// "Transfer_Encoding": no honest sender writes that, and a server that reads it as the real header sees another end of
// the body.
bool is_twin_of_framing(std::string_view name) noexcept {
  for (const std::string_view framing : {"content-length", "transfer-encoding"}) {
    if (name.size() != framing.size()) continue;
    bool same = true;
    for (std::size_t i = 0; i < name.size() && same; ++i) {
      same = framing[i] == '-' ? name[i] == '-' || name[i] == '_' : ascii_lower(name[i]) == framing[i];
    }
    if (same) return true;
  }
  return false;
}

// A field that a request must not hold in this form, though others may.
std::optional<HeadFault> request_fault(const Line& line) noexcept {
  if (line.underscore && is_twin_of_framing(line.name)) {
    return bad_request("an underscore in the name of a header that frames the body", line.name);
  }
  if (line.obs_text && !line.underscore && decides(line.name) && !may_hold_obs_text(line.name)) {
    return bad_request("a byte above 0x7F in a header that decides something here: send ASCII, or leave it out",
                       line.name);
  }
  return std::nullopt;
}

}  // namespace

std::optional<HeadFault> scan_fields(std::string_view head, std::size_t start, HeadKind kind, const HeadLimits& limits,
                                     FieldBlock& fields, MessageFields& found) noexcept {
  const bool request = kind == HeadKind::request;
  const std::size_t most = std::min(limits.fields, FieldBlock::kCapacity);
  std::size_t at = start;
  for (std::size_t lines = 0; !has_line_end(head, at); ++lines) {
    Line line;
    if (const auto fault = scan_line(head, at, line)) return fault;
    if (lines == most) return head_too_large("too many header fields");
    if (request && (line.underscore || line.obs_text)) {
      if (const auto fault = request_fault(line)) return fault;
      if (line.underscore || !may_hold_obs_text(line.name)) continue;
    }
    if (!fields.push({line.name, trim(line.raw)})) return head_too_large("too many header fields");
    note_field(line.name, line.raw, found);
  }
  if (at + 2 != head.size()) return bad_request("bytes after the end of the head");
  return std::nullopt;
}

Result<BodyLength, HeadFault> body_length(const MessageFields& found, int minor) noexcept {
  BodyLength body;
  if (found.encodings > 0) {
    // RFC 9112 section 6.1: with Content-Length, or in HTTP/1.0, it is an attempt to smuggle.
    if (found.encodings > 1) return bad_request("several Transfer-Encoding fields");
    if (found.lengths > 0) return bad_request("both Transfer-Encoding and Content-Length");
    if (minor == 0) return bad_request("Transfer-Encoding in HTTP/1.0");
    if (!ascii_iequals(found.encoding, "chunked")) return bad_request("a Transfer-Encoding other than chunked");
    body.framing = Framing::chunked;
  } else if (found.lengths > 0) {
    // Section 6.3: equal values may be taken for one, but no honest sender repeats them.
    if (found.lengths > 1) return bad_request("several Content-Length fields");
    constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    if (!parse_uint(found.length, body.content_length) || body.content_length > most) {
      return bad_request("a Content-Length that is no number");
    }
    body.framing = Framing::content_length;
  }
  return body;
}

}  // namespace postern::http

// Every input is taken as a request, as an answer and as a chunked body. Nothing may crash, however the bytes arrive
// the verdict is the same, and what is accepted can be trusted.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/strings.hpp"
#include "http/message.hpp"
#include "http/url/authority.hpp"
#include "http/url/target.hpp"
#include "http/wire/chunked.hpp"
#include "http/wire/head.hpp"
#include "require.hpp"

namespace {

using namespace postern;
using namespace postern::http;

struct Verdict {
  std::size_t size = 0;  // of the head; 0: refused or incomplete
  int status = 0;        // of the fault; 0: none
  std::string_view reason;

  friend bool operator==(const Verdict&, const Verdict&) = default;
};

bool is_final(const Verdict& verdict) { return verdict.size != 0 || verdict.status != 0; }

Verdict feed(HeadFinder& finder, std::string_view received) {
  const auto size = finder.feed(received);
  if (!size) return {0, size.error().status, size.error().reason};
  require(*size <= received.size(), "a head is no longer than what was received");
  return {*size, 0, {}};
}

Verdict find_whole(std::string_view input, const HeadLimits& limits, HeadKind kind) {
  HeadFinder finder(limits, kind);
  return feed(finder, input);
}

Verdict find_in_steps(std::string_view input, std::size_t first, std::size_t step, const HeadLimits& limits,
                      HeadKind kind) {
  HeadFinder finder(limits, kind);
  for (std::size_t received = first;; received = std::min(received + step, input.size())) {
    const auto verdict = feed(finder, input.substr(0, received));
    if (is_final(verdict) || received == input.size()) return verdict;
  }
}

Verdict find(std::string_view input, const HeadLimits& limits, HeadKind kind) {
  const auto verdict = find_whole(input, limits, kind);
  require(find_in_steps(input, 0, 1, limits, kind) == verdict, "bytes that arrive one by one get the same verdict");
  const std::size_t stride = input.size() / 32 + 1;
  for (std::size_t at = 1; at < input.size(); at += stride) {
    require(find_in_steps(input, at, input.size(), limits, kind) == verdict, "a split head gets the same verdict");
  }
  return verdict;
}

bool inside(std::string_view part, std::string_view whole) {
  return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void check_fields(const FieldBlock& fields, std::string_view text, bool request) {
  for (const auto& field : fields.all()) {
    require(inside(field.name, text) && inside(field.value, text), "fields are views into the head");
    require(is_token(field.name), "names are tokens");
    require(trim(field.value) == field.value, "values have no blanks around them");
    require(field.value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos,
            "values hold no line end");
    if (request) require(is_field_value(field.value), "values of a request are text");
    if (request) require(field.name.find('_') == std::string_view::npos, "names of a request hold no underscore");
  }
}

void check_framing(Framing framing, std::uint64_t length, const FieldBlock& fields) {
  const auto lengths = fields.count("content-length");
  const auto encodings = fields.count("transfer-encoding");
  require(lengths + encodings <= 1, "one field at most frames the message");
  if (framing == Framing::chunked) {
    require(ascii_iequals(fields.only("transfer-encoding").value_or(""), "chunked"), "only chunked is chunked");
  }
  if (framing == Framing::content_length) {
    std::uint64_t value = 0;
    require(parse_uint(fields.only("content-length").value_or(""), value) && value == length,
            "the length is the field's");
  }
}

std::string rebuilt(const RequestHead& head) {
  std::string text =
      std::string(head.method) + " " + std::string(head.target) + " HTTP/1." + std::to_string(head.minor) + "\r\n";
  for (const auto& field : head.fields.all())
    text += std::string(field.name) + ": " + std::string(field.value) + "\r\n";
  return text + "\r\n";
}

bool same(const RequestHead& a, const RequestHead& b) {
  return a.method == b.method && a.path == b.path && a.query == b.query && a.authority == b.authority &&
         a.framing == b.framing && a.content_length == b.content_length && a.keep_alive == b.keep_alive &&
         a.expect_continue == b.expect_continue && a.fields.all().size() == b.fields.all().size();
}

void check_request(std::string_view text, const HeadLimits& limits) {
  const auto head = scan_request_head(text, limits);
  if (!head) {
    require(head.error().status >= 400 && head.error().status < 600 && !head.error().reason.empty(),
            "a fault says what");
    return;
  }
  require(is_token(head->method) && head->method.size() <= 32, "the method is a short token");
  require(inside(head->target, text) && inside(head->path, head->target) && inside(head->query, head->target),
          "target");
  require(head->target.size() <= limits.target, "the target is within its limit");
  require(path_fault(head->path).empty() && query_fault(head->query).empty(), "the path can be routed");
  require(head->fields.count("host") == 1 && split_authority(head->authority).has_value(),
          "one Host that names a server");
  require(head->fields.all().size() <= limits.fields, "no more fields than allowed");
  check_fields(head->fields, text, true);
  check_framing(head->framing, head->content_length, head->fields);
  require(head->framing != Framing::until_close, "a request does not end with the connection");

  HeadLimits wide = limits;
  wide.head = 2 * limits.head + 4 * limits.fields;
  const std::string again = rebuilt(*head);
  require(find_whole(again, wide, HeadKind::request).size == again.size(), "an accepted head can be written again");
  const auto second = scan_request_head(again, wide);
  require(second && same(*head, *second), "and is read as the same");
}

void check_answer(std::string_view text, std::string_view method, const HeadLimits& limits) {
  const auto head = scan_response_head(text, method, limits);
  if (!head) {
    require(head.error().status == 502 && !head.error().reason.empty(), "a fault of an answer is the upstream's");
    return;
  }
  require(head->status >= 100 && head->status <= 599, "the status is one");
  check_fields(head->fields, text, false);
  check_framing(head->framing, head->content_length, head->fields);
  require(!(head->keep_alive && head->framing == Framing::until_close), "what ends with the connection is not reused");
}

struct Decoded {
  std::string body;
  std::size_t consumed = 0;
  bool done = false;
  bool fault = false;
};

Decoded decode(std::string_view input, std::size_t step) {
  ChunkedDecoder decoder;
  Decoded out;
  while (out.consumed < input.size() && !decoder.done()) {
    const auto piece = input.substr(out.consumed, step);
    const auto result = decoder.decode(piece);
    out.fault = !result;
    if (!result) return out;
    require(result->consumed > 0 && result->consumed <= piece.size(), "every step gets on");
    require(inside(result->body, piece.substr(0, result->consumed)), "the body is a view into what was consumed");
    out.body += result->body;
    out.consumed += result->consumed;
  }
  out.done = decoder.done();
  return out;
}

void check_chunks(std::string_view input) {
  const auto whole = decode(input, input.size() + 1);
  for (const std::size_t step : {1U, 2U, 7U}) {
    const auto slow = decode(input, step);
    require(slow.done == whole.done && slow.fault == whole.fault, "a body in pieces ends the same way");
    require(slow.body == whole.body, "and holds the same bytes");
    require(whole.fault || slow.consumed == whole.consumed, "and leaves the same rest");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  HeadLimits small;
  small.head = 300;
  small.target = 40;
  small.fields = 5;
  for (const auto& limits : {HeadLimits{}, small}) {
    const auto request = find(input, limits, HeadKind::request);
    if (request.size != 0) check_request(input.substr(0, request.size), limits);
    const auto answer = find(input, limits, HeadKind::response);
    if (answer.size != 0) {
      for (const std::string_view method : {"POST", "HEAD"}) check_answer(input.substr(0, answer.size), method, limits);
    }
    // The scanners alone must stand bytes no finder has seen.
    check_request(input, limits);
    check_answer(input, "GET", limits);
    if (request.size != 0) check_chunks(input.substr(request.size));
  }
  check_chunks(input);
  return 0;
}

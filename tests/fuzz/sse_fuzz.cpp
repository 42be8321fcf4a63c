// Streams of server-sent events. However the bytes arrive the events are the same, and they hold what a client that
// reads the whole stream by the standard would be told.
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mcp/sse.hpp"
#include "require.hpp"

namespace {

using namespace postern::mcp;

constexpr std::size_t kEventLimit = 20'000;

struct Split {
  std::vector<std::string> events;
  std::vector<bool> cut;  // of each event whether it is only the beginning of one
  std::string rest;
  bool fits = true;

  friend bool operator==(const Split&, const Split&) = default;
};

// `cut` says how long the next read is.
template <class Cut>
Split split(std::string_view stream, std::size_t limit, Cut cut) {
  SseSplitter splitter(limit);
  Split out;
  while (!stream.empty()) {
    const auto piece = stream.substr(0, cut());
    stream.remove_prefix(piece.size());
    out.fits = splitter.feed(piece).has_value() && out.fits;
    for (auto event = splitter.next(); !event.empty(); event = splitter.next()) {
      out.events.emplace_back(event);
      out.cut.push_back(splitter.is_cut());
    }
  }
  out.rest = splitter.rest();
  return out;
}

// What a client is told: WHATWG HTML sections 9.2.5 and 9.2.6, step by step and without haste.
class Client {
 public:
  explicit Client(std::string_view stream) {
    if (stream.starts_with("\xEF\xBB\xBF")) stream.remove_prefix(3);
    while (!stream.empty()) {
      const auto stop = stream.find_first_of("\r\n");
      if (stop == std::string_view::npos) return;  // an unfinished line is discarded
      read(stream.substr(0, stop));
      stream.remove_prefix(stop + (stream.substr(stop).starts_with("\r\n") ? 2 : 1));
    }
  }
  std::vector<std::string> told;  // the data of each event
  std::string last_id;

 private:
  void read(std::string_view line) {
    if (line.empty()) return dispatch();
    const auto colon = line.find(':');
    const auto name = line.substr(0, colon);
    auto value = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (name == "data") data_.append(value).append("\n");
    if (name == "id" && value.find('\0') == std::string_view::npos) last_id = value;
  }
  void dispatch() {
    if (data_.empty()) return;
    data_.pop_back();
    told.push_back(std::exchange(data_, {}));
  }
  std::string data_;
};

// A byte order mark inside the stream hides a line from a client, and not from us: more is looked at than is told.
bool has_mark(std::string_view stream) { return stream.find("\xEF\xBB\xBF") != std::string_view::npos; }

void check_event(const std::string& event) {
  const auto data = sse_data(event);
  require(sse_data(sse_with_data(event, data)) == data, "data put back is the same");
  constexpr std::string_view other = "{\"a\":\n1}";
  const auto changed = sse_with_data(event, other);
  require(sse_data(changed) == other, "other data takes its place");
  const Client client(changed);
  require(client.told == std::vector<std::string>{std::string(other)}, "and is the one thing a client is told");
  if (!has_mark(event)) require(client.last_id == Client(event).last_id, "under the same id");
}

void check_whole(std::string_view input, const Split& whole) {
  std::string joined;
  std::vector<std::string> told;
  for (const auto& event : whole.events) {
    joined += event;
    check_event(event);
    const auto one = Client(event).told;
    require(one.size() <= 1, "an event is told once");
    if (has_mark(event)) continue;
    require(one.empty() ? sse_data(event).empty() : sse_data(event) == one.front(), "and its data is what is told");
    told.insert(told.end(), one.begin(), one.end());
  }
  require(joined + whole.rest == input, "the events and the rest are the stream");
  // The line end that ends an event may be one whose second half is still to come.
  auto all = Client(input).told;
  if (all.size() == told.size() + 1 && !whole.rest.empty()) all.pop_back();
  if (!has_mark(input)) require(told == all, "all that a client is told is in some event");
}

// What is over the limit is cut, and costs no other event.
Split limited(Split whole, std::size_t limit) {
  whole.fits = true;
  if (whole.rest.size() > limit) {
    whole.events.push_back(std::exchange(whole.rest, {}));
    whole.cut.push_back(false);
  }
  for (std::size_t i = 0; i < whole.events.size(); ++i) {
    if (whole.events[i].size() <= limit) continue;
    whole.events[i].resize(limit);
    whole.cut[i] = true;
    whole.fits = false;
  }
  return whole;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto unlimited = split(input, input.size(), [&] { return input.size(); });
  require(unlimited.fits, "no event is longer than the stream");
  for (const std::size_t limit : {kEventLimit, std::size_t{40}}) {
    const auto whole = split(input, limit, [&] { return input.size(); });
    const auto single = split(input, limit, [] { return std::size_t{1}; });
    std::size_t at = 0;
    const auto pieces = split(input, limit, [&]() -> std::size_t {
      return 1U + static_cast<unsigned char>(input[at++ % input.size()]) % 7U;
    });
    require(whole == pieces && whole == single, "nothing depends on the reads");
    require(whole == limited(unlimited, limit), "an event over the limit costs only itself");
    if (whole.fits) check_whole(input, whole);
  }
  return 0;
}

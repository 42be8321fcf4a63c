#include "proxy/tools/tool_lister.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <boost/asio/steady_timer.hpp>

#include "base/json_cost.hpp"
#include "base/strings.hpp"
#include "mcp/answer.hpp"
#include "mcp/list_reader.hpp"
#include "mcp/repair.hpp"
#include "mcp/sse.hpp"
#include "proxy/answer/event_filter.hpp"
#include "proxy/callers.hpp"
#include "proxy/long_work.hpp"
#include "proxy/mcp_exchange.hpp"
#include "proxy/phases/upstream_request.hpp"
#include "upstream/turned_away.hpp"

namespace postern::proxy {
namespace {

using nlohmann::json;

constexpr auto kAnswerWithin = std::chrono::seconds(20);  // each of the few messages
constexpr auto kGoodbyeWithin = std::chrono::seconds(1);
constexpr std::size_t kMostBytes = 4 * 1024 * 1024;
constexpr std::size_t kMostEvents = 1000;  // beside the answers
constexpr int kMostPages = 20;
// The last revision in which a server answers on the stream it was asked on; servers offer what they know instead.
constexpr std::string_view kVersion = "2025-06-18";
constexpr std::string_view kModernVersion = "2026-07-28";

json client_info() { return {{"name", "postern"}, {"version", "1"}}; }

json initialize_message() {
  return {{"jsonrpc", "2.0"},
          {"id", 1},
          {"method", "initialize"},
          {"params", {{"protocolVersion", kVersion}, {"capabilities", json::object()}, {"clientInfo", client_info()}}}};
}

json list_message(int id, const std::string& cursor, bool modern) {
  auto params = json::object();
  if (!cursor.empty()) params["cursor"] = cursor;
  if (modern) {
    // MCP 2026-07-28 base protocol, "_meta".
    params["_meta"] = {{"io.modelcontextprotocol/protocolVersion", kModernVersion},
                       {"io.modelcontextprotocol/clientInfo", client_info()},
                       {"io.modelcontextprotocol/clientCapabilities", json::object()}};
  }
  return {{"jsonrpc", "2.0"}, {"id", id}, {"method", "tools/list"}, {"params", std::move(params)}};
}

// The text of the answer to `id` among what has come so far; empty: not yet. Each event seen is counted. Events
// that do not answer it, or cannot be read, are skipped.
std::string find_answer(mcp::SseSplitter& events, const json& id, std::size_t& seen) {
  for (auto event = events.next(); !event.empty() && ++seen <= kMostEvents; event = events.next()) {
    auto data = mcp::sse_data(event);
    if (mcp::may_answer(mcp::read_envelope(data), id)) return data;
  }
  return {};
}

Error no_memory() { return fail(Errc::busy, "no memory for the answer"); }

bool is_event_stream(const http::ResponseHead& head) {
  const auto* field = head.fields.find("content-type");
  return field != nullptr && ascii_iequals(trim(field->value.substr(0, field->value.find(';'))), "text/event-stream");
}

}  // namespace

// One message under way. Shared with the timer that gives it up.
struct ToolLister::Attempt {
  upstream::CancelSlot slot;
  std::unique_ptr<upstream::Exchange> answer;

  void end() {
    slot.cancel();
    if (answer) answer->cancel();
  }
};

struct ToolLister::Answer {
  int status = 0;
  std::string session;
  std::string address;
  std::string location;     // of a redirect, as it can be shown
  std::string text;         // of the answer, as it came
  limits::BodyShare share;  // of the text and the message
  bool no_room = false;     // for the message
  json message = nullptr;   // the JSON-RPC answer, as mcp::read_answer() reads the text; null: none that is one

  // On any thread.
  void understand(const json& id) {
    const auto values = mcp::repaired_size(text) + parsed_bytes(text, mcp::kListLimits);
    no_room = !share.grow_to_work(text.size() + values);
    if (no_room) return;
    auto read = mcp::read_answer(text);
    if (read && read->value("id", json()) == id) message = std::move(*read);
  }
};

namespace {

// The tools of a page that a caller may see, and where the next page is.
struct Page {
  std::int64_t visible = 0;
  std::optional<std::string> next;
};

// On any thread. nullopt: the list cannot be read.
std::optional<Page> read_page(std::string_view text, const policy::Policy& policy, const policy::Caller& caller) {
  const auto listed = mcp::find_list(mcp::read_envelope(text), mcp::ListKind::tools);
  if (!listed || !*listed) return std::nullopt;
  Page page{0, (*listed)->next};
  mcp::for_each_entry((*listed)->list, mcp::ListKind::tools, [&](const mcp::ListEntry& entry) {
    const bool sound = entry.fault == mcp::EntryFault::none;
    if (sound && policy.visible(mcp::ListKind::tools, entry.name, caller)) ++page.visible;
  });
  return page;
}

}  // namespace

nlohmann::json tools_list_message() { return list_message(2, "", false); }

void ToolLister::end() {
  ended_ = true;
  if (attempt_) attempt_->end();
}

// As a call of the client would be sent, but for what is the client's own.
Result<upstream::Request> ToolLister::request(std::string method, const json& message) const {
  upstream::Request made;
  made.method = std::move(method);
  made.caller = caller_of(*subject_.principal);
  made.user = subject_.principal->user;
  made.address = address_;
  auto& headers = made.headers;
  headers.set("Accept", "application/json, text/event-stream");
  if (!message.is_null()) {
    headers.set("Content-Type", "application/json");
    made.body = message.dump();
  }
  if (!version_.empty()) headers.set("MCP-Protocol-Version", version_);
  // MCP 2026-07-28 transports, "Standard Request Headers".
  if (modern_) headers.set("Mcp-Method", message.value("method", ""));
  if (!session_.empty() && !headers.set("Mcp-Session-Id", session_)) {
    return fail(Errc::protocol, "the session id is no header value");
  }
  if (auto added = add_own_headers(*subject_.generation, *subject_.resource, *subject_.principal, headers); !added) {
    return added.error();
  }
  return made;
}

awaitable<Result<ToolLister::Answer>> ToolLister::send(std::string method, json message) {
  auto made = request(std::move(method), message);
  if (!made) co_return made.error();
  if (ended_) co_return fail(Errc::cancelled, "ended from outside");
  const auto now = std::chrono::steady_clock::now();
  if (now >= until_) co_return fail(Errc::timed_out, "it takes too long in all");
  const auto& principal = *subject_.principal;
  const auto& rate = subject_.generation->limits().call;
  held_back_ = worker_.services().counters.rates.call.take(principal.user + '\n' + principal.tenant, now, rate) > 0;
  if (held_back_) co_return fail(Errc::busy, "the user has made too many calls");
  const auto attempt = std::make_shared<Attempt>();
  attempt_ = attempt;
  boost::asio::steady_timer deadline(worker_.io(), std::min(now + kAnswerWithin, until_));
  deadline.async_wait([attempt](const boost::system::error_code& stopped) {
    if (!stopped) attempt->end();
  });
  auto sent = std::move(*made);
  auto answer = co_await worker_.upstream(*subject_.generation, *subject_.resource->upstream)
                    .exchange(std::move(sent), attempt->slot);
  if (!answer) co_return answer.error();
  attempt->answer = std::move(*answer);
  const auto& head = attempt->answer->head();
  Answer got;
  got.status = head.status;
  got.session = head.fields.only("mcp-session-id").value_or("");
  got.address = attempt->answer->address();
  got.location = upstream::shown_location(head.fields.only("location").value_or(""));
  const bool wanted = message.is_object() && message.contains("id");
  if (!wanted) co_return got;
  auto id = message["id"];
  auto whole = co_await read(attempt, std::move(got), id);
  attempt->answer.reset();
  if (!whole) co_return whole.error();
  const auto unread = std::make_shared<Answer>(std::move(*whole));
  std::function<void()> work = [unread, id = std::move(id)] { unread->understand(id); };
  auto done = co_await work_on(unread->text.size(), std::move(work));
  if (!done) co_return done.error();
  if (unread->no_room) co_return fail(Errc::busy, "no memory for the answer");
  co_return std::move(*unread);
}

// Here if the text is short, else where long ones are read; ended from outside like a message under way.
awaitable<Result<void>> ToolLister::work_on(std::size_t bytes, std::function<void()> work) {
  if (!is_long(bytes)) {
    work();
    co_return Result<void>();
  }
  const auto attempt = attempt_;
  auto& pool = worker_.services().pools.long_work;
  auto turn = turn_of(*subject_.principal);
  auto done = co_await do_long_work(pool, attempt->slot, std::move(work), std::move(turn));
  co_return done;
}

awaitable<Result<ToolLister::Answer>> ToolLister::read(std::shared_ptr<Attempt> attempt, Answer got, json id) {
  auto& answer = *attempt->answer;
  const bool events = is_event_stream(answer.head());
  limits::BodyShare share(worker_.services().counters.bodies, subject_.generation->limits().body_memory,
                          {.principal = subject_.principal});
  mcp::SseSplitter splitter(kMostBytes);
  std::string whole;
  const auto first = answer.body_at_hand();
  if (!first) co_return first.error();
  std::string bytes(*first);
  while (true) {
    bytes_ += bytes.size();
    if (bytes_ > kMostBytes || events_ > kMostEvents) co_return fail(Errc::too_large, "the answers are too long");
    if (events) {
      (void)splitter.feed(bytes);  // an event that is too large is passed over, as long as there are bytes left
      if (!count_rest(splitter, share)) co_return no_memory();
      auto found = find_answer(splitter, id, events_);
      if (!found.empty()) {
        got.text = std::move(found);
        got.share = std::move(share);
        co_return got;
      }
    } else if (!append_counted(whole, bytes, kMostBytes, share)) {
      co_return no_memory();
    }
    if (answer.finished()) break;
    const auto more = co_await answer.read_body();
    if (!more) co_return more.error();
    bytes = *more;
  }
  got.text = std::move(whole);
  got.share = std::move(share);
  co_return got;
}

// False: the server has no sessions to begin, and may be of the modern era.
awaitable<Result<bool>> ToolLister::open() {
  std::string post = "POST";
  auto hello = initialize_message();
  auto answer = co_await send(std::move(post), std::move(hello));
  if (!answer) co_return answer.error();
  if (answer->status >= 500) co_return fail(Errc::unavailable, "its status was " + std::to_string(answer->status));
  if (!answer->message.is_object() || !answer->message.contains("result")) co_return false;
  const auto& result = answer->message["result"];
  if (!result.is_object()) co_return fail(Errc::protocol, "its answer to initialize is none");
  const auto version = result.find("protocolVersion");
  if (version != result.end() && version->is_string()) version_ = version->get<std::string>();
  session_ = std::move(answer->session);
  address_ = std::move(answer->address);
  std::string told = "POST";
  json initialized = {{"jsonrpc", "2.0"}, {"method", "notifications/initialized"}};
  auto heard = co_await send(std::move(told), std::move(initialized));
  if (!heard) co_return heard.error();
  co_return true;
}

awaitable<Result<std::int64_t>> ToolLister::list() {
  std::int64_t count = 0;
  std::string cursor;
  for (int page = 0; page < kMostPages; ++page) {
    std::string post = "POST";
    auto message = list_message(page + 2, cursor, modern_);
    auto answer = co_await send(std::move(post), std::move(message));
    if (!answer) co_return answer.error();
    if (!answer->message.is_object()) {
      const auto advice = upstream::advice_on(answer->status, answer->location, subject_.resource->upstream->name);
      co_return fail(Errc::unavailable,
                     "it does not list its tools; its status was " + std::to_string(answer->status) + ": " + advice);
    }
    const auto error = answer->message.find("error");
    if (error != answer->message.end()) {
      // JSON-RPC 2.0 section 5.1: it knows no such method, and so has no tools. In the modern era that is no server.
      const bool none = !modern_ && error->is_object() && error->value("code", json(0)) == json(-32601);
      if (none) co_return count;
      co_return fail(Errc::protocol, "it answers tools/list with an error");
    }
    const auto unread = std::make_shared<Answer>(std::move(*answer));
    const auto listed = std::make_shared<std::optional<Page>>();
    std::function<void()> work = [unread, listed, policy = subject_.resource->policy, caller = subject_.caller] {
      unread->message = nullptr;
      *listed = read_page(unread->text, *policy, caller);
    };
    auto done = co_await work_on(unread->text.size(), std::move(work));
    if (!done) co_return done.error();
    if (!*listed) co_return fail(Errc::protocol, "its list of tools cannot be read");
    count += (*listed)->visible;
    if (!(*listed)->next) break;
    cursor = *(*listed)->next;
  }
  co_return count;
}

awaitable<Result<std::int64_t>> ToolLister::count() {
  const auto opened = co_await open();
  if (!opened) co_return opened.error();
  modern_ = !*opened;
  if (modern_) version_ = kModernVersion;
  const auto listed = co_await list();
  if (!session_.empty()) {
    // For courtesy: a server that does not hear it ends its session by itself, and nobody waits for it.
    until_ = std::min(until_, std::chrono::steady_clock::now() + kGoodbyeWithin);
    std::string goodbye = "DELETE";
    json nothing;
    co_await send(std::move(goodbye), std::move(nothing));
  }
  co_return listed;
}

}  // namespace postern::proxy

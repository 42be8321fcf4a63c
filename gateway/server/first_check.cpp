#include "server/first_check.hpp"

#include <array>
#include <chrono>
#include <optional>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <nlohmann/json.hpp>

#include "base/strings.hpp"
#include "mcp/list_filter.hpp"
#include "mcp/sse.hpp"
#include "server/mcp_exchange.hpp"

namespace postern::server {
namespace {

using nlohmann::json;
using Outcome = store::ToolCheckOutcome;

constexpr auto kAnswerWithin = std::chrono::seconds(20);  // each of the few messages
constexpr std::array<std::chrono::seconds, 2> kTryAgainAfter{std::chrono::seconds(1), std::chrono::seconds(3)};
constexpr std::size_t kLongestAnswer = 4 * 1024 * 1024;
constexpr int kMostPages = 20;
// The last revision in which a server answers on the stream it was asked on; servers offer what they know instead.
constexpr std::string_view kVersion = "2025-06-18";
constexpr std::string_view kModernVersion = "2026-07-28";

// What a check works with; pinned for as long as it runs.
struct Subject {
  std::shared_ptr<const Snapshot> snapshot;
  tenant::ResourcePtr resource;
  std::shared_ptr<const token::Principal> principal;
  policy::Caller caller;
};

// One message under way. Shared with the timer that gives it up.
struct Attempt {
  upstream::CancelSlot slot;
  std::unique_ptr<upstream::Exchange> answer;

  void end() {
    slot.cancel();
    if (answer) answer->cancel();
  }
};

struct Answer {
  int status = 0;
  std::string session;
  std::string address;
  json message = nullptr;  // the JSON-RPC answer; null: none that is one
};

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

bool answers(const json& message, const json& id) {
  return message.is_object() && message.contains("id") && message["id"] == id &&
         (message.contains("result") || message.contains("error"));
}

// The answer to `id` among what has come so far; null: not yet.
json find_answer(mcp::SseSplitter& events, const json& id) {
  for (auto event = events.next(); !event.empty(); event = events.next()) {
    auto message = mcp::parse_json(mcp::sse_data(event), mcp::kListLimits);
    if (message && answers(*message, id)) return std::move(*message);
  }
  return nullptr;
}

bool is_event_stream(const http::ResponseHead& head) {
  const auto* field = head.fields.find("content-type");
  return field != nullptr && ascii_iequals(trim(field->value.substr(0, field->value.find(';'))), "text/event-stream");
}

// Speaks with the server behind for one grant. Lives in the check's coroutine.
class Lister {
 public:
  Lister(Worker& worker, const Subject& subject) : worker_(worker), subject_(subject) {}

  // The tools that the user may see. Errors: what kept them from being listed.
  awaitable<Result<std::int64_t>> count();
  void end() {
    ended_ = true;
    if (attempt_) attempt_->end();
  }

 private:
  Result<upstream::Request> request(std::string method, const json& message) const;
  awaitable<Result<Answer>> send(std::string method, json message);
  awaitable<Result<Answer>> read(std::shared_ptr<Attempt> attempt, Answer got, json id);
  awaitable<Result<bool>> open();
  awaitable<Result<std::int64_t>> list();
  std::int64_t visible(const json& tools) const;

  Worker& worker_;
  const Subject& subject_;
  std::shared_ptr<Attempt> attempt_;
  bool ended_ = false;
  bool modern_ = false;
  std::string version_;
  std::string session_;
  std::string address_;
};

// As a call of the client would be sent, but for what is the client's own.
Result<upstream::Request> Lister::request(std::string method, const json& message) const {
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
  if (auto added = add_own_headers(*subject_.snapshot, *subject_.resource, *subject_.principal, headers); !added) {
    return added.error();
  }
  return made;
}

awaitable<Result<Answer>> Lister::send(std::string method, json message) {
  auto made = request(std::move(method), message);
  if (!made) co_return made.error();
  if (ended_) co_return fail(Errc::cancelled, "ended from outside");
  const auto attempt = std::make_shared<Attempt>();
  attempt_ = attempt;
  boost::asio::steady_timer deadline(worker_.io(), kAnswerWithin);
  deadline.async_wait([attempt](const boost::system::error_code& stopped) {
    if (!stopped) attempt->end();
  });
  auto sent = std::move(*made);
  auto answer = co_await worker_.upstream(*subject_.resource->upstream).exchange(std::move(sent), attempt->slot);
  if (!answer) co_return answer.error();
  attempt->answer = std::move(*answer);
  const auto& head = attempt->answer->head();
  Answer got;
  got.status = head.status;
  got.session = head.fields.only("mcp-session-id").value_or("");
  got.address = attempt->answer->address();
  const bool wanted = message.is_object() && message.contains("id");
  if (!wanted) co_return got;
  auto id = message["id"];
  auto whole = co_await read(attempt, std::move(got), std::move(id));
  attempt->answer.reset();
  co_return whole;
}

awaitable<Result<Answer>> Lister::read(std::shared_ptr<Attempt> attempt, Answer got, json id) {
  auto& answer = *attempt->answer;
  const bool events = is_event_stream(answer.head());
  BodyShare share(worker_.services().bodies);
  mcp::SseSplitter splitter(kLongestAnswer);
  std::string whole;
  std::size_t size = 0;
  const auto first = answer.body_at_hand();
  if (!first) co_return first.error();
  std::string bytes(*first);
  while (true) {
    size += bytes.size();
    if (size > kLongestAnswer) co_return fail(Errc::too_large, "the answer is too long");
    if (!share.grow_to(size)) co_return fail(Errc::busy, "no memory for the answer");
    if (events) {
      if (auto fed = splitter.feed(bytes); !fed) co_return fed.error();
      got.message = find_answer(splitter, id);
      if (!got.message.is_null()) co_return got;
    } else {
      whole += bytes;
    }
    if (answer.finished()) break;
    const auto more = co_await answer.read_body();
    if (!more) co_return more.error();
    bytes = *more;
  }
  auto message = mcp::parse_json(whole, mcp::kListLimits);
  if (message && answers(*message, id)) got.message = std::move(*message);
  co_return got;
}

// False: the server has no sessions to begin, and may be of the modern era.
awaitable<Result<bool>> Lister::open() {
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

std::int64_t Lister::visible(const json& tools) const {
  std::int64_t count = 0;
  for (const auto& tool : tools) {
    const auto name = tool.is_object() ? tool.find("name") : tool.end();
    if (!tool.is_object() || name == tool.end() || !name->is_string()) continue;
    const auto& policy = *subject_.resource->policy;
    if (policy.visible(mcp::ListKind::tools, name->get_ref<const std::string&>(), subject_.caller)) ++count;
  }
  return count;
}

awaitable<Result<std::int64_t>> Lister::list() {
  std::int64_t count = 0;
  std::string cursor;
  for (int page = 0; page < kMostPages; ++page) {
    std::string post = "POST";
    auto message = list_message(page + 2, cursor, modern_);
    auto answer = co_await send(std::move(post), std::move(message));
    if (!answer) co_return answer.error();
    if (!answer->message.is_object()) {
      co_return fail(Errc::unavailable, "it does not list its tools; its status was " + std::to_string(answer->status));
    }
    const auto error = answer->message.find("error");
    if (error != answer->message.end()) {
      // JSON-RPC 2.0 section 5.1: it knows no such method, and so has no tools. In the modern era that is no server.
      const bool none = !modern_ && error->is_object() && error->value("code", json(0)) == json(-32601);
      if (none) co_return count;
      co_return fail(Errc::protocol, "it answers tools/list with an error");
    }
    const auto& result = answer->message["result"];
    if (!result.is_object() || !result.contains("tools") || !result["tools"].is_array()) {
      co_return fail(Errc::protocol, "its list of tools is none");
    }
    count += visible(result["tools"]);
    const auto next = result.find("nextCursor");
    if (next == result.end() || !next->is_string()) break;
    cursor = next->get<std::string>();
  }
  co_return count;
}

awaitable<Result<std::int64_t>> Lister::count() {
  const auto opened = co_await open();
  if (!opened) co_return opened.error();
  modern_ = !*opened;
  if (modern_) version_ = kModernVersion;
  const auto listed = co_await list();
  if (!session_.empty()) {
    // For courtesy: a server that does not hear it ends its session by itself.
    std::string goodbye = "DELETE";
    json nothing;
    co_await send(std::move(goodbye), std::move(nothing));
  }
  co_return listed;
}

// Blocks on the store.
Result<Subject> subject_of(std::shared_ptr<const Snapshot> snapshot, const std::string& grant, Time now) {
  auto principal = snapshot->verifier().of_grant(grant, now);
  if (!principal) return principal.error();
  const auto resource = snapshot->catalog().by_canonical((*principal)->resource);
  if (resource == nullptr) return fail(Errc::not_found, "its resource is no longer served");
  auto lowered = std::make_shared<token::Principal>(**principal);
  lowered->scopes = resource->policy->grantable(lowered->scopes, lowered->role);
  const policy::Caller caller = policy_caller(*lowered);
  return Subject{std::move(snapshot), resource, std::move(lowered), caller};
}

bool is_allowed(const Subject& subject) {
  const auto message = mcp::read_message(list_message(2, "", false).dump());
  const auto decision = subject.resource->policy->decide(*message, subject.caller);
  return decision.shadow || decision.verdict == policy::Verdict::allow;
}

// What may be different in a moment.
bool is_passing(const Error& error) {
  return error.code == Errc::unavailable || error.code == Errc::timed_out || error.code == Errc::closed ||
         error.code == Errc::busy;
}

// Ended from outside when the grant is revoked, or the process drains.
class Ending {
 public:
  Ending(Worker& worker, const std::string& grant) : worker_(worker), stream_{grant, true, [this] { end(); }} {
    worker_.add_stream(&stream_);
  }
  ~Ending() { worker_.remove_stream(&stream_); }
  Ending(const Ending&) = delete;
  Ending& operator=(const Ending&) = delete;

  void of(Lister* lister) noexcept { lister_ = lister; }
  bool ended() const noexcept { return ended_; }

 private:
  void end() {
    ended_ = true;
    if (lister_ != nullptr) lister_->end();
  }

  Worker& worker_;
  OpenStream stream_;
  Lister* lister_ = nullptr;
  bool ended_ = false;
};

// nullopt: ended from outside, there is nothing to tell.
awaitable<std::optional<store::ToolCheck>> run_check(Worker& worker, const Subject& subject) {
  store::ToolCheck check;
  check.grant = subject.principal->grant;
  check.outcome = Outcome::not_allowed;
  if (!is_allowed(subject)) co_return check;
  Ending ending(worker, check.grant);
  for (std::size_t tries = 0;; ++tries) {
    Lister lister(worker, subject);
    ending.of(&lister);
    const auto count = co_await lister.count();
    ending.of(nullptr);
    if (ending.ended()) co_return std::nullopt;
    if (count) {
      check.outcome = Outcome::listed;
      check.tools = *count;
      co_return check;
    }
    worker.services().log.warning(
        "tool_check_failed",
        {{"grant", check.grant}, {"upstream", subject.resource->upstream->name}, {"what", count.error().what}});
    check.outcome = Outcome::unreachable;
    if (tries == kTryAgainAfter.size() || !is_passing(count.error())) co_return check;
    boost::asio::steady_timer pause(worker.io(), kTryAgainAfter.at(tries));
    co_await pause.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    if (ending.ended()) co_return std::nullopt;
  }
}

awaitable<void> check_tools(Worker& worker, std::shared_ptr<const Snapshot> snapshot, std::string grant) {
  auto& services = worker.services();
  const ToolCheckPlace place(services.tool_checks, grant);
  if (!place) co_return;
  const std::function<Result<Subject>()> find = [snapshot, grant, now = services.clock.now()] {
    return subject_of(snapshot, grant, now);
  };
  const auto subject = co_await net::offload<Result<Subject>>(services.store_pool, find);
  if (!subject) {
    services.log.info("tool_check_left_out", {{"grant", grant}, {"what", subject.error().what}});
    co_return;
  }
  const CallPlace call(services.calls, subject->principal->user + '\n' + subject->principal->tenant);
  if (!call) co_return;
  auto check = co_await run_check(worker, *subject);
  if (!check) co_return;
  check->at = services.clock.now();
  services.log.audit("tools_checked", {{"grant", grant},
                                       {"resource", subject->resource->url},
                                       {"tenant", subject->principal->tenant},
                                       {"user", subject->principal->user},
                                       {"listed", check->outcome == Outcome::listed},
                                       {"tools", check->tools}});
  const std::function<Result<void>()> keep = [store = &services.store, made = *check] {
    return store->usage().put_check(made);
  };
  const auto kept = co_await net::offload<Result<void>>(services.store_pool, keep);
  if (!kept) services.log.warning("tool_check_not_kept", {{"grant", grant}, {"what", kept.error().what}});
}

}  // namespace

void begin_tool_check(Worker& worker, std::shared_ptr<const Snapshot> snapshot, std::string grant) {
  if (worker.draining()) return;
  auto* log = &worker.services().log;
  boost::asio::co_spawn(worker.io(), check_tools(worker, std::move(snapshot), std::move(grant)),
                        [log](std::exception_ptr error) {
                          if (error) log->error("tool_check_broke", {});
                        });
}

}  // namespace postern::server

#include "server/first_check.hpp"

#include <array>
#include <chrono>
#include <optional>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "mcp/jsonrpc.hpp"
#include "proxy/callers.hpp"
#include "proxy/mcp_exchange.hpp"
#include "proxy/tools/tool_lister.hpp"
#include "runtime/store_work.hpp"

namespace postern::server {
namespace {

using Outcome = store::ToolCheckOutcome;

constexpr std::array<std::chrono::seconds, 2> kTryAgainAfter{std::chrono::seconds(1), std::chrono::seconds(3)};
constexpr auto kAllWithin = std::chrono::seconds(60);

// Blocks on the store.
Result<proxy::ListedFor> subject_of(std::shared_ptr<const runtime::Generation> generation, const std::string& grant,
                                    Time now) {
  auto principal = generation->verifier().of_grant(grant, now);
  if (!principal) return principal.error();
  const auto resource = generation->catalog().by_canonical((*principal)->resource);
  if (resource == nullptr) return fail(Errc::not_found, "its resource is no longer served");
  auto lowered = std::make_shared<token::Principal>(**principal);
  lowered->scopes = resource->policy->grantable(lowered->scopes, lowered->role);
  const policy::Caller caller = proxy::policy_caller(*lowered);
  return proxy::ListedFor{std::move(generation), resource, std::move(lowered), caller};
}

bool is_allowed(const proxy::ListedFor& subject) {
  const auto message = mcp::read_message(proxy::tools_list_message().dump());
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
  Ending(runtime::Worker& worker, const std::string& grant)
      : worker_(worker), stream_{.grant = grant, .listening = true, .end = [this] { end(); }} {
    worker_.add_stream(&stream_);
  }
  ~Ending() { worker_.remove_stream(&stream_); }
  Ending(const Ending&) = delete;
  Ending& operator=(const Ending&) = delete;

  void of(proxy::ToolLister* lister) noexcept { lister_ = lister; }
  bool ended() const noexcept { return ended_; }

 private:
  void end() {
    ended_ = true;
    if (lister_ != nullptr) lister_->end();
  }

  runtime::Worker& worker_;
  runtime::OpenStream stream_;
  proxy::ToolLister* lister_ = nullptr;
  bool ended_ = false;
};

// nullopt: ended from outside or held back, there is nothing to tell.
net::awaitable<std::optional<store::ToolCheck>> run_check(runtime::Worker& worker, const proxy::ListedFor& subject) {
  store::ToolCheck check;
  check.grant = subject.principal->grant;
  check.outcome = Outcome::not_allowed;
  if (!is_allowed(subject)) co_return check;
  Ending ending(worker, check.grant);
  const auto until = std::chrono::steady_clock::now() + kAllWithin;
  for (std::size_t tries = 0;; ++tries) {
    proxy::ToolLister lister(worker, subject, until);
    ending.of(&lister);
    const auto count = co_await lister.count();
    ending.of(nullptr);
    if (ending.ended() || lister.is_held_back()) co_return std::nullopt;
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

net::awaitable<void> check_tools(runtime::Worker& worker, std::shared_ptr<const runtime::Generation> generation,
                                 std::string grant) {
  auto& services = worker.services();
  limits::ToolCheckPlace place(services.counters.tool_checks, grant);
  if (!place) co_return;
  const std::function<Result<proxy::ListedFor>()> find = [generation, grant, now = services.clock.now()] {
    return subject_of(generation, grant, now);
  };
  const auto subject = co_await runtime::read_store<Result<proxy::ListedFor>>(services, find);
  if (!subject) {
    services.log.info("tool_check_left_out", {{"grant", grant}, {"what", subject.error().what}});
    co_return;
  }
  if (!place.belongs_to(subject->principal->user)) co_return;
  const limits::CallPlace call(services.counters.calls, subject->principal->user + '\n' + subject->principal->tenant,
                               subject->generation->limits().calls_per_user);
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
  const auto kept = co_await runtime::write_store<Result<void>>(services, keep);
  if (!kept) services.log.warning("tool_check_not_kept", {{"grant", grant}, {"what", kept.error().what}});
}

}  // namespace

void begin_tool_check(runtime::Worker& worker, std::shared_ptr<const runtime::Generation> generation,
                      std::string grant) {
  if (worker.draining()) return;
  auto* log = &worker.services().log;
  boost::asio::co_spawn(worker.io(), check_tools(worker, std::move(generation), std::move(grant)),
                        [log](std::exception_ptr error) {
                          if (error) log->error("tool_check_broke", {});
                        });
}

}  // namespace postern::server

#include "app/commands/doctor/probe.hpp"

#include <map>
#include <optional>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "base/strings.hpp"
#include "http/url/url.hpp"
#include "http/url/url_port.hpp"
#include "net/host.hpp"
#include "net/resolver.hpp"
#include "net/tcp.hpp"
#include "net/tls/tls.hpp"
#include "upstream/http_exchange.hpp"
#include "upstream/request_head.hpp"

namespace postern::app::doctor {

namespace asio = boost::asio;
using net::awaitable;

namespace {

using Addresses = std::vector<asio::ip::address>;

// What one request needs, shared with its coroutine.
struct Task {
  http::Url url;
  Addresses addresses;
  std::uint16_t port = 0;
  std::shared_ptr<const net::TlsClient> tls;
  std::shared_ptr<const upstream::Outgoing> outgoing;
  std::function<bool(std::string_view)> enough;
  std::size_t limit = 0;
  net::SteadyTime deadline;
  std::chrono::milliseconds patience{};
};

std::string authority_of(const http::Url& url) { return url.port.empty() ? url.host : url.host + ":" + url.port; }

Answer trouble(Trouble kind, std::string why) { return {.trouble = kind, .why = std::move(why)}; }

Trouble kind_of(Errc code, Trouble otherwise) {
  switch (code) {
    case Errc::timed_out: return Trouble::timed_out;
    case Errc::denied: return Trouble::certificate;
    case Errc::too_large: return Trouble::too_large;
    default: return otherwise;
  }
}

Answer trouble_of(const Error& error, Trouble otherwise) { return trouble(kind_of(error.code, otherwise), error.what); }

// What is left of the time is shared out, so that an address that is silent leaves some to the others.
net::SteadyTime share_of(net::SteadyTime deadline, std::size_t left) {
  const auto now = std::chrono::steady_clock::now();
  return now + (deadline - now) / static_cast<int>(left);
}

awaitable<Result<std::unique_ptr<net::TcpStream>>> connect(asio::any_io_executor executor,
                                                           std::shared_ptr<const Task> task) {
  Error last = fail(Errc::unavailable, "it has no address");
  for (std::size_t i = 0; i < task->addresses.size(); ++i) {
    const asio::ip::tcp::endpoint to(task->addresses[i], task->port);
    const auto until = share_of(task->deadline, task->addresses.size() - i);
    auto connected = co_await net::TcpStream::connect(executor, to, until);
    if (connected) co_return std::move(connected);
    last = std::move(connected).error();
    last.what = to.address().to_string() + " port " + std::to_string(task->port) + ": " + last.what;
  }
  co_return last;
}

awaitable<Answer> read_answer(std::shared_ptr<upstream::HttpConversation> conversation,
                              std::shared_ptr<const Task> task) {
  Answer answer;
  answer.status = conversation->head().status;
  for (const auto& [name, value] : conversation->head().fields.all()) answer.fields.emplace_back(name, value);
  for (;;) {
    if (task->enough && task->enough(answer.body)) co_return answer;
    const auto part = co_await upstream::HttpConversation::read_body(conversation);
    if (!part) co_return trouble_of(part.error(), Trouble::http);
    if (part->empty()) co_return answer;
    if (answer.body.size() + part->size() > task->limit) {
      co_return trouble(Trouble::too_large, "the answer is larger than " + std::to_string(task->limit) + " bytes");
    }
    answer.body += *part;
  }
}

awaitable<Answer> exchange(std::unique_ptr<net::Stream> stream, std::shared_ptr<const Task> task) {
  upstream::HttpUpstreamOptions options;
  options.response_timeout = task->patience;
  options.stream_idle_timeout = task->patience;
  options.head = 32 * 1024;
  const auto conversation = std::make_shared<upstream::HttpConversation>(
      upstream::Connection(nullptr, std::move(stream), false), options, authority_of(task->url));
  upstream::CancelSlot slot;
  auto outgoing = task->outgoing;
  const auto begun = co_await upstream::HttpConversation::begin(conversation, std::move(outgoing), slot);
  if (!begun) co_return trouble_of(begun.error(), Trouble::http);
  auto answer = co_await read_answer(conversation, task);
  co_return answer;
}

awaitable<Answer> perform(asio::any_io_executor executor, std::shared_ptr<const Task> task) {
  auto connected = co_await connect(executor, task);
  if (!connected) co_return trouble_of(connected.error(), Trouble::connection);
  std::unique_ptr<net::Stream> stream;
  if (task->tls) {
    auto tls = task->tls;
    std::string host = task->url.host;
    const auto deadline = task->deadline;
    auto tcp = std::move(*connected);
    auto secured = co_await net::tls_connect(std::move(tcp), std::move(tls), std::move(host), deadline);
    if (!secured) co_return trouble_of(secured.error(), Trouble::tls);
    stream = std::move(*secured);
  } else {
    stream = std::move(*connected);
  }
  auto answer = co_await exchange(std::move(stream), task);
  co_return answer;
}

// On a context of its own, so that whatever is still under way at the deadline goes with it.
Answer run(const std::shared_ptr<const Task>& task) {
  std::optional<Answer> done;
  asio::io_context io{1};
  asio::co_spawn(io, perform(io.get_executor(), task), [&done](const std::exception_ptr& thrown, Answer answer) {
    if (thrown) std::rethrow_exception(thrown);
    done = std::move(answer);
  });
  io.run_until(task->deadline);
  if (!done)
    return trouble(Trouble::timed_out, "no whole answer within " + std::to_string(task->patience.count()) + " ms");
  return *std::move(done);
}

Result<std::shared_ptr<const upstream::Outgoing>> outgoing_of(const Ask& ask, const http::Url& url) {
  auto outgoing = std::make_shared<upstream::Outgoing>();
  outgoing->request.method = ask.method;
  outgoing->request.target = (url.path.empty() ? "/" : url.path) + (url.has_query ? "?" + url.query : "");
  outgoing->request.headers = ask.headers;
  outgoing->request.headers.set("Accept-Encoding", "identity");
  outgoing->request.headers.set("User-Agent", "postern-doctor");
  outgoing->request.body = ask.body;
  auto head = upstream::write_request_head(outgoing->request, authority_of(url), outgoing->request.target);
  if (!head) return head.error();
  outgoing->head = std::move(*head);
  return std::shared_ptr<const upstream::Outgoing>(std::move(outgoing));
}

class NetworkProber final : public Prober {
 public:
  NetworkProber(ProberOptions options, std::shared_ptr<const net::TlsClient> tls)
      : options_(std::move(options)), tls_(std::move(tls)), end_(std::chrono::steady_clock::now() + options_.whole) {}

  Answer ask(const Ask& ask) override {
    const auto now = std::chrono::steady_clock::now();
    if (now >= end_) return trouble(Trouble::out_of_time, "the time for the whole run is over");
    auto url = http::parse_url(ask.url);
    if (!url) return trouble(Trouble::url, url.error().what);
    if (const auto why = refusal(*url); !why.empty()) return trouble(Trouble::url, why);
    const auto addresses = addresses_of(url->host);
    if (!addresses) return trouble(Trouble::name, addresses.error().what);
    auto outgoing = outgoing_of(ask, *url);
    if (!outgoing) return trouble(Trouble::url, outgoing.error().what);
    auto task = std::make_shared<Task>();
    task->tls = url->scheme == "https" ? tls_ : nullptr;
    task->port = http::port_of(*url);
    task->url = *std::move(url);
    task->addresses = *addresses;
    task->outgoing = *std::move(outgoing);
    task->enough = ask.enough;
    task->limit = options_.body;
    task->patience = options_.each;
    task->deadline = std::min(end_, std::chrono::steady_clock::now() + options_.each);
    return run(task);
  }

  // A name is looked up once in a run.
  Result<Addresses> addresses_of(const std::string& host) override {
    if (const auto literal = net::address_literal(host)) return Addresses{*literal};
    if (const auto known = known_.find(host); known != known_.end()) return known->second;
    auto found = net::resolve_blocking(host);
    known_.emplace(host, found);
    return found;
  }

 private:
  std::string refusal(const http::Url& url) const {
    if (url.scheme == "https" || (url.scheme == "http" && (url.is_loopback() || options_.plain_http))) return "";
    if (url.scheme == "http")
      return "http:// is for this machine alone: what is said can be read and changed on the way";
    return "it is no https:// URL";
  }

  ProberOptions options_;
  std::shared_ptr<const net::TlsClient> tls_;
  net::SteadyTime end_;
  std::map<std::string, Result<Addresses>, std::less<>> known_;
};

}  // namespace

std::string_view Answer::header(std::string_view name) const noexcept {
  for (const auto& [key, value] : fields) {
    if (ascii_iequals(key, name)) return value;
  }
  return {};
}

bool Answer::has(std::string_view name) const noexcept {
  for (const auto& [key, value] : fields) {
    if (ascii_iequals(key, name)) return true;
  }
  return false;
}

Result<std::unique_ptr<Prober>> make_prober(ProberOptions options) {
  auto tls = net::TlsClient::load({.authorities = options.authorities, .own = {}});
  if (!tls) return tls.error();
  return std::unique_ptr<Prober>(std::make_unique<NetworkProber>(std::move(options), *std::move(tls)));
}

}  // namespace postern::app::doctor

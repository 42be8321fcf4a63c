#include <algorithm>
#include <stdexcept>

#include "upstream/http_exchange.hpp"
#include "upstream/request_head.hpp"

namespace postern::upstream {

namespace {

constexpr std::size_t kMostUrls = 64;

// RFC 9110 section 9.2.2: a proxy must not send a request again by itself unless its method is idempotent, for the
// server may have carried it out before it closed. So a tool is never called twice; the client is told instead.
bool may_be_repeated(std::string_view method) {
  constexpr std::string_view kIdempotent[] = {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"};
  return std::ranges::find(kIdempotent, method) != std::end(kIdempotent);
}

class HttpExchange final : public Exchange {
 public:
  explicit HttpExchange(std::shared_ptr<HttpConversation> conversation) : conversation_(std::move(conversation)) {}
  ~HttpExchange() override { conversation_->abandon(); }
  HttpExchange(const HttpExchange&) = delete;
  HttpExchange& operator=(const HttpExchange&) = delete;

  const http::ResponseHead& head() const noexcept override { return conversation_->head(); }
  awaitable<Result<std::string_view>> read_body() override { return HttpConversation::read_body(conversation_); }
  Result<std::string_view> body_at_hand() override { return conversation_->take(); }
  bool finished() const noexcept override { return conversation_->finished(); }
  void cancel() noexcept override { conversation_->abandon(); }
  std::string_view address() const noexcept override { return conversation_->authority(); }

 private:
  std::shared_ptr<HttpConversation> conversation_;
};

// The addresses of one upstream, used in turn. Shared by the exchanges under way.
struct Pool {
  HttpUpstreamOptions options;
  std::vector<std::shared_ptr<Address>> addresses;
  std::size_t next = 0;

  // The next one not tried yet, of those that did not fail lately if there is one; nullptr when all were tried.
  std::shared_ptr<Address> pick(const std::string& wanted, std::uint64_t& tried) {
    for (const bool avoid_failed : {true, false}) {
      for (std::size_t i = 0; i < addresses.size(); ++i) {
        const std::size_t at = (next + i) % addresses.size();
        const Address& address = *addresses[at];
        if ((tried >> at & 1) != 0 || (!wanted.empty() && wanted != address.authority())) continue;
        if (avoid_failed && address.failed_lately()) continue;
        tried |= std::uint64_t{1} << at;
        if (wanted.empty()) next = at + 1;
        return addresses[at];
      }
    }
    return nullptr;
  }
};

using Begun = Result<std::shared_ptr<HttpConversation>>;

// The request on one connection of the address.
awaitable<Begun> try_once(std::shared_ptr<Pool> pool, Connection connection, std::shared_ptr<Address> address,
                          std::shared_ptr<const Outgoing> outgoing, CancelSlot& slot, bool& stale) {
  const auto conversation =
      std::make_shared<HttpConversation>(std::move(connection), pool->options, address->authority());
  const auto begun = co_await HttpConversation::begin(conversation, std::move(outgoing), slot);
  if (begun) co_return conversation;
  stale = conversation->was_stale(begun.error());
  conversation->abandon();  // a body still being sent beside must not outlast this
  if (slot.cancelled()) co_return fail(Errc::cancelled, "the exchange was cancelled");
  co_return begun.error();
}

awaitable<Result<std::unique_ptr<Exchange>>> exchange_with(std::shared_ptr<Pool> pool, Request request,
                                                           CancelSlot& slot) {
  Error last = fail(Errc::unavailable, pool->options.name + " is not served at " + request.address);
  std::uint64_t tried = 0;
  const auto outgoing = std::make_shared<Outgoing>();
  outgoing->request = std::move(request);
  const std::string& wanted = outgoing->request.address;
  for (auto address = pool->pick(wanted, tried); address; address = pool->pick(wanted, tried)) {
    auto head = write_request_head(outgoing->request, address->authority(), address->target());
    if (!head) co_return head.error();
    outgoing->head = std::move(*head);
    bool stale = false;
    for (const bool fresh : {false, true}) {
      auto connection = co_await Address::acquire(address, slot, fresh);
      if (!connection) {
        last = std::move(connection).error();
        break;
      }
      stale = false;
      auto ready = std::move(*connection);
      auto begun = co_await try_once(pool, std::move(ready), address, outgoing, slot, stale);
      if (begun) co_return std::make_unique<HttpExchange>(std::move(*begun));
      last = std::move(begun).error();
      if (stale && may_be_repeated(outgoing->request.method)) continue;
      if (last.code == Errc::closed) last.code = Errc::unavailable;
      co_return last;
    }
    // Only what could not be connected to is tried elsewhere: nothing was sent there.
    if (last.code != Errc::unavailable) co_return last;
  }
  co_return last;
}

class HttpUpstream final : public Upstream {
 public:
  HttpUpstream(boost::asio::any_io_executor executor, HttpUpstreamOptions options) : pool_(std::make_shared<Pool>()) {
    if (options.urls.empty() || options.urls.size() > kMostUrls) throw std::invalid_argument("1 to 64 upstream urls");
    const Address::Limits limits{options.connections, options.connect_timeout};
    for (const std::string& url : options.urls) {
      pool_->addresses.push_back(std::make_shared<Address>(executor, url, limits, options.tls));
    }
    pool_->options = std::move(options);
  }
  ~HttpUpstream() override {
    for (const auto& address : pool_->addresses) address->retire();
  }
  HttpUpstream(const HttpUpstream&) = delete;
  HttpUpstream& operator=(const HttpUpstream&) = delete;

  awaitable<Result<std::unique_ptr<Exchange>>> exchange(Request request, CancelSlot& slot) override {
    return exchange_with(pool_, std::move(request), slot);
  }

 private:
  std::shared_ptr<Pool> pool_;
};

}  // namespace

std::unique_ptr<Upstream> make_http_upstream(boost::asio::any_io_executor executor, HttpUpstreamOptions options) {
  return std::make_unique<HttpUpstream>(std::move(executor), std::move(options));
}

}  // namespace postern::upstream

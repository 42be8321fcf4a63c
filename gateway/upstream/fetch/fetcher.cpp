#include "upstream/fetch/fetcher.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "http/url/url_port.hpp"
#include "net/host.hpp"
#include "upstream/fetch/fetch_exchange.hpp"

namespace postern::upstream {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kMostAddresses = 3;

Error at_url(const http::Url& url, Error error) {
  error.what = "cannot fetch from " + url.origin() + ": " + error.what;
  return error;
}

// On a context of its own, so that whatever is still under way at the deadline goes with it.
Result<Fetched> run(const std::shared_ptr<const Fetch>& what) {
  std::optional<Result<Fetched>> done;
  asio::io_context io{1};
  asio::co_spawn(io, fetch(io.get_executor(), what), [&done](const std::exception_ptr& thrown, Result<Fetched> result) {
    if (thrown) std::rethrow_exception(thrown);
    done = std::move(result);
  });
  io.run_until(what->deadline);
  if (!done) return fail(Errc::timed_out, "the deadline passed");
  return *std::move(done);
}

// Whether another address of the same name may do better: nothing was said on the connection.
bool may_try_next(Errc code) { return code == Errc::unavailable || code == Errc::timed_out; }

}  // namespace

// One of the fetches that are allowed from a host at the same time.
class Fetcher::Place {
 public:
  Place(Fetcher& fetcher, std::string origin) : fetcher_(fetcher), origin_(std::move(origin)) {
    const std::lock_guard lock(fetcher_.mutex_);
    auto& count = fetcher_.under_way_[origin_];
    taken_ = count < fetcher_.options_.per_host;
    if (taken_) ++count;
  }
  ~Place() {
    if (!taken_) return;
    const std::lock_guard lock(fetcher_.mutex_);
    const auto found = fetcher_.under_way_.find(origin_);
    if (--found->second == 0) fetcher_.under_way_.erase(found);
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  bool taken() const noexcept { return taken_; }

 private:
  Fetcher& fetcher_;
  std::string origin_;
  bool taken_ = false;
};

Fetcher::Fetcher(FetcherOptions options, const Clock& clock) : options_(std::move(options)), clock_(clock) {}

// All or none: a name with one address inside and one outside is made to be asked until the inner one comes up.
Result<Fetcher::Endpoints> Fetcher::endpoints_of(const http::Url& url, const net::FairQueue::Path& from) const {
  if (const auto elsewhere = options_.connect_to.find(url.host); elsewhere != options_.connect_to.end()) {
    return Endpoints{elsewhere->second};
  }
  std::vector<asio::ip::address> addresses;
  if (const auto literal = net::address_literal(url.host)) {
    addresses.push_back(*literal);
  } else {
    auto found = options_.resolve(url.host, from);
    if (!found) return found.error();
    addresses = std::move(*found);
  }
  Endpoints endpoints;
  for (const auto& address : addresses) {
    if (const auto why = options_.guard.refusal(url.host, address)) return fail(Errc::denied, url.host + " " + *why);
    if (endpoints.size() < kMostAddresses) endpoints.emplace_back(address, http::port_of(url));
  }
  return endpoints;
}

Result<Fetched> Fetcher::ask_at(const Endpoints& endpoints, const http::Url& url, const std::optional<PostedForm>& form,
                                const FetchRules& rules) const {
  const auto begun = std::chrono::steady_clock::now();
  Error last = fail(Errc::unavailable, "it has no address");
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    // The whole time is shared out, so that an address that is silent leaves some to the others.
    const auto share = rules.deadline * static_cast<int>(i + 1) / static_cast<int>(endpoints.size());
    const auto tls = url.scheme == "https" ? options_.tls() : nullptr;
    const auto what =
        std::make_shared<const Fetch>(Fetch{url, form, endpoints[i], tls, rules, begun + share, clock_.now()});
    auto fetched = run(what);
    if (fetched) return fetched;
    last = fetched.error();
    if (form || !may_try_next(last.code)) break;
  }
  return last;
}

bool Fetcher::may_be_asked(const http::Url& url) const {
  if (url.has_userinfo || url.has_fragment) return false;
  return url.scheme == "https" || (options_.plain_loopback && url.scheme == "http" && url.is_loopback());
}

Result<Fetched> Fetcher::ask(const std::string& url, const std::optional<PostedForm>& form, const FetchRules& rules,
                             const net::FairQueue::Path& from) {
  const auto parsed = http::parse_url(url);
  if (!parsed || !may_be_asked(*parsed)) {
    return fail(Errc::invalid, "only https:// URLs without user information and fragment are fetched");
  }
  const Place place(*this, parsed->origin());
  if (!place.taken()) return at_url(*parsed, fail(Errc::busy, "enough fetches from there are under way"));
  const auto endpoints = endpoints_of(*parsed, from);
  if (!endpoints) return at_url(*parsed, endpoints.error());
  auto fetched = ask_at(*endpoints, *parsed, form, rules);
  if (!fetched) return at_url(*parsed, fetched.error());
  return fetched;
}

Result<Fetched> Fetcher::get(const std::string& url, const FetchRules& rules, const net::FairQueue::Path& from) {
  return ask(url, std::nullopt, rules, from);
}

Result<Fetched> Fetcher::post(const std::string& url, PostedForm form, const FetchRules& rules) {
  return ask(url, std::move(form), rules, {});
}

}  // namespace postern::upstream

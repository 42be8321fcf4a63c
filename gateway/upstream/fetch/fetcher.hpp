#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "http/url/url.hpp"
#include "net/address_guard.hpp"
#include "net/pools/fair_queue.hpp"
#include "upstream/upstream.hpp"

namespace postern::upstream {

struct FetchRules {
  std::size_t body = 0;                  // bytes at most
  std::chrono::milliseconds deadline{};  // connection, TLS and the whole answer; the look-up of the name has its own
  // Answers of 4xx are told with their text as well: the errors of OAuth are such (RFC 6749 section 5.2).
  bool refusals = false;
};

struct Fetched {
  std::string body;
  std::optional<std::chrono::seconds> lifetime{};  // as its headers say (http/header/freshness.hpp)
  int status = 200;
};

// A form to be posted, and what stands in `Authorization`; empty: nothing.
struct PostedForm {
  Secret form;
  Secret authorization;
};

// `from`: whom the look-up is for.
using Resolve = std::function<Result<std::vector<boost::asio::ip::address>>(const std::string& host,
                                                                            const net::FairQueue::Path& from)>;

struct FetcherOptions {
  net::AddressGuard guard;
  TlsSource tls;
  Resolve resolve;           // net::Lookups::find, except in tests
  std::size_t per_host = 2;  // fetches from one host and port at the same time
  // Hosts that the operator has asked elsewhere than where their names lead; the guard does not look at these. The
  // certificate must still be the host's.
  std::map<std::string, boost::asio::ip::tcp::endpoint, std::less<>> connect_to{};
  // http:// URLs of loopback names are asked as well; the guard has to let them pass.
  bool plain_loopback = false;
};

// JSON at https:// URLs that strangers chose, or that the operator did: the guard's exceptions then. The name is looked
// up once, every address of it must pass the guard, the connection goes to one of these addresses and nowhere else, and
// the address it came to is checked once more. Redirects are not followed, nothing but 200 with a JSON type counts,
// compression is not asked for. Thread-safe.
class Fetcher {
 public:
  Fetcher(FetcherOptions options, const Clock& clock);

  // Blocks its thread: for pools of their own, never for a worker's thread or a pool of the store. `what` of an error
  // is for the log; to tell a stranger more than that it failed is to let him look into the network. Errors: invalid
  // (no URL to be fetched), denied (an address that must not be asked, a certificate that is not accepted), unavailable
  // (no such name, no connection, 5xx), timed_out, protocol (no plain 200 with JSON), too_large, busy (enough fetches
  // from that host are under way, or enough look-ups of names). `from`: whom it is for, with whom it shares look-ups.
  Result<Fetched> get(const std::string& url, const FetchRules& rules, const net::FairQueue::Path& from = {});
  // The same with POST: for what the operator chose to trust with the form. It is sent once.
  Result<Fetched> post(const std::string& url, PostedForm form, const FetchRules& rules);

 private:
  class Place;

  using Endpoints = std::vector<boost::asio::ip::tcp::endpoint>;
  Result<Fetched> ask(const std::string& url, const std::optional<PostedForm>& form, const FetchRules& rules,
                      const net::FairQueue::Path& from);
  bool may_be_asked(const http::Url& url) const;
  Result<Endpoints> endpoints_of(const http::Url& url, const net::FairQueue::Path& from) const;
  Result<Fetched> ask_at(const Endpoints& endpoints, const http::Url& url, const std::optional<PostedForm>& form,
                         const FetchRules& rules) const;

  FetcherOptions options_;
  const Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, std::size_t, std::less<>> under_way_;  // by origin
};

}  // namespace postern::upstream

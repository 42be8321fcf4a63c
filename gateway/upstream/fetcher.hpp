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
#include "http/url.hpp"
#include "net/address_guard.hpp"
#include "upstream/upstream.hpp"

namespace postern::upstream {

struct FetchRules {
  std::size_t body = 0;                  // bytes at most
  std::chrono::milliseconds deadline{};  // connection, TLS and the whole answer; the look-up of the name has its own
};

struct Fetched {
  std::string body;
  std::optional<std::chrono::seconds> lifetime;  // as its headers say (http/freshness.hpp)
};

using Resolve = std::function<Result<std::vector<boost::asio::ip::address>>(const std::string& host)>;

struct FetcherOptions {
  net::AddressGuard guard;
  TlsSource tls;
  Resolve resolve;           // net::resolve_blocking, but for tests
  std::size_t per_host = 2;  // fetches from one host and port at the same time
  // Hosts that the operator has asked elsewhere than where their names lead; the guard does not look at these. The
  // certificate must still be the host's.
  std::map<std::string, boost::asio::ip::tcp::endpoint, std::less<>> connect_to{};
};

// JSON at https:// URLs that strangers chose. The name is looked up once, every address of it must pass the guard, the
// connection goes to one of these addresses and nowhere else, and the address it came to is checked once more.
// Redirects are not followed, nothing but 200 with a JSON type counts, compression is not asked for. Thread-safe.
class Fetcher {
 public:
  Fetcher(FetcherOptions options, const Clock& clock);

  // Blocks its thread: for pools of their own, never for a worker's thread or the store's pool. `what` of an error is
  // for the log; to tell a stranger more than that it failed is to let him look into the network. Errors: invalid (no
  // URL to be fetched), denied (an address that must not be asked, a certificate that is not accepted), unavailable
  // (no such name, no connection, 5xx), timed_out, protocol (no plain 200 with JSON), too_large, busy (enough fetches
  // from that host are under way).
  Result<Fetched> get(const std::string& url, const FetchRules& rules);

 private:
  class Place;

  using Endpoints = std::vector<boost::asio::ip::tcp::endpoint>;
  Result<Endpoints> endpoints_of(const http::Url& url) const;
  Result<Fetched> get_from(const Endpoints& endpoints, const http::Url& url, const FetchRules& rules) const;

  FetcherOptions options_;
  const Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, std::size_t, std::less<>> under_way_;  // by origin
};

}  // namespace postern::upstream

#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "http/wire/head.hpp"

namespace postern::edge {

struct ClientAddress {
  std::string address;
  // The walk along the proxies ended at an entry without an address: clients behind it count as the proxy that
  // wrote it.
  bool unreadable = false;
};

// The proxies whose word counts on where a request comes from. Immutable; thread-safe.
class TrustedProxies {
 public:
  // CIDRs that the configuration has checked, and the one field that these proxies set. Any other is never read, for a
  // client could have sent it.
  explicit TrustedProxies(const std::vector<std::string>& cidrs,
                          config::ClientIpHeader header = config::ClientIpHeader::x_forwarded_for);
  ~TrustedProxies();
  TrustedProxies(TrustedProxies&&) noexcept;
  TrustedProxies& operator=(TrustedProxies&&) noexcept;

  bool contains(std::string_view address) const;
  // The address that limits and logs count: the peer itself, or, when the peer is a trusted proxy, the right-most entry
  // of the field that is not one. An entry that is not an address (RFC 7239 section 6: "unknown", "_hidden") ends the
  // search: the proxy that wrote it counts.
  ClientAddress client_address(std::string_view peer, const http::FieldBlock& fields) const;
  // The name of the field that is read.
  std::string_view header() const noexcept;

 private:
  struct Networks;
  std::unique_ptr<Networks> networks_;
  config::ClientIpHeader header_;
};

}  // namespace postern::edge

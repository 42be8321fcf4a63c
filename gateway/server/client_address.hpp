#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/head.hpp"

namespace postern::server {

// The proxies whose X-Forwarded-For counts. Immutable; thread-safe.
class TrustedProxies {
 public:
  // CIDRs that the configuration has checked.
  explicit TrustedProxies(const std::vector<std::string>& cidrs);
  ~TrustedProxies();
  TrustedProxies(TrustedProxies&&) noexcept;
  TrustedProxies& operator=(TrustedProxies&&) noexcept;

  bool contains(std::string_view address) const;
  // The address that limits and logs count: the peer itself, or, when the peer is a trusted proxy, the right-most entry
  // of X-Forwarded-For that is not one. An entry that is no address ends the search: the hop that wrote it counts.
  std::string client_address(std::string_view peer, const http::FieldBlock& fields) const;

 private:
  struct Networks;
  std::unique_ptr<Networks> networks_;
};

}  // namespace postern::server

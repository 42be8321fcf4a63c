#include "net/resolver.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

namespace postern::net {

namespace asio = boost::asio;

namespace {

constexpr int kSecondsForEachServer = 2;

struct FreeAddresses {
  void operator()(addrinfo* list) const noexcept { freeaddrinfo(list); }
};

// glibc keeps a resolver's state for each thread; its own patience is 5 s twice for each name server.
void be_impatient() {
  if (res_init() != 0) return;
  // Only the name that was said: no domain of ours is tried behind it.
  _res.options &= ~static_cast<decltype(_res.options)>(RES_DNSRCH | RES_DEFNAMES);
  _res.retrans = kSecondsForEachServer;
  _res.retry = 1;
}

asio::ip::address address_of(const addrinfo& entry) {
  if (entry.ai_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, entry.ai_addr, sizeof v4);
    return asio::ip::address_v4(ntohl(v4.sin_addr.s_addr));
  }
  sockaddr_in6 v6{};
  std::memcpy(&v6, entry.ai_addr, sizeof v6);
  asio::ip::address_v6::bytes_type bytes{};
  std::copy_n(std::begin(v6.sin6_addr.s6_addr), bytes.size(), bytes.begin());
  return asio::ip::address_v6(bytes, v6.sin6_scope_id);
}

}  // namespace

Result<std::vector<asio::ip::address>> resolve_blocking(const std::string& host) {
  be_impatient();
  addrinfo wanted{};
  wanted.ai_family = AF_UNSPEC;
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), nullptr, &wanted, &found);
  const std::unique_ptr<addrinfo, FreeAddresses> list(found);
  if (error != 0) return fail(Errc::unavailable, "cannot look up " + host + ": " + gai_strerror(error));
  std::vector<asio::ip::address> addresses;
  for (const addrinfo* entry = list.get(); entry != nullptr; entry = entry->ai_next) {
    if (entry->ai_family == AF_INET || entry->ai_family == AF_INET6) addresses.push_back(address_of(*entry));
  }
  if (addresses.empty()) return fail(Errc::unavailable, "cannot look up " + host + ": it has no address");
  return addresses;
}

}  // namespace postern::net

#include "net/address_guard.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/network.hpp"

namespace postern::net {

namespace asio = boost::asio;
using asio::ip::address_v4;
using asio::ip::address_v6;

namespace {

struct Range4 {
  std::uint32_t network;
  int prefix;
  std::string_view kind;
};

constexpr std::uint32_t v4(unsigned a, unsigned b = 0, unsigned c = 0) { return a << 24 | b << 16 | c << 8; }

// https://www.iana.org/assignments/iana-ipv4-special-registry, and multicast (RFC 5771).
constexpr auto kSpecial4 = std::to_array<Range4>({
    {v4(0), 8, "this network"},
    {v4(10), 8, "private"},
    {v4(100, 64), 10, "shared by a provider"},
    {v4(127), 8, "loopback"},
    {v4(169, 254), 16, "link-local"},
    {v4(172, 16), 12, "private"},
    {v4(192, 0, 0), 24, "reserved for protocols"},
    {v4(192, 0, 2), 24, "documentation"},
    {v4(192, 88, 99), 24, "a relay"},
    {v4(192, 168), 16, "private"},
    {v4(198, 18), 15, "for benchmarks"},
    {v4(198, 51, 100), 24, "documentation"},
    {v4(203, 0, 113), 24, "documentation"},
    {v4(224), 4, "multicast"},
    {v4(240), 4, "reserved or broadcast"},
});

std::string_view special_kind(std::uint32_t address) {
  const auto found = std::ranges::find_if(kSpecial4, [address](const Range4& range) {
    return address >> (32 - range.prefix) == range.network >> (32 - range.prefix);
  });
  return found == kSpecial4.end() ? std::string_view() : found->kind;
}

struct Range6 {
  std::array<std::uint8_t, 8> network;  // the first half
  std::size_t prefix;
  std::string_view kind;
};

// Within 2000::/3, which is all that is given out (RFC 4291 section 2.4); from the registry for IPv6.
constexpr auto kSpecial6 = std::to_array<Range6>({
    {{0x20, 0x01, 0x00}, 23, "reserved for protocols"},  // Teredo, ORCHID and others
    {{0x20, 0x01, 0x0d, 0xb8}, 32, "documentation"},
    {{0x3f, 0xff, 0x00}, 20, "documentation"},
});

template <std::size_t size>
bool begins_with(const address_v6::bytes_type& bytes, const std::array<std::uint8_t, size>& network, std::size_t bits) {
  for (std::size_t at = 0; at < bits; ++at) {
    const auto mask = static_cast<std::uint8_t>(0x80 >> (at % 8));
    if (((bytes[at / 8] ^ network.at(at / 8)) & mask) != 0) return false;
  }
  return true;
}

std::string_view special_kind(const address_v6& address) {
  const auto bytes = address.to_bytes();
  if (const auto inner = ipv4_inside(bytes)) return special_kind(address_v4(*inner).to_uint());
  if (address.is_loopback()) return "loopback";
  if (address.is_link_local()) return "link-local";
  if (address.is_multicast()) return "multicast";
  if ((bytes[0] & 0xfe) == 0xfc) return "private";
  if ((bytes[0] & 0xe0) != 0x20) return "reserved";  // :: and the compatible forms of IPv4 too
  const auto found = std::ranges::find_if(
      kSpecial6, [&bytes](const Range6& range) { return begins_with(bytes, range.network, range.prefix); });
  return found == kSpecial6.end() ? std::string_view() : found->kind;
}

}  // namespace

std::string_view special_kind(const asio::ip::address& address) {
  return address.is_v4() ? special_kind(address.to_v4().to_uint()) : special_kind(address.to_v6());
}

AddressGuard::AddressGuard(const std::vector<std::string>& exceptions) {
  for (const std::string& exception : exceptions) {
    boost::system::error_code not_v4;
    boost::system::error_code not_v6;
    const auto network4 = asio::ip::make_network_v4(exception, not_v4);
    const auto network6 = asio::ip::make_network_v6(exception, not_v6);
    if (!not_v4) {
      networks4_.push_back(network4);
    } else if (!not_v6) {
      networks6_.push_back(network6);
    } else {
      hosts_.push_back(exception);
    }
  }
}

std::optional<std::string> AddressGuard::refusal(std::string_view host, const asio::ip::address& address) const {
  const std::string_view kind = special_kind(address);
  if (kind.empty() || std::ranges::find(hosts_, host) != hosts_.end()) return std::nullopt;
  const auto holds = [&address](const auto& network) {
    if constexpr (std::is_same_v<std::decay_t<decltype(network)>, asio::ip::network_v4>) {
      return address.is_v4() &&
             network.canonical() == asio::ip::network_v4(address.to_v4(), network.prefix_length()).canonical();
    } else {
      return address.is_v6() &&
             network.canonical() == asio::ip::network_v6(address.to_v6(), network.prefix_length()).canonical();
    }
  };
  if (std::ranges::any_of(networks4_, holds) || std::ranges::any_of(networks6_, holds)) return std::nullopt;
  return "is at " + address.to_string() + ", which is not a public address (" + std::string(kind) + ")";
}

}  // namespace postern::net

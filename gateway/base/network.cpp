#include "base/network.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>

#include "base/encoding.hpp"

namespace postern {
namespace {

std::optional<in6_addr> ipv6(const std::string& text) {
  in6_addr bytes{};
  if (inet_pton(AF_INET6, text.c_str(), &bytes) != 1) return std::nullopt;
  return bytes;
}

bool is_ipv4(const std::string& text) {
  in_addr bytes{};
  return inet_pton(AF_INET, text.c_str(), &bytes) == 1;
}

std::string prefix_of(const in6_addr& address, std::size_t bytes) {
  return hex_encode({reinterpret_cast<const char*>(address.s6_addr), bytes}) + "/" + std::to_string(bytes * 8);
}

std::string mapped_ipv4(const std::string& text) { return text.substr(text.rfind(':') + 1); }

}  // namespace

std::string network_of(std::string_view address) {
  std::string text(address);
  const auto bytes = ipv6(text);
  if (!bytes) return text;
  return IN6_IS_ADDR_V4MAPPED(&*bytes) ? mapped_ipv4(text) : prefix_of(*bytes, 8);
}

std::vector<std::string> networks_of(std::string_view address) {
  std::string text(address);
  if (const auto bytes = ipv6(text)) {
    if (!IN6_IS_ADDR_V4MAPPED(&*bytes)) return {prefix_of(*bytes, 4), prefix_of(*bytes, 6), prefix_of(*bytes, 8)};
    text = mapped_ipv4(text);
  }
  if (!is_ipv4(text)) return {std::move(text)};
  return {text.substr(0, text.rfind('.')) + "/24", text};
}

std::optional<std::array<std::uint8_t, 4>> ipv4_inside(const std::array<std::uint8_t, 16>& address) noexcept {
  constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  constexpr std::array<std::uint8_t, 12> kNat64{0, 0x64, 0xff, 0x9b};
  const auto begins_with = [&](const auto& prefix) {
    return std::equal(prefix.begin(), prefix.end(), address.begin());
  };
  const auto four_at = [&](std::size_t at) {
    std::array<std::uint8_t, 4> inner{};
    std::copy_n(address.begin() + static_cast<std::ptrdiff_t>(at), inner.size(), inner.begin());
    return inner;
  };
  if (begins_with(kMapped) || begins_with(kNat64)) return four_at(12);
  if (address[0] == 0x20 && address[1] == 0x02) return four_at(2);
  return std::nullopt;
}

}  // namespace postern

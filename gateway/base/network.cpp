#include "base/network.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <optional>

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

}  // namespace postern

#include "base/network.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/encoding.hpp"

namespace postern {

std::string network_of(std::string_view address) {
  std::string text(address);
  in6_addr bytes{};
  if (inet_pton(AF_INET6, text.c_str(), &bytes) != 1) return text;
  if (IN6_IS_ADDR_V4MAPPED(&bytes)) return text.substr(text.rfind(':') + 1);
  return hex_encode({reinterpret_cast<const char*>(bytes.s6_addr), 8}) + "/64";
}

}  // namespace postern

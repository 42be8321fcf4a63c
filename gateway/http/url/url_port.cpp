#include "http/url/url_port.hpp"

#include <charconv>

namespace postern::http {

std::uint16_t port_of(const Url& url) noexcept {
  std::uint16_t port = url.scheme == "https" ? 443 : 80;
  std::from_chars(url.port.data(), url.port.data() + url.port.size(), port);
  return port;
}

}  // namespace postern::http

#include "policy/authority.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>

#include "base/network.hpp"
#include "base/strings.hpp"

namespace postern::policy {
namespace {

std::string_view default_port(std::string_view scheme) noexcept {
  if (scheme == "https" || scheme == "wss") return "443";
  return scheme == "ftp" ? "21" : "80";
}

bool is_digits(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_ascii(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// The URL Standard, "ends in a number": such a host is an address, in whatever way it is written.
bool ends_in_number(std::string_view host) noexcept {
  const auto label = host.substr(host.rfind('.') + 1);
  return label.starts_with("0x") || (!label.empty() && is_digits(label));
}

// Some readers take 010 for eight, others for ten.
bool has_leading_zero(std::string_view host) {
  const auto parts = split(host, '.');
  return parts.size() > 1 && std::any_of(parts.begin(), parts.end(), [](std::string_view part) {
           return part.size() > 1 && part.front() == '0' && is_digits(part);
         });
}

std::string address_text(int family, const void* address) {
  char text[INET6_ADDRSTRLEN];
  return ::inet_ntop(family, address, text, sizeof text);
}

// The names of other schemes' resources are often numbers (`users://42/profile`), and need not be addresses.
std::optional<std::string> plain_ipv4(std::string_view scheme, const std::string& host) {
  in_addr address{};
  if (has_leading_zero(host)) return std::nullopt;
  // It reads octal, hexadecimal and shortened addresses, as the URL Standard does.
  if (inet_aton(host.c_str(), &address) == 1) return address_text(AF_INET, &address);
  if (is_special_scheme(scheme)) return std::nullopt;
  return host;
}

std::optional<std::string> plain_ipv6(const std::string& host) {
  in6_addr address{};
  const auto inner = host.substr(1, host.size() - 2);
  if (!host.ends_with(']') || inet_pton(AF_INET6, inner.c_str(), &address) != 1) return std::nullopt;
  if (const auto ipv4 = ipv4_inside(std::to_array(address.s6_addr))) return address_text(AF_INET, ipv4->data());
  // RFC 4291 section 2.5.5.1: some readers still take the compatible form for the IPv4 address in it.
  if (IN6_IS_ADDR_V4COMPAT(&address)) return address_text(AF_INET, address.s6_addr + 12);
  return "[" + address_text(AF_INET6, &address) + "]";
}

std::optional<std::string> plain_host(std::string_view scheme, std::string_view written) {
  auto host = ascii_lower(written);
  if (host.starts_with('[')) return plain_ipv6(host);
  while (host.ends_with('.')) host.pop_back();
  if (host.empty() || host.find_first_of("[],") != std::string::npos) return std::nullopt;
  // Parsers map names beyond ASCII to other ones, and not all of them in the same way.
  if (!is_ascii(host)) return std::nullopt;
  return ends_in_number(host) ? plain_ipv4(scheme, host) : host;
}

// With its colon; empty for none.
std::optional<std::string> plain_port(std::string_view scheme, std::string_view port) {
  const bool special = is_special_scheme(scheme);
  if (!is_digits(port)) return special ? std::nullopt : std::optional(":" + std::string(port));
  port.remove_prefix(std::min(port.find_first_not_of('0'), port.size()));
  if (port.empty() || (special && port == default_port(scheme))) return "";
  return ":" + std::string(port);
}

// Where the port begins, with its colon; the end where there is none. An address in brackets has colons of its own.
std::size_t port_begin(std::string_view authority) noexcept {
  const auto bracket = authority.rfind(']');
  return std::min(authority.find(':', bracket == std::string_view::npos ? 0 : bracket), authority.size());
}

// The parts of a text that holds no escapes any more; the scheme in lower case.
struct PlainParts {
  std::string scheme;
  std::string authority;
  std::string rest;
};

std::optional<PlainParts> plain_parts(std::string_view decoded) {
  const auto parts = uri_parts(decoded);
  if (!parts || !parts->authority) return std::nullopt;
  PlainParts out{ascii_lower(parts->scheme), std::string(*parts->authority), std::string(parts->rest)};
  if (out.scheme == "file") out.authority.clear();
  if (auto plain = plain_authority(out.scheme, out.authority)) out.authority = std::move(*plain);
  return out;
}

}  // namespace

std::optional<UriParts> uri_parts(std::string_view uri) noexcept {
  const auto colon = uri.find_first_of(":/?#");
  if (colon == std::string_view::npos || uri[colon] != ':') return std::nullopt;
  UriParts parts{uri.substr(0, colon), std::nullopt, uri.substr(colon + 1)};
  if (!parts.rest.starts_with("//")) return parts;
  parts.authority = parts.rest.substr(2, parts.rest.find_first_of("/?#", 2) - 2);
  parts.rest.remove_prefix(2 + parts.authority->size());
  return parts;
}

bool is_special_scheme(std::string_view scheme) noexcept {
  constexpr std::string_view special[] = {"file", "ftp", "http", "https", "ws", "wss"};
  return std::find(std::begin(special), std::end(special), scheme) != std::end(special);
}

std::optional<std::string> plain_authority(std::string_view scheme, std::string_view authority) {
  // RFC 8089 section 2 lets `file:` name a host. Some readers ignore it, others refuse it or open a network share, so
  // every host is a second reading.
  if (scheme == "file") return authority.empty() ? std::optional<std::string>("") : std::nullopt;
  if (authority.empty()) return is_special_scheme(scheme) ? std::nullopt : std::optional<std::string>("");
  if (const auto at = authority.find('@'); at != std::string_view::npos) {
    authority.remove_prefix(at + 1);
    if (authority.find('@') != std::string_view::npos) return std::nullopt;
  }
  const auto colon = port_begin(authority);
  const auto host = plain_host(scheme, authority.substr(0, colon));
  const auto port =
      colon == authority.size() ? std::optional<std::string>("") : plain_port(scheme, authority.substr(colon + 1));
  if (!host || !port) return std::nullopt;
  return *host + *port;
}

bool has_ascii_host(std::string_view decoded) {
  const auto parts = uri_parts(decoded);
  if (!parts || !parts->authority) return true;
  const auto host = parts->authority->substr(parts->authority->rfind('@') + 1);
  return is_ascii(host) || host.find("**") != std::string_view::npos;  // it may end before what is not
}

std::string plain_reading(std::string_view decoded) {
  const auto parts = plain_parts(decoded);
  return parts ? parts->scheme + "://" + parts->authority + parts->rest : std::string(decoded);
}

bool may_be_name(std::string_view decoded) {
  const auto parts = plain_parts(decoded);
  const auto written = uri_parts(decoded);
  return parts && written->authority && !is_special_scheme(parts->scheme) && !written->authority->empty() &&
         is_digits(*written->authority);
}

std::optional<std::string> reading_without_port(std::string_view reading) {
  const auto parts = plain_parts(reading);
  if (!parts || is_special_scheme(parts->scheme)) return std::nullopt;
  const auto colon = port_begin(parts->authority);
  if (colon == parts->authority.size()) return std::nullopt;
  return parts->scheme + "://" + parts->authority.substr(0, colon) + parts->rest;
}

}  // namespace postern::policy

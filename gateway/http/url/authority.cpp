#include "http/url/authority.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/strings.hpp"
#include "http/characters.hpp"

namespace postern::http {
namespace {

bool is_address(int family, std::string_view text) noexcept {
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  // A NUL byte would hide from inet_pton() what follows it.
  if (text.size() >= terminated.size() || text.find('\0') != std::string_view::npos) return false;
  std::ranges::copy(text, terminated.begin());
  std::array<unsigned char, sizeof(in6_addr)> address{};
  return inet_pton(family, terminated.data(), address.data()) == 1;
}

// WHATWG URL section 3.5 "ends in a number": browsers take such a host for an IPv4 address, whatever it looks like.
bool ends_in_number(std::string_view last_label) noexcept {
  if (std::ranges::all_of(last_label, is_digit)) return true;
  if (last_label.size() < 2 || last_label[0] != '0' || ascii_lower(last_label[1]) != 'x') return false;
  return std::ranges::all_of(last_label.substr(2), [](char c) { return hex_value(c) >= 0; });
}

// RFC 1035 section 2.3.4 for the lengths.
bool is_host_name(std::string_view host) noexcept {
  if (host.size() > 253) return false;
  std::string_view rest = host;
  for (;;) {
    const auto dot = rest.find('.');
    const auto label = rest.substr(0, dot);
    if (label.empty() || label.size() > 63 || !all_of(label, character::kLabel)) return false;
    if (dot == std::string_view::npos) return !ends_in_number(label) || is_ipv4(host);
    rest.remove_prefix(dot + 1);
  }
}

}  // namespace

bool is_port(std::string_view text) noexcept {
  std::uint64_t port = 0;
  return text.size() <= 5 && !text.starts_with('0') && parse_uint(text, port) && port <= 65535;
}

bool is_ipv4(std::string_view host) noexcept { return is_address(AF_INET, host); }

std::optional<Authority> split_authority(std::string_view text) noexcept {
  std::size_t end = 0;
  if (text.starts_with('[')) {
    end = text.find(']');
    if (end == std::string_view::npos || !is_address(AF_INET6, text.substr(1, end - 1))) return std::nullopt;
    ++end;
  } else {
    end = std::min(text.find(':'), text.size());
    if (!is_host_name(text.substr(0, end))) return std::nullopt;
  }
  Authority authority{text.substr(0, end), {}};
  if (end == text.size()) return authority;
  authority.port = text.substr(end + 1);
  if (text[end] != ':' || !is_port(authority.port)) return std::nullopt;
  return authority;
}

}  // namespace postern::http

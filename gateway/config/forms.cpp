#include "config/forms.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/strings.hpp"
#include "http/characters.hpp"
#include "http/url/authority.hpp"

namespace postern::config {
namespace {

using Bytes = std::array<unsigned char, 16>;

// The address in network order; its length is 4 or 16 bytes, 0 when the text is no address.
std::size_t parse_ip(std::string_view text, Bytes& out) {
  const std::string terminated(text);
  if (http::is_ipv4(text)) return ::inet_pton(AF_INET, terminated.c_str(), out.data()) == 1 ? 4 : 0;
  return ::inet_pton(AF_INET6, terminated.c_str(), out.data()) == 1 ? 16 : 0;
}

std::string format_ip(const Bytes& bytes, std::size_t length) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(length == 4 ? AF_INET : AF_INET6, bytes.data(), text.data(), text.size());
  return text.data();
}

bool same_byte(char a, unsigned char b) noexcept { return static_cast<unsigned char>(a) == b; }

bool is_lower_or_digit(char c) noexcept { return (c >= 'a' && c <= 'z') || http::is_digit(c); }
bool is_alnum(char c) noexcept { return is_lower_or_digit(ascii_lower(c)); }

struct RateUnit {
  char name;
  double seconds;
  double burst;  // times the number
};
constexpr RateUnit kRateUnits[] = {{'s', 1, 2}, {'m', 60, 1}, {'h', 3600, 1}};

}  // namespace

std::optional<BindAddress> parse_bind_address(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  auto host = text.substr(0, colon);
  std::uint64_t port = 0;
  if (!parse_uint(text.substr(colon + 1), port) || port > 65535) return std::nullopt;
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (host == "localhost") host = "127.0.0.1";
  Bytes bytes{};
  const auto length = parse_ip(host, bytes);
  if (length != (bracketed ? 16U : 4U)) return std::nullopt;
  return BindAddress{format_ip(bytes, length), static_cast<std::uint16_t>(port)};
}

bool is_loopback_address(std::string_view host) noexcept { return host.starts_with("127.") || host == "::1"; }
bool is_wildcard_address(std::string_view host) noexcept { return host == "0.0.0.0" || host == "::"; }

std::optional<std::string> canonical_network(std::string_view text) {
  const auto slash = text.find('/');
  Bytes bytes{};
  const auto length = parse_ip(text.substr(0, slash), bytes);
  if (length == 0) return std::nullopt;
  std::uint64_t bits = length * 8;
  if (slash != std::string_view::npos && (!parse_uint(text.substr(slash + 1), bits) || bits > length * 8)) {
    return std::nullopt;
  }
  for (auto bit = bits; bit < length * 8; ++bit) {
    if ((bytes[bit / 8] >> (7 - bit % 8) & 1) != 0) return std::nullopt;
  }
  // RFC 4291 section 2.5.5.2: an IPv4 address in IPv6 is that IPv4 address, which is how peers are compared.
  constexpr std::string_view kMapped("\0\0\0\0\0\0\0\0\0\0\xFF\xFF", 12);
  if (length == 16 && bits >= 96 && std::equal(kMapped.begin(), kMapped.end(), bytes.begin(), same_byte)) {
    std::copy(bytes.begin() + 12, bytes.end(), bytes.begin());
    return format_ip(bytes, 4) + "/" + std::to_string(bits - 96);
  }
  return format_ip(bytes, length) + "/" + std::to_string(bits);
}

std::optional<Rate> parse_rate(std::string_view text) {
  constexpr std::string_view kBurst = " burst ";
  std::uint64_t burst = 0;
  const auto more = text.find(kBurst);
  const auto rate = text.substr(0, more);
  std::uint64_t number = 0;
  if (rate.size() < 3 || rate[rate.size() - 2] != '/') return std::nullopt;
  const auto* unit = std::find_if(std::begin(kRateUnits), std::end(kRateUnits),
                                  [&](const RateUnit& candidate) { return candidate.name == rate.back(); });
  if (unit == std::end(kRateUnits) || !parse_uint(rate.substr(0, rate.size() - 2), number)) return std::nullopt;
  if (more != std::string_view::npos && (!parse_uint(text.substr(more + kBurst.size()), burst) || burst == 0)) {
    return std::nullopt;
  }
  if (number == 0 || number > 1'000'000 || burst > 1'000'000) return std::nullopt;
  const auto whole = static_cast<double>(number);
  return Rate{whole / unit->seconds, burst > 0 ? static_cast<double>(burst) : whole * unit->burst};
}

std::string format_rate(const Rate& rate) {
  for (const auto& unit : kRateUnits) {
    const double number = std::round(rate.per_second * unit.seconds);
    if (number < 1 || std::abs(number - rate.per_second * unit.seconds) > 1e-9) continue;
    std::string text = std::to_string(static_cast<std::uint64_t>(number)) + "/" + unit.name;
    if (rate.burst != number * unit.burst) text += " burst " + std::to_string(static_cast<std::uint64_t>(rate.burst));
    return text;
  }
  return "1/h";
}

bool is_handle(std::string_view text) noexcept {
  return !text.empty() && text.size() <= 63 && text.front() != '-' &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_lower_or_digit(c) || c == '-'; });
}

bool is_name(std::string_view text) noexcept {
  return !text.empty() && text.size() <= 63 && is_alnum(text.front()) &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_alnum(c) || c == '-' || c == '_' || c == '.'; });
}

bool is_domain(std::string_view text) noexcept {
  const auto authority = http::split_authority(text);
  return text.size() <= 253 && authority && authority->port.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_lower_or_digit(c) || c == '-' || c == '.'; });
}

// A name of 63 characters and a subject of 255 (OpenID Connect Core section 2).
constexpr std::size_t kLongestUserKey = 63 + 1 + 255;

bool is_user_key(std::string_view text) noexcept {
  if (text.size() > kLongestUserKey ||
      std::any_of(text.begin(), text.end(), [](char c) { return http::is_control(c) || c == ' '; })) {
    return false;
  }
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return !text.empty();
  return is_handle(text.substr(0, colon)) && colon + 1 < text.size();
}

}  // namespace postern::config

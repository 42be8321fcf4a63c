#include "config/host_pattern.hpp"

#include <algorithm>

#include "config/forms.hpp"
#include "http/url/authority.hpp"
#include "http/url/private_scheme.hpp"

namespace postern::config {
namespace {

constexpr std::string_view kHostFault =
    "must be a host name in lower case such as chatgpt.com, without scheme, port and path; or \"*.example.com\" for "
    "the hosts below it";
constexpr std::string_view kStarFault =
    "may hold `*` only in front of a domain of two labels or more, such as \"*.example.com\"; `any` alone allows all";
constexpr std::string_view kBracketsFault =
    "is an IPv6 address: the loopback address is written \"[::1]\", others cannot be allowed";
constexpr std::string_view kRefusedFault =
    "must be the scheme of an app, in lower case, such as \"cursor:\"; hosts are named without a scheme";
constexpr std::string_view kSchemeFault =
    "must name a scheme alone, with its colon and nothing behind it, such as \"cursor:\"; or a host without scheme, "
    "port and path, such as chatgpt.com";

std::string_view star_fault(std::string_view text) noexcept {
  if (!text.starts_with("*.")) return kStarFault;
  const auto below = text.substr(2);
  const bool domain = is_domain(below) && !http::is_ipv4(below) && below.find('.') != std::string_view::npos;
  return domain ? std::string_view() : kStarFault;
}

bool is_ipv6_like(std::string_view text) noexcept {
  return text.find("::") != std::string_view::npos || std::ranges::count(text, ':') > 1;
}

}  // namespace

std::string_view host_pattern_fault(std::string_view text) noexcept {
  if (text.find('*') != std::string_view::npos) return star_fault(text);
  return is_domain(text) ? std::string_view() : kHostFault;
}

std::string_view redirect_domain_fault(std::string_view text) noexcept {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return host_pattern_fault(text);
  if (text == "[::1]") return {};
  if (text.find("://") == std::string_view::npos && is_ipv6_like(text)) return kBracketsFault;
  if (colon + 1 != text.size()) return kSchemeFault;
  return http::is_private_use_scheme(text.substr(0, colon)) ? std::string_view() : kRefusedFault;
}

}  // namespace postern::config

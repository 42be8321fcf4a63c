#include "http/header/cookie.hpp"

#include <stdexcept>

#include "base/strings.hpp"
#include "http/characters.hpp"

namespace postern::http {
namespace {

constexpr std::size_t kCookieBytes = 16 * 1024;
constexpr std::size_t kCookies = 300;

// False: there are more than anybody needs.
template <class Take>
bool each_cookie(const Request& request, const Take& take) {
  std::size_t bytes = 0;
  std::size_t cookies = 0;
  for (const auto& [field, value] : request.fields) {
    if (!ascii_iequals(field, "cookie")) continue;
    bytes += value.size();
    if (bytes > kCookieBytes) return false;
    for (const auto piece : split(value, ';')) {
      if (++cookies > kCookies) return false;
      const auto pair = trim(piece);
      const auto equals = pair.find('=');
      if (equals != std::string_view::npos) take(pair.substr(0, equals), pair.substr(equals + 1));
    }
  }
  return true;
}

}  // namespace

std::string cookie_name(std::string_view name, bool secure) {
  std::string full = secure ? "__Host-" : "";
  full += name;
  return full;
}

std::string set_cookie(std::string_view name, std::string_view value, const CookieOptions& options) {
  // A ";" in the value would add attributes of its own.
  if (!all_of(name, character::kToken) || !all_of(value, character::kCookie)) {
    throw std::invalid_argument("set_cookie: not a legal name or value");
  }
  std::string out = cookie_name(name, options.secure);
  out += '=';
  out += value;
  out += "; Path=/; HttpOnly; SameSite=Lax";
  if (options.secure) out += "; Secure";
  if (options.max_age >= 0) out += "; Max-Age=" + std::to_string(options.max_age);
  return out;
}

std::optional<std::string> read_cookie(const Request& request, std::string_view name, bool secure) {
  const std::string wanted = cookie_name(name, secure);
  std::optional<std::string> found;
  bool twice = false;
  const bool bounded = each_cookie(request, [&](std::string_view sent, std::string_view value) {
    if (sent != wanted) return;
    twice = twice || found || !all_of(value, character::kCookie);
    found = value;
  });
  return bounded && !twice ? found : std::nullopt;
}

std::vector<SentCookie> cookies_that_begin(const Request& request, std::string_view prefix, bool secure) {
  const std::string wanted = cookie_name(prefix, secure);
  const auto hidden = wanted.size() - prefix.size();
  std::vector<SentCookie> found;
  each_cookie(request, [&](std::string_view sent, std::string_view value) {
    const bool ours = all_of(sent, character::kToken) && all_of(value, character::kCookie);
    if (!sent.starts_with(wanted) || !ours) return;
    found.push_back({std::string(sent.substr(hidden)), std::string(value), sent.size() + value.size()});
  });
  return found;
}

}  // namespace postern::http

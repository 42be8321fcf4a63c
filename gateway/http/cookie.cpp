#include "http/cookie.hpp"

#include <stdexcept>

#include "base/strings.hpp"
#include "http/characters.hpp"

namespace postern::http {
namespace {

constexpr std::size_t kCookieBytes = 16 * 1024;
constexpr std::size_t kCookies = 300;

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
  std::size_t bytes = 0;
  std::size_t cookies = 0;
  for (const auto& [field, value] : request.fields) {
    if (!ascii_iequals(field, "cookie")) continue;
    bytes += value.size();
    if (bytes > kCookieBytes) return std::nullopt;
    for (const auto piece : split(value, ';')) {
      if (++cookies > kCookies) return std::nullopt;
      const auto pair = trim(piece);
      const auto equals = pair.find('=');
      if (equals == std::string_view::npos || pair.substr(0, equals) != wanted) continue;
      const auto content = pair.substr(equals + 1);
      if (found || !all_of(content, character::kCookie)) return std::nullopt;
      found = content;
    }
  }
  return found;
}

}  // namespace postern::http

#include "authn/bearer.hpp"

#include "base/strings.hpp"
#include "http/characters.hpp"

namespace postern::authn {
namespace {

constexpr std::string_view kScheme = "Bearer";
constexpr std::size_t kLongestField = 16 * 1024;

// RFC 6750 section 2.1: b64token = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="
bool is_b64token(std::string_view text) noexcept {
  while (text.ends_with('=')) text.remove_suffix(1);
  if (text.empty()) return false;
  for (const char c : text) {
    const bool alphanumeric = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (!alphanumeric && std::string_view("-._~+/").find(c) == std::string_view::npos) return false;
  }
  return true;
}

}  // namespace

Bearer extract_bearer(const http::FieldBlock& fields) noexcept {
  const http::Field* field = fields.find("Authorization");
  if (field == nullptr) return {};
  if (fields.count("Authorization") != 1) return {BearerState::repeated};

  // RFC 9110 section 11.4: credentials = auth-scheme [ 1*SP ( token68 / ... ) ]
  const std::string_view value = field->value;
  std::size_t end = 0;
  while (end < value.size() && http::is(value[end], http::character::kToken)) ++end;
  if (value.empty()) return {};
  if (!ascii_iequals(value.substr(0, end), kScheme)) return {BearerState::other_scheme};
  std::string_view token = value.substr(end);
  if (token.empty()) return {};
  if (!token.starts_with(' ') || value.size() > kLongestField) return {BearerState::unreadable};
  while (token.starts_with(' ')) token.remove_prefix(1);
  if (!is_b64token(token)) return {BearerState::unreadable};
  return {BearerState::present, token};
}

}  // namespace postern::authn

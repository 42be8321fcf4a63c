#include "authn/bearer.hpp"

#include "base/strings.hpp"

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
  constexpr Bearer malformed{BearerState::malformed, {}};
  if (fields.count("Authorization") != 1 || field->value.size() > kLongestField) return malformed;

  const std::string_view value = field->value;
  if (value.size() <= kScheme.size() || value[kScheme.size()] != ' ') return malformed;
  if (!ascii_iequals(value.substr(0, kScheme.size()), kScheme)) return malformed;
  const std::string_view token = value.substr(kScheme.size() + 1);
  if (!is_b64token(token)) return malformed;
  return {BearerState::present, token};
}

}  // namespace postern::authn

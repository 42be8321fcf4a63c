#include "idp/provider_user.hpp"

#include <algorithm>
#include <utility>

#include "config/forms.hpp"

namespace postern::idp {
namespace {

constexpr std::size_t kMostTenants = 500;

// What the map says where there is one, else the claim's own words.
std::string handle_of(const std::string& word, const config::ProviderClaims& claims) {
  if (claims.tenant_map.empty()) return config::is_handle(word) ? word : std::string();
  const auto found = claims.tenant_map.find(word);
  return found == claims.tenant_map.end() ? std::string() : found->second;
}

// The first that could be one.
std::string role_of(const crypto::Claims& claims, const config::ProviderClaims& names) {
  if (names.role.empty()) return {};
  const auto words = claims.words(names.role.c_str());
  const auto found = std::ranges::find_if(words, [](const std::string& word) { return config::is_name(word); });
  return found == words.end() ? std::string() : *found;
}

std::vector<store::Membership> memberships_of(const std::string& user, const crypto::Claims& claims,
                                              const config::ProviderClaims& names) {
  std::vector<store::Membership> memberships;
  if (names.tenants.empty()) return memberships;
  const auto role = role_of(claims, names);
  for (const auto& word : claims.words(names.tenants.c_str())) {
    auto handle = handle_of(word, names);
    const bool known = std::ranges::find(memberships, handle, &store::Membership::tenant) != memberships.end();
    if (handle.empty() || known || memberships.size() == kMostTenants) continue;
    memberships.push_back({user, std::move(handle), role});
  }
  return memberships;
}

}  // namespace

Result<ProviderUser> provider_user(const crypto::Claims& claims, const config::Provider& provider, Time now) {
  const auto& names = provider.claims;
  const auto subject = claims.subject(names.user.c_str());
  if (subject.empty()) return fail(Errc::denied, "the token names no user");
  ProviderUser read;
  read.user.key = provider.name + ":" + subject;
  read.user.name = claims.plain(names.name.c_str());
  if (read.user.name.empty()) read.user.name = subject;
  read.user.email = claims.verified_email(names.email.c_str());
  read.user.created_at = now;
  read.memberships = memberships_of(read.user.key, claims, names);
  return read;
}

}  // namespace postern::idp

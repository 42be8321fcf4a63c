#include "authn/external_token.hpp"

#include <algorithm>
#include <utility>

#include "base/strings.hpp"
#include "crypto/jwt.hpp"
#include "token/signing_keys.hpp"

namespace postern::authn {
namespace {

constexpr std::string_view kNoType = "none";

Error denied(std::string what) { return fail(Errc::denied, std::move(what)); }

// RFC 8725 section 3.1.
std::vector<crypto::JwsAlgorithm> allowed_algorithms(const config::External& external) {
  std::vector<crypto::JwsAlgorithm> allowed;
  for (const auto& name : external.algorithms) {
    if (const auto algorithm = crypto::jws_algorithm(name)) allowed.push_back(*algorithm);
  }
  return allowed;
}

// RFC 9068 section 4, RFC 8725 section 3.11.
bool type_allowed(const crypto::Jws& jws, const config::External& external) {
  return std::ranges::any_of(external.token_types, [&jws](const std::string& type) {
    return jws.typ().empty() ? type == kNoType : jws.has_type(type);
  });
}

// An ID or logout token of the same provider may have the same type and audience: what only these hold gives them away
// (OpenID Connect Core sections 2 and 3.3.2.11, Back-Channel Logout section 2.4).
bool is_access_token(const crypto::Claims& claims) {
  constexpr const char* kOfOthers[] = {"nonce", "at_hash", "c_hash", "events"};
  return std::ranges::none_of(kOfOthers, [&claims](const char* name) { return claims.all().contains(name); });
}

// RFC 7800 section 3.1, RFC 9449 section 6, RFC 8705 section 3: the presenter of such a token must also prove that it
// holds a key. No proof is checked here, and without one a thief could use the token as well as its owner, so every
// form of confirmation counts, known or not. Keycloak also writes the scheme as `typ`, others as `token_type`.
bool is_bound_to_key(const crypto::Claims& claims) {
  if (claims.all().contains("cnf")) return true;
  constexpr const char* kSchemes[] = {"typ", "token_type"};
  return std::ranges::any_of(kSchemes,
                             [&claims](const char* name) { return ascii_iequals(claims.text(name), "DPoP"); });
}

// RFC 7519 section 4.1.3.
bool audience_allowed(const crypto::Claims& claims, const config::External& external) {
  const auto audiences = claims.audiences();
  return std::ranges::any_of(external.audience, [&audiences](const std::string& audience) {
    return std::ranges::find(audiences, audience) != audiences.end();
  });
}

std::vector<std::string> scopes_of(const crypto::Claims& claims, const config::External& external) {
  for (const auto& name : external.claims.scopes) {
    if (claims.all().contains(name)) return claims.words(name.c_str());
  }
  return {};
}

std::string client_of(const crypto::Claims& claims, const config::External& external) {
  for (const auto& name : external.claims.client) {
    if (auto client = claims.plain(name.c_str()); !client.empty()) return client;
  }
  return {};
}

// The tenant that the resource is for, else the one that the provider names.
std::string tenant_of(const ExternalIdentity& identity, const tenant::Resource& resource) {
  if (!resource.fixed_tenant.empty()) return resource.fixed_tenant;
  const auto& map = resource.server->external->tenant_map;
  if (map.empty()) return identity.tenant;
  const auto found = map.find(identity.tenant);
  return found == map.end() ? std::string() : found->second;
}

// Members by name; with `members: any` all others as well, with the role that the configuration gives them.
Result<tenant::Membership> membership_of(const std::string& user, const std::string& handle,
                                         const config::External& external, const tenant::Directory& directory) {
  constexpr auto* kNobody = "this user is not a member of the tenant; ask an administrator to add them";
  if (handle.empty() || !directory.may_belong(user, handle)) return denied(kNobody);
  auto listed = directory.membership(user, handle);
  if (!listed) return listed.error();
  if (*listed) return *std::move(*listed);
  if (external.members_only) return denied(kNobody);
  auto tenant = directory.find(handle);
  if (!tenant) return tenant.error();
  if (!*tenant) return denied(kNobody);
  return tenant::Membership{*std::move(*tenant), external.role};
}

}  // namespace

Result<crypto::Jws> read_external_token(std::string_view compact, const config::External& external) {
  const auto allowed = allowed_algorithms(external);
  auto jws = crypto::Jws::read(compact, allowed);
  if (!jws) return denied(jws.error().what);
  if (!type_allowed(*jws, external)) return denied("the token is of another type");
  return jws;
}

Result<ExternalIdentity> external_identity(const crypto::Jws& jws, const config::External& external, Time now) {
  const auto claims = crypto::Claims::read(jws.payload());
  if (!claims) return denied(claims.error().what);
  // RFC 9068 section 4: compared byte by byte.
  if (claims->text("iss") != external.issuer) return denied("the token is of another issuer");
  if (!audience_allowed(*claims, external)) return denied("the token is for another audience");
  if (!is_access_token(*claims)) return denied("the token is no access token");
  const auto timely = claims->check_times(now, {.skew = token::kClockSkew});
  if (!timely) return fail(timely.error().code == Errc::expired ? Errc::expired : Errc::denied, timely.error().what);

  if (is_bound_to_key(*claims)) return fail(Errc::denied, std::string(kBoundToKey));

  ExternalIdentity identity;
  identity.subject = claims->subject(external.claims.user.c_str());
  if (identity.subject.empty()) return denied("the token names no user");
  identity.client = client_of(*claims, external);
  identity.tenant = claims->plain(external.claims.tenant.c_str());
  identity.email = claims->verified_email(external.claims.email.c_str());
  identity.name = claims->plain("name");
  identity.scopes = scopes_of(*claims, external);
  identity.expires_at = claims->time("exp")->value_or(Time{});
  return identity;
}

Result<std::shared_ptr<const token::Principal>> place_external(const ExternalIdentity& identity,
                                                               const tenant::Resource& resource,
                                                               const tenant::Directory& directory,
                                                               store::UserStore& users) {
  const std::string user = resource.server->name + ":" + identity.subject;
  const auto known = users.find(user);
  if (!known) return known.error();
  if (*known && (*known)->disabled) return denied("this user is disabled");
  auto membership = membership_of(user, tenant_of(identity, resource), *resource.server->external, directory);
  if (!membership) return membership.error();

  auto principal = std::make_shared<token::Principal>();
  principal->user = user;
  principal->user_name = identity.name.empty() ? identity.subject : identity.name;
  principal->user_email = identity.email;
  principal->tenant = std::move(membership->tenant.handle);
  principal->tenant_name = std::move(membership->tenant.name);
  principal->plan = std::move(membership->tenant.plan);
  principal->role = std::move(membership->role);
  principal->client = identity.client;
  principal->client_name = identity.client;
  principal->resource = resource.canonical;
  principal->scopes = identity.scopes;
  principal->narrowed = resource.policy->asks_beyond_connect(identity.scopes);
  principal->expires_at = identity.expires_at;
  return std::shared_ptr<const token::Principal>(std::move(principal));
}

}  // namespace postern::authn

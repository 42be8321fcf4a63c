#include "config/describe/describe_elsewhere.hpp"

#include "base/strings.hpp"
#include "config/config.hpp"

namespace postern::config {
namespace {

using Type = Row::Type;

std::string truth(bool value) { return value ? "true" : "false"; }

}  // namespace

std::vector<Row> describe_external() {
  const External external;
  const std::string at = "authorization_servers.*.external";
  const auto list = [](const std::vector<std::string>& words) { return "[" + join(words, ", ") + "]"; };
  return {
      {at,
       Type::mapping,
       "Instead of all other keys but `default`: tokens are made elsewhere, and Postern only checks them. Users are "
       "NAME:SUBJECT, NAME being this authorization server's.",
       {.commented = true}},
      {at + ".issuer",
       Type::text,
       "Who makes them: exactly what stands in `iss`.",
       {.example = "https://login.example.test/v2.0", .required = true}},
      {at + ".discovery",
       Type::text,
       "Where the provider's metadata is, when not at the issuer's /.well-known/openid-configuration or "
       "/.well-known/oauth-authorization-server.",
       {.example = "https://login.example.test/.well-known/openid-configuration"}},
      {at + ".jwks_uri",
       Type::text,
       "Where its public keys are; found through its metadata when absent.",
       {.example = "https://login.example.test/keys"}},
      {at + ".token_endpoint",
       Type::text,
       "Where clients get tokens, for a provider that publishes no metadata.",
       {.example = "https://login.example.test/token"}},
      {at + ".audience",
       Type::texts,
       "What `aud` may be; one of them is enough.",
       {.example = "[api-client-id]", .required = true}},
      {at + ".token_types",
       Type::texts,
       "What `typ` may be; none: tokens that say nothing.",
       {.fallback = list(external.token_types)}},
      {at + ".algorithms",
       Type::texts,
       "How tokens may be signed: RS256, PS256, ES256, EdDSA.",
       {.fallback = list(external.algorithms)}},
      {at + ".claims", Type::mapping, "Which claims say what."},
      {at + ".claims.scopes",
       Type::texts,
       "The scopes, as a list or with blanks between; of these claims the first that a token has.",
       {.fallback = list(external.claims.scopes)}},
      {at + ".claims.client",
       Type::texts,
       "The client; of these claims the first that a token has.",
       {.fallback = list(external.claims.client)}},
      {at + ".claims.user", Type::text, "The user: the SUBJECT.", {.fallback = external.claims.user}},
      {at + ".claims.email", Type::text, "The user's e-mail address.", {.fallback = external.claims.email}},
      {at + ".claims.tenant",
       Type::text,
       "The tenant, for resources that have none of their own.",
       {.fallback = external.claims.tenant}},
      {at + ".allowed_clients",
       Type::texts,
       "The clients that may call, or [any]; others get 403.",
       {.fallback = "[any]"}},
      {at + ".required_scopes",
       Type::texts,
       "Scopes that every token must have, beside what policies ask for; without them 403.",
       {.example = "[mcp:read]"}},
      {at + ".tenant_map",
       Type::text_map,
       "What the tenant claim says to the handles of tenants. Without it the claim says the handle.",
       {.example = "{9188040d-6c67-4c5b-b112-36a304b66dad: acme}"}},
      {at + ".members",
       Type::words,
       "listed: a user must be a member of the tenant, here under `tenants` or in the store. any: whoever has a token "
       "is "
       "one.",
       {.fallback = "listed", .words = {"listed", "any"}}},
      {at + ".role", Type::text, "The role of users who are not listed, with `members: any`.", {.example = "viewer"}},
  };
}

std::vector<Row> describe_providers() {
  const Provider provider;
  const std::string at = "identity.providers[]";
  const auto list = [](const std::vector<std::string>& words) { return "[" + join(words, ", ") + "]"; };
  return {
      {"identity.callback",
       Type::text,
       "Where providers send users back to, to be registered with each. With several providers a segment of its path "
       "is "
       "`{provider}`, the name of each, so that none can pass off what another answered. https:// but for loopback "
       "names. Required with `providers`.",
       {.example = "http://127.0.0.1:8080/oauth/callback/{provider}", .commented = true}},
      {"identity.providers",
       Type::list,
       "Where users sign in with OpenID Connect; the sign-in page has a button for each.",
       {.may_be_empty = true, .commented = true}},
      {at + ".name",
       Type::text,
       "Lower-case letters, digits and -. Its users are NAME:SUBJECT, as in `tenants[].members[].user`.",
       {.example = "entra", .required = true}},
      {at + ".label", Type::text, "What people read on the button; the name when absent.", {.example = "Contoso"}},
      {at + ".issuer",
       Type::text,
       "Exactly as the provider publishes it.",
       {.example = "https://login.example.test/v2.0", .required = true}},
      {at + ".discovery",
       Type::text,
       "Where its metadata is, when not at the issuer's /.well-known/openid-configuration or "
       "/.well-known/oauth-authorization-server.",
       {.example = "https://login.example.test/.well-known/openid-configuration"}},
      {at + ".client_id",
       Type::text,
       "This gateway, as the provider knows it.",
       {.example = "postern", .required = true}},
      {at + ".client_secret",
       Type::text,
       "Required unless `authentication: none`. Keep it out of this file.",
       {.example = "\"${ENTRA_SECRET}\""}},
      {at + ".authentication",
       Type::words,
       "How the gateway proves itself to the provider.",
       {.fallback = "client_secret_basic", .words = {"client_secret_basic", "client_secret_post", "none"}}},
      {at + ".scopes", Type::texts, "What it is asked for; openid among it.", {.fallback = list(provider.scopes)}},
      {at + ".algorithms",
       Type::texts,
       "How ID tokens may be signed: RS256, PS256, ES256, EdDSA.",
       {.fallback = list(provider.algorithms)}},
      {at + ".send_resource",
       Type::truth,
       "true: the provider is told which resource the sign-in is for (RFC 8707). Entra refuses that.",
       {.fallback = truth(provider.send_resource)}},
      {at + ".allowed_tenants",
       Type::texts,
       "The tenants whose members its users can be, whatever else makes them members; signing in for another tenant "
       "does "
       "not offer it; or [any].",
       {.fallback = "[any]"}},
      {at + ".claims", Type::mapping, "Which claims of the ID token say what."},
      {at + ".claims.user", Type::text, "The user: the SUBJECT.", {.fallback = provider.claims.user}},
      {at + ".claims.name", Type::text, "The user's name, as people read it.", {.fallback = provider.claims.name}},
      {at + ".claims.email",
       Type::text,
       "The user's e-mail address, unless `email_verified` is false. Never what a user is known by.",
       {.fallback = provider.claims.email}},
      {at + ".claims.tenants",
       Type::text,
       "The tenants whose member the user is, as a list or with blanks between. They hold as of the last sign-in: what "
       "is no longer among them is lost at the next, what an operator gave stays.",
       {.example = "groups"}},
      {at + ".claims.tenant_map",
       Type::text_map,
       "What that claim says to the handles of tenants. Without it the claim says handles.",
       {.example = "{group-id: acme}"}},
      {at + ".claims.role", Type::text, "The role in these tenants; of a list the first.", {.example = "role"}},
  };
}

}  // namespace postern::config

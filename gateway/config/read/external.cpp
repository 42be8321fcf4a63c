#include <algorithm>

#include "config/forms.hpp"
#include "config/read/provider.hpp"
#include "config/text/ticked.hpp"

namespace postern::config {
namespace {

void read_claims(Reading& reading, MapReader& reader, ExternalClaims& claims) {
  const auto* value = reader.map("claims");
  if (!value) return;
  MapReader inner(*value, "claims", reading.faults);
  read_plain(reading, inner, "scopes", claims.scopes);
  read_plain(reading, inner, "client", claims.client);
  read_claim_name(reading, inner, "user", claims.user);
  read_claim_name(reading, inner, "email", claims.email);
  read_claim_name(reading, inner, "tenant", claims.tenant);
  reading.finish(inner, "authorization_servers.*.external.claims");
}

void read_allowed_clients(Reading& reading, MapReader& reader, External& external) {
  const auto clients = plain_texts(reading, reader, "allowed_clients");
  const bool any = std::find(clients.begin(), clients.end(), "any") != clients.end();
  if (any && clients.size() > 1) {
    reading.faults.add(reader.at("allowed_clients"),
                       "`any` stands alone in `allowed_clients`: remove it or the others");
  }
  if (!any && !clients.empty()) external.allowed_clients = clients;
}

void read_members(Reading& reading, MapReader& reader, External& external) {
  std::size_t members = 0;
  if (reader.choice("members", members, {"listed", "any"})) external.members_only = members == 0;
  if (const auto role = reader.text("role")) {
    if (!is_name(role->value)) {
      reading.faults.add(role->at, "`role` " + role->written + " must be letters, digits, `-`, `_` and `.`");
    } else if (external.members_only) {
      reading.faults.add(role->at, "`role` is for `members: any`: listed members have roles of their own");
    }
    external.role = role->value;
    external.role_at = role->at;
  }
}

}  // namespace

void read_external(Reading& reading, const Value& value, AuthorizationServer& server) {
  MapReader reader(value, "external", reading.faults);
  External external;
  read_url(reading, reader, "issuer", external.issuer, true);
  read_url(reading, reader, "discovery", external.discovery);
  read_url(reading, reader, "jwks_uri", external.jwks_uri);
  read_url(reading, reader, "token_endpoint", external.token_endpoint);
  external.audience = plain_texts(reading, reader, "audience", true);
  read_plain(reading, reader, "token_types", external.token_types);
  read_algorithms(reading, reader, external.algorithms);
  read_claims(reading, reader, external.claims);
  read_allowed_clients(reading, reader, external);
  external.required_scopes = plain_texts(reading, reader, "required_scopes");
  read_handles(reading, reader, "tenant_map", external.tenant_map);
  read_members(reading, reader, external);
  reading.finish(reader, "authorization_servers.*.external");
  server.issuer = external.issuer;
  server.external = std::move(external);
}

}  // namespace postern::config

#include <algorithm>
#include <array>

#include "config/forms.hpp"
#include "config/read/reading.hpp"
#include "config/ticked.hpp"

namespace postern::config {
namespace {

constexpr std::size_t kLongestName = 256;  // of claims, scopes, clients and the like

bool is_plain(std::string_view text) {
  return text.size() <= kLongestName &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F && c != '"' && c != '\\'; });
}

// Names that are compared with what a token says.
std::vector<std::string> plain_texts(Reading& reading, MapReader& reader, std::string_view key, bool required = false) {
  const auto texts = reader.texts(key, required);
  std::vector<std::string> out;
  if (!texts) return out;
  for (const auto& text : *texts) {
    if (is_plain(text.value)) {
      out.push_back(text.value);
    } else {
      reading.faults.add(text.at, ticked(key) + " " + text.written + " must be plain text without blanks and quotes");
    }
  }
  return out;
}

void replace_by(std::vector<std::string>& list, std::vector<std::string> read) {
  if (!read.empty()) list = std::move(read);
}

void read_url(Reading& reading, MapReader& reader, std::string_view key, std::string& out, bool required = false) {
  const auto text = reader.text(key, required);
  if (text && provider_url(reading, *text, key)) out = text->value;
}

void read_claim(Reading& reading, MapReader& reader, std::string_view key, std::string& out) {
  const auto text = reader.text(key);
  if (!text) return;
  if (!is_plain(text->value)) reading.faults.add(text->at, ticked(key) + " must be the name of a claim");
  out = text->value;
}

void read_claims(Reading& reading, MapReader& reader, ExternalClaims& claims) {
  const auto* value = reader.map("claims");
  if (!value) return;
  MapReader inner(*value, "claims", reading.faults);
  replace_by(claims.scopes, plain_texts(reading, inner, "scopes"));
  replace_by(claims.client, plain_texts(reading, inner, "client"));
  read_claim(reading, inner, "user", claims.user);
  read_claim(reading, inner, "email", claims.email);
  read_claim(reading, inner, "tenant", claims.tenant);
  reading.finish(inner, "authorization_servers.*.external.claims");
}

// RFC 8725 section 3.1: chosen by the operator, never by a token; neither `none` nor a MAC can be chosen.
void read_algorithms(Reading& reading, MapReader& reader, std::vector<std::string>& out) {
  constexpr std::array<std::string_view, 4> kKnown = {"RS256", "PS256", "ES256", "EdDSA"};
  const auto texts = reader.texts("algorithms");
  if (!texts) return;
  std::vector<std::string> algorithms;
  for (const auto& text : *texts) {
    if (std::find(kKnown.begin(), kKnown.end(), text.value) == kKnown.end()) {
      reading.faults.add(text.at, "`algorithms` " + text.written + " must be RS256, PS256, ES256 or EdDSA");
    }
    algorithms.push_back(text.value);
  }
  out = std::move(algorithms);
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
  replace_by(external.token_types, plain_texts(reading, reader, "token_types"));
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

#include <algorithm>
#include <array>

#include "base/strings.hpp"
#include "config/forms.hpp"
#include "config/host_pattern.hpp"
#include "config/read/provider.hpp"
#include "config/text/ticked.hpp"

namespace postern::config {
namespace {

constexpr Duration kDay = std::chrono::hours(24);

std::optional<AddressParts> read_issuer(Reading& reading, MapReader& reader, AuthorizationServer& server) {
  const auto text = reader.text("issuer", true);
  if (!text) return std::nullopt;
  auto parts = public_address(reading, *text, "issuer");
  if (!parts) return std::nullopt;
  // RFC 8414 section 3.3: clients compare the issuer byte by byte with the one they began from.
  if (parts->path.ends_with('/')) {
    reading.faults.add(text->at, "`issuer` " + text->written + " must not end with a slash");
    return std::nullopt;
  }
  server.issuer = server.key_ring = text->value;
  return parts;
}

void read_endpoints(Reading& reading, const Value& value, Endpoints& endpoints) {
  MapReader reader(value, "endpoints", reading.faults);
  const auto read = [&](std::string_view key, std::string& path) {
    const auto text = reader.text(key);
    if (!text) return;
    const auto filled = with_tenant(text->value, stand_in_for(text->value));
    if (const auto why = path_refusal(filled); !why.empty()) {
      reading.faults.add(text->at, ticked(key) + " " + text->written + " " + why);
    } else if (text->value.ends_with('/')) {
      reading.faults.add(text->at, ticked(key) + " " + text->written + " must not end with a slash");
    } else {
      path = text->value;
    }
  };
  read("authorize", endpoints.authorize);
  read("token", endpoints.token);
  read("register", endpoints.register_);
  read("revoke", endpoints.revoke);
  read("introspect", endpoints.introspect);
  read("jwks", endpoints.jwks);
  reading.finish(reader, "authorization_servers.*.endpoints");
}

// Each endpoint has to tell whose it is, as its issuer does.
void take_endpoints(Reading& reading, const MapReader& server, const AddressParts& issuer, const Endpoints& endpoints,
                    TokenFormat format) {
  const Position& all = server.at("endpoints");
  const auto* given = server.has("endpoints") ? server.value().find("endpoints") : nullptr;
  const auto take = [&](std::string_view key, const std::string& path) {
    const auto* value = given ? given->find(key) : nullptr;
    const Position& at = value ? value->at : all;
    reading.taken.push_back({issuer.origin, path, "the " + ticked(key) + " endpoint", at});
    if (holds_tenant(path) == holds_tenant(issuer.path)) return;
    reading.faults.add(at, holds_tenant(path)
                               ? "the " + ticked(key) + " endpoint holds `{tenant}`, but the path of `issuer` does not"
                               : "the " + ticked(key) + " endpoint must hold `{tenant}`, as the path of `issuer` does");
  };
  take("authorize", endpoints.authorize);
  take("token", endpoints.token);
  take("register", endpoints.register_);
  take("revoke", endpoints.revoke);
  take("introspect", endpoints.introspect);
  if (format == TokenFormat::jwt) take("jwks", endpoints.jwks);
}

void read_access_token(Reading& reading, const Value& value, AccessTokens& tokens) {
  MapReader reader(value, "access_token", reading.faults);
  std::size_t format = 0;
  if (reader.choice("format", format, {"opaque", "jwt"})) tokens.format = static_cast<TokenFormat>(format);
  constexpr std::array<const char*, 4> algorithms = {"ES256", "RS256", "PS256", "EdDSA"};
  std::size_t algorithm = 0;
  if (reader.choice("algorithm", algorithm, {"ES256", "RS256", "PS256", "EdDSA"})) {
    tokens.algorithm = algorithms.at(algorithm);
  }
  if (const auto prefix = reader.text("prefix")) {
    const bool good =
        prefix->value.size() <= 32 && std::all_of(prefix->value.begin(), prefix->value.end(), [](char c) {
          return (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
        });
    if (good) {
      tokens.prefix = prefix->value;
    } else {
      reading.faults.add(prefix->at, "`prefix` " + prefix->written + " must be at most 32 letters, digits, _ and -");
    }
  }
  reader.duration("lifetime", tokens.lifetime, std::chrono::seconds(1), kDay);
  if (tokens.lifetime > std::chrono::hours(1)) {
    reading.warn(reader.at("lifetime"),
                 "`access_token.lifetime` is longer than an hour: a stolen token is good as long");
  }
  reading.finish(reader, "authorization_servers.*.access_token");
}

void read_refresh_token(Reading& reading, const Value& value, RefreshTokens& tokens) {
  MapReader reader(value, "refresh_token", reading.faults);
  reader.duration("lifetime", tokens.lifetime, std::chrono::seconds(1), 400 * kDay);
  reader.duration("idle", tokens.idle, std::chrono::seconds(1), 400 * kDay);
  reader.duration("grace", tokens.grace, Duration::zero(), std::chrono::minutes(10));
  if (tokens.idle > tokens.lifetime) {
    if (reader.has("idle")) {
      reading.faults.add(reader.at("idle"), "`idle` is longer than `lifetime` and would never count");
    }
    tokens.idle = tokens.lifetime;
  }
  reading.finish(reader, "authorization_servers.*.refresh_token");
}

// In YAML an unquoted `cursor:` is a mapping and an unquoted `[::1]` is a list.
bool lacks_quotes(Reading& reading, const MapReader& reader, std::string_view key) {
  const auto* list = reader.value().find(key);
  if (list == nullptr || list->kind != Value::Kind::list) return false;
  bool found = false;
  for (const auto& item : list->items) {
    const bool text = (item.kind != Value::Kind::map && item.kind != Value::Kind::list) || item.read_file;
    if (text) continue;
    found = true;
    reading.faults.add(item.at, "an entry of " + ticked(key) +
                                    " must be text: put it in quotes where it holds a colon, such as \"cursor:\" or "
                                    "\"[::1]\"");
  }
  return found;
}

void read_domains(Reading& reading, MapReader& reader, std::string_view key,
                  std::string_view (*fault_of)(std::string_view) noexcept,
                  std::optional<std::vector<std::string>>& out) {
  if (lacks_quotes(reading, reader, key)) {
    reader.optional(key);
    return;
  }
  const auto texts = reader.texts(key);
  if (!texts) return;
  std::vector<std::string> domains;
  for (const auto& text : *texts) {
    if (text.value == "any" && texts->size() == 1) {
      out.reset();
      return;
    }
    if (text.value == "any") {
      reading.faults.add(text.at, "`any` stands alone in " + ticked(key) + ": remove it or the others");
    } else if (const auto fault = fault_of(text.value); !fault.empty()) {
      reading.faults.add(text.at, ticked(key) + " " + text.written + " " + std::string(fault));
    } else {
      domains.push_back(text.value);
    }
  }
  out = std::move(domains);
}

void read_registration(Reading& reading, const Value& value, Registration& registration) {
  MapReader reader(value, "registration", reading.faults);
  std::size_t dynamic = 0;
  if (reader.choice("dynamic", dynamic, {"open", "closed"})) registration.open = dynamic == 0;
  read_domains(reading, reader, "redirect_domains", redirect_domain_fault, registration.redirect_domains);
  reader.boolean("metadata_documents", registration.metadata_documents);
  read_domains(reading, reader, "metadata_document_domains", host_pattern_fault,
               registration.metadata_document_domains);
  if (!registration.metadata_documents && reader.has("metadata_document_domains")) {
    reading.faults.add(
        reader.at("metadata_document_domains"),
        "`metadata_document_domains` has no meaning with `metadata_documents: false`: remove one of them");
  }
  reading.finish(reader, "authorization_servers.*.registration");
}

// What only a server of ours has.
void read_own(Reading& reading, MapReader& reader, AuthorizationServer& server) {
  const auto issuer = read_issuer(reading, reader, server);
  reader.boolean("step_up_refresh_refusal", server.step_up_refresh_refusal);
  if (const auto* value = reader.map("endpoints")) read_endpoints(reading, *value, server.endpoints);
  if (const auto* value = reader.map("access_token")) read_access_token(reading, *value, server.access_token);
  if (const auto* value = reader.map("refresh_token")) read_refresh_token(reading, *value, server.refresh_token);
  if (const auto* value = reader.map("registration")) read_registration(reading, *value, server.registration);
  if (issuer) take_endpoints(reading, reader, *issuer, server.endpoints, server.access_token.format);
}

// Tokens made elsewhere: nothing is issued here, so nothing may be said of it.
void read_elsewhere(Reading& reading, MapReader& reader, AuthorizationServer& server) {
  for (const auto* key :
       {"issuer", "endpoints", "access_token", "refresh_token", "registration", "step_up_refresh_refusal"}) {
    if (!reader.has(key)) continue;
    reader.optional(key);
    reading.faults.add(reader.at(key), ticked(key) + " has no meaning beside `external`: remove one of them");
  }
  if (const auto fault = provider_name_fault(server.name); !fault.empty()) {
    reading.faults.add(server.at, "the name of an `external` authorization server " + std::string(fault));
  }
  if (const auto* value = reader.map("external")) read_external(reading, *value, server);
}

void read_server(Reading& reading, const Value::Entry& entry) {
  MapReader reader(entry.value, "authorization server " + ticked(entry.key), reading.faults);
  AuthorizationServer server;
  server.name = entry.key;
  server.at = entry.at;
  reader.boolean("default", server.is_default);
  if (reader.has("external")) {
    read_elsewhere(reading, reader, server);
  } else {
    reader.optional("external");
    read_own(reading, reader, server);
  }
  reading.finish(reader, "authorization_servers.*");
  reading.config.authorization_servers.push_back(std::move(server));
}

}  // namespace

void read_authorization_servers(Reading& reading, MapReader& top) {
  const auto* servers = top.map("authorization_servers");
  if (!servers) return;
  for (const auto& entry : servers->entries) {
    if (!is_name(entry.key)) {
      reading.faults.add(entry.at, "an authorization server's name must be letters, digits, `-`, `_` and `.`, not " +
                                       ticked(entry.key));
      continue;
    }
    read_server(reading, entry);
  }
}

}  // namespace postern::config

#include <algorithm>
#include <set>

#include "config/forms.hpp"
#include "config/read/provider.hpp"
#include "config/text/ticked.hpp"

namespace postern::config {
namespace {

void read_name(Reading& reading, MapReader& reader, const Identity& identity, Provider& provider) {
  const auto name = reader.text("name", true);
  if (!name) return;
  if (const auto fault = provider_name_fault(name->value); !fault.empty()) {
    reading.faults.add(name->at, "`name` " + name->written + " " + std::string(fault));
  }
  const bool twice = std::any_of(identity.providers.begin(), identity.providers.end(),
                                 [&name](const Provider& other) { return other.name == name->value; });
  if (twice) reading.faults.add(name->at, "the provider " + name->written + " is given twice");
  provider.name = provider.label = name->value;
}

// OpenID Connect Core section 9.
void read_authentication(Reading& reading, MapReader& reader, Provider& provider) {
  std::size_t way = 0;
  if (reader.choice("authentication", way, {"client_secret_basic", "client_secret_post", "none"})) {
    provider.authentication = static_cast<Provider::Authentication>(way);
  }
  reader.secret("client_secret", provider.client_secret);
  const bool none = provider.authentication == Provider::Authentication::none;
  if (none && reader.has("client_secret")) {
    reading.faults.add(reader.at("client_secret"), "`client_secret` has no meaning with `authentication: none`");
  } else if (!none && !reader.has("client_secret")) {
    reading.faults.add(reader.at(), "this provider needs a `client_secret`, or `authentication: none`");
  }
}

// OpenID Connect Core section 3.1.2.1: without `openid` it is no sign-in.
void read_scopes(Reading& reading, MapReader& reader, Provider& provider) {
  read_plain(reading, reader, "scopes", provider.scopes);
  if (std::find(provider.scopes.begin(), provider.scopes.end(), "openid") == provider.scopes.end()) {
    reading.faults.add(reader.at("scopes"), "`scopes` must hold openid");
  }
}

void read_claims(Reading& reading, MapReader& reader, ProviderClaims& claims) {
  const auto* value = reader.map("claims");
  if (!value) return;
  MapReader inner(*value, "claims", reading.faults);
  read_claim_name(reading, inner, "user", claims.user);
  read_claim_name(reading, inner, "name", claims.name);
  read_claim_name(reading, inner, "email", claims.email);
  read_claim_name(reading, inner, "tenants", claims.tenants);
  read_handles(reading, inner, "tenant_map", claims.tenant_map);
  read_claim_name(reading, inner, "role", claims.role);
  if (claims.tenants.empty()) {
    for (const auto* key : {"tenant_map", "role"}) {
      if (inner.has(key)) reading.faults.add(inner.at(key), ticked(key) + " has no meaning without `tenants`");
    }
  }
  reading.finish(inner, "identity.providers[].claims");
}

void read_allowed_tenants(Reading& reading, MapReader& reader, Provider& provider) {
  const auto tenants = reader.texts("allowed_tenants");
  if (!tenants) return;
  for (const auto& tenant : *tenants) {
    if (tenant.value == "any" && tenants->size() == 1) return;
    if (tenant.value == "any") {
      reading.faults.add(tenant.at, "`any` stands alone in `allowed_tenants`: remove it or the others");
    } else if (!is_handle(tenant.value)) {
      reading.faults.add(tenant.at, "`allowed_tenants` " + tenant.written + " must be a tenant's handle");
    }
    provider.allowed_tenants.push_back(tenant.value);
  }
}

void read_provider(Reading& reading, const Value& item, Identity& identity) {
  MapReader reader(item, "providers entry", reading.faults);
  Provider provider;
  provider.at = item.at;
  read_name(reading, reader, identity, provider);
  reader.string("label", provider.label);
  read_url(reading, reader, "issuer", provider.issuer, true);
  read_url(reading, reader, "discovery", provider.discovery);
  reader.string("client_id", provider.client_id, true);
  read_authentication(reading, reader, provider);
  read_scopes(reading, reader, provider);
  read_algorithms(reading, reader, provider.algorithms);
  reader.boolean("send_resource", provider.send_resource);
  read_claims(reading, reader, provider.claims);
  read_allowed_tenants(reading, reader, provider);
  reading.finish(reader, "identity.providers[]");
  identity.providers.push_back(std::move(provider));
}

// RFC 9700 section 4.4: each provider sends its users back to an address of its own, or what one of them answered can
// be passed off as another's.
bool holds_provider(std::string_view text) noexcept { return text.find(kProviderPart) != std::string_view::npos; }

std::string provider_part_fault(std::string_view callback) {
  const auto at = callback.find(kProviderPart);
  if (at == std::string_view::npos) return {};
  const auto scheme = callback.find("://");
  const auto path = scheme == std::string_view::npos ? scheme : callback.find('/', scheme + 3);
  const auto end = at + kProviderPart.size();
  const bool segment = path < at && callback[at - 1] == '/' && (end == callback.size() || callback[end] == '/');
  if (segment && callback.find(kProviderPart, end) == std::string_view::npos) return {};
  return "may hold `{provider}` once, as a whole segment of its path";
}

// What operators register with each provider.
void read_callback(Reading& reading, MapReader& reader, Identity& identity) {
  const auto text = reader.text("callback");
  if (!text) return;
  identity.callback_at = text->at;
  if (holds_tenant(text->value)) {
    reading.faults.add(text->at,
                       "`callback` " + text->written + " holds `{tenant}`: it is one address for all tenants");
    return;
  }
  if (const auto fault = provider_part_fault(text->value); !fault.empty()) {
    reading.faults.add(text->at, "`callback` " + text->written + " " + fault);
    return;
  }
  Text filled = *text;
  filled.value = provider_callback(text->value, "provider");
  const auto parts = public_address(reading, filled, "callback");
  if (!parts) return;
  if (parts->path.empty() || parts->path == "/") {
    reading.faults.add(text->at, "`callback` " + text->written + " must have a path, such as /oauth/callback");
    return;
  }
  identity.callback = text->value;
}

// Where requests will come in: at one address, or at that of each provider.
void take_callbacks(Reading& reading, const Identity& identity) {
  std::set<std::string> addresses;
  for (const auto& provider : identity.providers) {
    if (!provider.name.empty()) addresses.insert(provider_callback(identity.callback, provider.name));
  }
  for (const auto& address : addresses) {
    const auto parts = address_parts(address);
    if (!parts) continue;
    reading.taken.push_back({parts->origin, without_slash(parts->path), "the identity callback", identity.callback_at});
  }
}

}  // namespace

void read_providers(Reading& reading, MapReader& reader, Identity& identity) {
  read_callback(reading, reader, identity);
  if (const auto* providers = reader.list("providers")) {
    for (const auto& item : providers->items) read_provider(reading, item, identity);
  }
  if (!identity.providers.empty() && !reader.has("callback")) {
    reading.faults.add(reader.at("providers"), "`providers` need a `callback`, the address they send users back to");
  }
  if (identity.providers.empty() && reader.has("callback")) {
    reading.faults.add(reader.at("callback"), "`callback` has no meaning without `providers`");
  }
  if (!identity.callback.empty()) take_callbacks(reading, identity);
  if (identity.providers.size() > 1 && !identity.callback.empty() && !holds_provider(identity.callback)) {
    reading.warn(reader.at("callback"),
                 "several `providers` share one `callback`: one that is not honest could pass off answers of another "
                 "that does not name itself in them (RFC 9207); put `{provider}` in its path, and register each "
                 "address with its provider");
  }
  if (!identity.local && identity.providers.empty()) {
    reading.faults.add(reader.at("local"), "`local: false` leaves nobody to sign in: name `providers`");
  }
}

}  // namespace postern::config

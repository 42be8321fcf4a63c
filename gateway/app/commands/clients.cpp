#include <algorithm>
#include <ctime>
#include <fstream>
#include <iterator>
#include <optional>
#include <ostream>

#include <nlohmann/json.hpp>

#include "app/commands.hpp"
#include "app/commands/client_scopes.hpp"
#include "app/loading/loaded.hpp"
#include "base/strings.hpp"
#include "crypto/hash.hpp"
#include "crypto/jwk.hpp"
#include "crypto/random.hpp"
#include "http/url/url.hpp"
#include "net/address_guard.hpp"
#include "net/host.hpp"
#include "oauth/clients/client_metadata.hpp"
#include "oauth/redirect_uri.hpp"
#include "tenant/catalog.hpp"
#include "tenant/directory.hpp"

namespace postern::app {
namespace {

std::string_view kind_of(const store::Grant& grant) {
  switch (grant.kind) {
    case store::GrantKind::authorization_code: return "authorization_code";
    case store::GrantKind::minted: return "minted";
    case store::GrantKind::client_credentials: return "client_credentials";
  }
  return "unknown";
}

bool acts_by_itself(const store::Client& client) {
  return std::ranges::find(client.grant_types, "client_credentials") != client.grant_types.end();
}

// What it is known for, for people.
std::string place_of(const store::Client& client) {
  if (!client.introspects.empty()) return "resource_server  " + join(client.introspects, " ");
  if (!acts_by_itself(client)) {
    return join(client.redirect_uris, " ") + (client.scope.empty() ? "" : "  scope: " + client.scope);
  }
  return "client_credentials  " + client.tenant + (client.role.empty() ? "" : ":" + client.role) + "  " +
         client.resource + "  " + client.scope;
}

std::optional<Error> wrong(const char* what) { return fail(Errc::invalid, what); }

bool proves_itself(const ClientOptions& options) {
  return options.confidential || !options.jwks.empty() || !options.jwks_uri.empty();
}

// RFC 7662 section 2.1: a client must authenticate to ask about tokens.
std::optional<Error> resource_server_fault(const ClientOptions& options) {
  if (options.resources.empty())
    return wrong("a resource server needs --resource: it may ask only about the tokens of the resources named there");
  if (!proves_itself(options)) return wrong("a resource server needs --confidential, --jwks or --jwks-uri");
  if (!options.redirect_uris.empty() || !options.tenant.empty() || !options.scope.empty()) {
    return wrong("a resource server gets no tokens: leave out --redirect-uri, --tenant and --scope");
  }
  return std::nullopt;
}

// Why these options do not go together: wrong usage.
std::optional<Error> options_fault(const ClientOptions& options) {
  if (options.name.empty()) return wrong("--name is empty: users see it on the consent page");
  if (options.resource_server) return resource_server_fault(options);
  if (options.grant == "client_credentials") {
    if (!options.redirect_uris.empty()) return wrong("a client that acts by itself has no --redirect-uri");
    if (!proves_itself(options))
      return wrong("a client that acts by itself needs --confidential, --jwks or --jwks-uri");
    if (options.tenant.empty() || options.resources.size() != 1 || split_words(options.scope).empty()) {
      return wrong("a client that acts by itself needs --tenant, one --resource and --scope");
    }
    return std::nullopt;
  }
  if (!options.tenant.empty() || !options.resources.empty()) {
    return wrong(
        "--tenant and --resource are for --grant client_credentials, and --resource for --resource-server: users of "
        "other "
        "clients choose both while they authorize");
  }
  if (options.redirect_uris.empty()) return wrong("--redirect-uri is required");
  for (const auto& uri : options.redirect_uris) {
    if (const auto fault = oauth::redirect_uri_fault(uri)) return fail(Errc::denied, uri + ": " + *fault);
  }
  return std::nullopt;
}

// The file's keys, of which every one must be usable, as they are stored.
Result<std::string> read_keys(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text;
  if (file) text.assign(std::istreambuf_iterator<char>(file), {});
  if (!file || text.empty()) return fail(Errc::not_found, path + " cannot be read");
  const auto set = crypto::parse_jwk_set(text);
  if (!set) return fail(Errc::denied, path + ": " + set.error().what);
  if (!set->skipped.empty()) return fail(Errc::denied, path + ": " + set->skipped.front());
  if (set->keys.empty()) return fail(Errc::denied, path + " holds no key");
  return crypto::to_json(set->keys).dump();
}

Result<Loaded> load_resources(const Opened& opened) {
  auto loaded = app::load_for_command(opened.config.file, config::system_sources());
  if (!loaded) return fail(Errc::denied, "the configuration has faults; run `postern check`");
  return {boost::system::in_place_value, *std::move(loaded)};
}

// One that is served, and whose tokens are made here. Where a tenant's handle stands for `{tenant}` in the address,
// only one whose tenant is there.
Result<tenant::ResourcePtr> own_resource(const tenant::Catalog& catalog, const tenant::Directory& directory,
                                         const std::string& address) {
  const auto resource = config::holds_tenant(address) ? catalog.by_template(address) : catalog.by_indicator(address);
  if (resource == nullptr) return fail(Errc::denied, "the configuration serves no resource " + address);
  if (resource->server->external) {
    return fail(Errc::denied, "the clients of " + resource->url + " are known to " + resource->server->issuer);
  }
  if (resource->fixed_tenant.empty()) return resource;
  const auto found = directory.find(resource->fixed_tenant);
  if (!found) return found.error();
  if (!*found) {
    return fail(Errc::denied, "there is no tenant `" + resource->fixed_tenant + "`, whose resource " + address +
                                  " would be; add it first");
  }
  return resource;
}

// The resources whose tokens a resource server may ask about.
std::optional<Error> name_resources(Opened& opened, const ClientOptions& options, store::Client& client) {
  const auto loaded = load_resources(opened);
  if (!loaded) return loaded.error();
  const tenant::Catalog catalog(loaded->config, loaded->policies);
  const tenant::Directory directory(loaded->config, opened.store);
  for (const auto& address : options.resources) {
    const auto resource = own_resource(catalog, directory, address);
    if (!resource) return resource.error();
    const auto& name = (*resource)->canonical;
    if (std::ranges::find(client.introspects, name) == client.introspects.end()) client.introspects.push_back(name);
  }
  return std::nullopt;
}

std::optional<Error> scopes_of_options_fault(const Opened& opened, const std::string& scope) {
  const auto words = split_words(scope);
  if (words.empty()) return std::nullopt;
  const auto loaded = load_resources(opened);
  if (!loaded) return loaded.error();
  return scope_fault(*loaded, words);
}

// Where a client may act by itself: a resource that is served, a tenant that is there, scopes that the policy knows.
std::optional<Error> place(Opened& opened, const ClientOptions& options, store::Client& client) {
  const auto loaded = load_resources(opened);
  if (!loaded) return loaded.error();
  const tenant::Catalog catalog(loaded->config, loaded->policies);
  const tenant::Directory directory(loaded->config, opened.store);
  const auto named = own_resource(catalog, directory, options.resources.front());
  if (!named) return named.error();
  const auto& resource = *named;
  if (config::holds_tenant(resource->canonical)) {
    return fail(Errc::denied, "a client acts for one tenant: write its handle in the place of {tenant}");
  }
  const auto colon = options.tenant.find(':');
  client.tenant = options.tenant.substr(0, colon);
  if (colon != std::string::npos) client.role = options.tenant.substr(colon + 1);
  client.resource = resource->canonical;
  const auto found = directory.find(client.tenant);
  if (!found) return found.error();
  if (!*found) return fail(Errc::denied, "there is no tenant `" + client.tenant + "`");
  if (!resource->fixed_tenant.empty() && resource->fixed_tenant != client.tenant) {
    return fail(Errc::denied, "the resource is of the tenant `" + resource->fixed_tenant + "` alone");
  }
  const auto wanted = split_words(options.scope);
  const auto known = resource->policy->grantable(wanted, client.role);
  for (const auto& scope : wanted) {
    if (std::ranges::find(known, scope) != known.end()) continue;
    return fail(Errc::denied, "the policy has no scope `" + scope + "`, or " +
                                  (client.role.empty() ? "only for a role: give it as --tenant HANDLE:ROLE"
                                                       : "not for the role `" + client.role + "`"));
  }
  return connect_fault(*resource->policy, wanted);
}

// Such keys would never be fetched: the gateway asks nothing inside the network that is not named.
std::optional<Error> inside_fault(const http::Url& url, const config::Fetch& fetch) {
  const auto address = net::address_literal(url.is_loopback() ? "127.0.0.1" : url.host);
  const auto refusal =
      address ? net::AddressGuard(fetch.allow_private).refusal(url.host, *address) : std::optional<std::string>();
  if (!refusal) return std::nullopt;
  return fail(Errc::denied, "--jwks-uri: " + url.host + " " + *refusal +
                                ": the keys would not be fetched; name it in `fetch.unsafe_allow_private`, or give " +
                                "the keys with --jwks");
}

Result<store::Client> read_client(Opened& opened, const ClientOptions& options) {
  if (auto fault = options_fault(options)) return *std::move(fault);
  store::Client client;
  client.id = crypto::random_id("client");
  client.name = options.name;
  client.redirect_uris = options.redirect_uris;
  client.grant_types = {"authorization_code", "refresh_token"};
  client.application_type = "web";
  client.scope = join(split_words(options.scope), " ");
  client.created_at = opened.clock.now();
  if (options.confidential) client.auth = store::ClientAuth::secret_basic;
  if (!options.jwks.empty() || !options.jwks_uri.empty()) client.auth = store::ClientAuth::private_key_jwt;
  if (!options.jwks.empty()) {
    auto keys = read_keys(options.jwks);
    if (!keys) return keys.error();
    client.jwks = *std::move(keys);
  }
  if (!options.jwks_uri.empty()) {
    const auto url = http::parse_url(options.jwks_uri);
    if (!url || url->scheme != "https" || url->has_userinfo)
      return fail(Errc::invalid, "--jwks-uri must be an https URL");
    if (auto fault = inside_fault(*url, opened.config.fetch)) return *std::move(fault);
    client.jwks_uri = options.jwks_uri;
  }
  if (options.resource_server) {
    client.grant_types = {};
    if (auto fault = name_resources(opened, options, client)) return *std::move(fault);
  } else if (options.grant == "client_credentials") {
    client.grant_types = {"client_credentials"};
    if (auto fault = place(opened, options, client)) return *std::move(fault);
  } else if (auto fault = scopes_of_options_fault(opened, options.scope)) {
    return *std::move(fault);
  }
  return client;
}

}  // namespace

int client_add(Opened& opened, const ClientOptions& options, Console& console) {
  auto client = read_client(opened, options);
  if (!client) {
    say_error(console, client.error().what);
    return client.error().code == Errc::invalid ? kUsage : kNo;
  }
  std::string secret;
  if (client->auth == store::ClientAuth::secret_basic) {
    secret = crypto::random_token();
    client->secret_hash = crypto::sha256_string(secret);
  }
  const auto added = opened.store.clients().add(*client);
  if (!added) return say_error(console, added.error().what);
  nlohmann::json body{{"client_id", client->id}};
  if (!client->redirect_uris.empty()) body["redirect_uris"] = client->redirect_uris;
  if (!client->introspects.empty()) body["resources"] = client->introspects;
  if (secret.empty()) return say_done(console, "client_id: " + client->id, body);
  body["client_secret"] = secret;
  return say_done(console, "client_id: " + client->id + "\nclient_secret: " + secret, body);
}

int client_rotate_secret(Opened& opened, const std::string& id, Console& console) {
  const auto client = opened.store.clients().find(id);
  if (!client) return say_error(console, client.error().what);
  if (!*client) return say_error(console, "there is no client `" + id + "`");
  if ((*client)->auth == store::ClientAuth::none) return say_error(console, "this client is public: it has no secret");
  if ((*client)->secret_hash.empty()) return say_error(console, "this client signs with its keys: it has no secret");
  const auto secret = crypto::random_token();
  const auto done = opened.store.clients().set_secret(id, crypto::sha256_string(secret));
  if (!done) return say_error(console, done.error().what);
  return say_done(console, "client_secret: " + secret, {{"client_id", id}, {"client_secret", secret}});
}

int client_list(Opened& opened, Console& console) {
  const auto clients = opened.store.clients().list();
  if (!clients) return say_error(console, clients.error().what);
  auto all = nlohmann::json::array();
  for (const auto& client : *clients) {
    all.push_back({{"client_id", client.id},
                   {"name", client.name},
                   {"dynamic", client.dynamic},
                   {"confidential", client.auth != store::ClientAuth::none},
                   {"auth_method", oauth::auth_method_name(client.auth)},
                   {"grant_types", client.grant_types},
                   {"redirect_uris", client.redirect_uris},
                   {"created_at", to_seconds(client.created_at)}});
    if (!client.introspects.empty()) {
      all.back()["kind"] = "resource_server";
      all.back()["resources"] = client.introspects;
    }
    if (acts_by_itself(client)) {
      auto& entry = all.back();
      entry["tenant"] = client.tenant;
      if (!client.role.empty()) entry["role"] = client.role;
      entry["resource"] = client.resource;
    }
    if (!client.scope.empty()) all.back()["scope"] = client.scope;
    if (!console.json) {
      console.out << client.id << "  "
                  << nlohmann::json(client.name).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace) << "  "
                  << (client.dynamic ? "dynamic" : "operator") << "  " << date_of(client.created_at) << "  "
                  << place_of(client) << '\n';
    }
  }
  if (console.json) print_json(console, all);
  return kDone;
}

int client_remove(Opened& opened, const std::string& id, Console& console) {
  const auto done = opened.store.clients().remove(id);
  if (!done)
    return say_error(console,
                     done.error().code == Errc::not_found ? "there is no client `" + id + "`" : done.error().what);
  return say_done(console, "removed " + id + " and its grants", {{"client_id", id}});
}

int grant_list(Opened& opened, const GrantOptions& options, Console& console) {
  store::GrantFilter filter;
  if (!options.user.empty()) filter.user = user_key(options.user);
  if (!options.tenant.empty()) filter.tenant = options.tenant;
  if (!options.client.empty()) filter.client = options.client;
  const auto grants = opened.store.grants().list(filter);
  if (!grants) return say_error(console, grants.error().what);
  auto all = nlohmann::json::array();
  for (const auto& grant : *grants) {
    if (grant.expires_at <= opened.clock.now()) continue;
    const auto kind = kind_of(grant);
    all.push_back({{"grant", grant.id},
                   {"kind", kind},
                   {"user", grant.user},
                   {"tenant", grant.tenant},
                   {"client_id", grant.client},
                   {"resource", grant.resource},
                   {"scope", join(grant.scopes, " ")},
                   {"created_at", to_seconds(grant.created_at)}});
    if (!console.json) {
      console.out << grant.id << "  " << grant.user << "  " << grant.tenant << "  "
                  << (grant.client.empty() ? kind : std::string_view(grant.client)) << "  " << grant.resource << "  "
                  << join(grant.scopes, " ") << "  " << date_of(grant.created_at) << '\n';
    }
  }
  if (console.json) print_json(console, all);
  return kDone;
}

int grant_revoke(Opened& opened, const std::string& id, Console& console) {
  const auto done = opened.store.grants().revoke(id, "operator", opened.clock.now());
  if (!done)
    return say_error(console,
                     done.error().code == Errc::not_found ? "there is no grant `" + id + "`" : done.error().what);
  return say_done(console, "revoked " + id, {{"grant", id}});
}

}  // namespace postern::app

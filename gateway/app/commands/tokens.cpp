#include <istream>
#include <optional>
#include <ostream>

#include <nlohmann/json.hpp>

#include "app/commands.hpp"
#include "app/loading/loaded.hpp"
#include "base/encoding.hpp"
#include "base/strings.hpp"
#include "config/text/yaml.hpp"
#include "oauth/clients/display_name.hpp"
#include "oauth/endpoints/endpoints.hpp"
#include "token/opaque.hpp"

namespace postern::app {

namespace {

std::optional<std::string> display_name_fault(const std::string& name) {
  if (!is_valid_utf8(name)) return "--name must be UTF-8";
  if (const auto fault = oauth::display_name_fault(name)) return "--name " + *fault;
  return std::nullopt;
}

}  // namespace

int token_mint(const std::string& config_file, const MintOptions& options, Console& console) {
  const auto loaded = app::load_for_command(config_file, config::system_sources());
  if (!loaded) {
    console.err << loaded.error().to_string();
    return kNo;
  }
  const auto lifetime = config::parse_duration(options.lifetime);
  if (!lifetime || *lifetime <= Duration::zero())
    return say_error(console, "--lifetime is a duration such as 10m, 12h or 30d");
  if (const auto fault = display_name_fault(options.name)) return say_error(console, *fault);
  auto opened = open_store(loaded->config, NoStore::refuse, console);
  if (!opened) return say_error(console, opened.error().what);
  const SystemClock clock;
  const auto log = telemetry::make_null_log();
  const tenant::Catalog catalog(loaded->config, loaded->policies);
  const tenant::Directory directory(loaded->config, *opened->store);
  const auto resource = catalog.by_indicator(options.resource);
  if (resource == nullptr) return say_error(console, "the configuration serves no resource " + options.resource);
  if (resource->server->external) {
    return say_error(
        console, "the tokens of " + resource->url + " are made elsewhere: get one from " + resource->server->issuer);
  }
  const crypto::Aead unused{std::string(32, '\0')};
  const auto& server = *resource->server;
  if (!resource->fixed_tenant.empty() && resource->fixed_tenant != options.tenant) {
    return say_error(console, "the resource is of the tenant `" + resource->fixed_tenant + "` alone");
  }
  token::SigningKeys keys(opened->store->keys(), opened->master_key, clock);
  const oauth::Context context{server, catalog, directory, *opened->store, unused, clock, *log, keys};
  if (context.signs_tokens()) {
    const auto ready = keys.prepare(server.key_ring, server.access_token.algorithm, server.access_token.lifetime);
    if (!ready) return say_error(console, ready.error().what);
  }
  store::Grant grant;
  grant.name = options.name;
  grant.user = user_key(options.user);
  grant.tenant = options.tenant;
  grant.resource = resource->canonical;
  grant.scopes = split_words(options.scope);
  grant.narrowed = false;
  const auto token = oauth::mint_token(grant, *lifetime, context);
  if (!token) return say_error(console, token.error().what);
  const auto missing = resource->policy->missing_to_connect(grant.scopes);
  if (!missing.empty()) {
    console.err << "postern: this token can call nothing, because every request needs `" << join(missing, "` and `")
                << "` as well: make another one with that in --scope\n";
  }
  if (resource->manual_tokens) {
    console.err << "postern: this token is taken with the header `X-Tenant: " << options.tenant << "` alone\n";
  }
  return say_done(console, *token, {{"access_token", *token}});
}

int token_revoke(Opened& opened, const std::string& given, Console& console) {
  std::string token = given;
  if (token.empty()) std::getline(console.in, token);
  if (trim(token).empty()) return say_error(console, "give the token, or write it to standard input");
  const auto hash = token::token_hash(trim(token));
  std::string grant;
  const auto access = opened.store.grants().find_access(hash);
  if (!access) return say_error(console, access.error().what);
  if (*access) grant = (*access)->grant.id;
  if (grant.empty()) {
    const auto refresh = opened.store.grants().find_refresh(hash);
    if (!refresh) return say_error(console, refresh.error().what);
    if (*refresh) grant = (*refresh)->grant.id;
  }
  if (grant.empty()) return say_error(console, "the store knows no such token");
  const auto done = opened.store.grants().revoke(grant, "operator", opened.clock.now());
  if (!done) return say_error(console, done.error().what);
  return say_done(console, "revoked grant " + grant, {{"grant", grant}});
}

}  // namespace postern::app

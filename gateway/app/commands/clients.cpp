#include <ctime>
#include <ostream>

#include <nlohmann/json.hpp>

#include "app/commands.hpp"
#include "base/strings.hpp"
#include "crypto/hash.hpp"
#include "crypto/random.hpp"
#include "oauth/redirect_uri.hpp"

namespace postern::app {
namespace {

std::string date_of(Time time) {
  const std::time_t seconds = static_cast<std::time_t>(to_seconds(time));
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  return std::string(text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%MZ", &parts));
}

}  // namespace

int client_add(Opened& opened, const ClientOptions& options, Console& console) {
  for (const auto& uri : options.redirect_uris) {
    if (const auto fault = oauth::redirect_uri_fault(uri)) return say_error(console, uri + ": " + std::string(*fault));
  }
  store::Client client;
  client.id = crypto::random_id("client");
  client.name = options.name;
  client.redirect_uris = options.redirect_uris;
  client.grant_types = {"authorization_code", "refresh_token"};
  client.application_type = "web";
  client.created_at = opened.clock.now();
  std::string secret;
  if (options.confidential) {
    secret = crypto::random_token();
    client.secret_hash = crypto::sha256_string(secret);
    client.auth = store::ClientAuth::secret_basic;
  }
  const auto added = opened.store.clients().add(client);
  if (!added) return say_error(console, added.error().what);
  nlohmann::json body{{"client_id", client.id}, {"redirect_uris", client.redirect_uris}};
  if (secret.empty()) return say_done(console, "client_id: " + client.id, body);
  body["client_secret"] = secret;
  return say_done(console, "client_id: " + client.id + "\nclient_secret: " + secret, body);
}

int client_rotate_secret(Opened& opened, const std::string& id, Console& console) {
  const auto client = opened.store.clients().find(id);
  if (!client) return say_error(console, client.error().what);
  if (!*client) return say_error(console, "there is no client `" + id + "`");
  if ((*client)->auth == store::ClientAuth::none) return say_error(console, "this client is public: it has no secret");
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
                   {"redirect_uris", client.redirect_uris},
                   {"created_at", to_seconds(client.created_at)}});
    if (!console.json) {
      console.out << client.id << "  "
                  << nlohmann::json(client.name).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace) << "  "
                  << (client.dynamic ? "dynamic" : "operator") << "  " << date_of(client.created_at) << "  "
                  << join(client.redirect_uris, " ") << '\n';
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
    const auto* kind = grant.kind == store::GrantKind::minted ? "minted" : "authorization_code";
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
                  << (grant.client.empty() ? kind : grant.client) << "  " << grant.resource << "  "
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

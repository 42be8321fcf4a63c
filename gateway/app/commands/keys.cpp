#include <ostream>

#include <nlohmann/json.hpp>

#include "app/commands.hpp"
#include "config/load_for_command.hpp"
#include "config/text/yaml.hpp"
#include "store/lost_key.hpp"
#include "token/signing_keys.hpp"

namespace postern::app {
namespace {

constexpr Duration kLongestPending = std::chrono::hours(7 * 24);

// The servers that sign tokens, or the named one; a sentence where there is none.
Result<std::vector<const config::AuthorizationServer*>> chosen(const Opened& opened, const std::string& name) {
  std::vector<const config::AuthorizationServer*> servers;
  bool found = false;
  for (const auto& server : opened.config.authorization_servers) {
    if (!name.empty() && server.name != name) continue;
    found = true;
    if (server.access_token.format == config::TokenFormat::jwt) servers.push_back(&server);
  }
  if (!found) return fail(Errc::not_found, "the configuration has no authorization server `" + name + "`");
  if (!servers.empty()) return servers;
  return fail(Errc::not_found,
              "no tokens are signed here: an authorization server with "
              "`access_token: {format: jwt}` has keys");
}

nlohmann::json to_json(const store::SigningKey& key, std::string_view state, const std::string& server) {
  return {{"kid", key.id},
          {"server", server},
          {"algorithm", key.algorithm},
          {"state", state},
          {"created_at", to_seconds(key.created_at)},
          {"active_at", to_seconds(key.active_at)}};
}

Result<store::SigningKey> make(token::SigningKeys& keys, const config::AuthorizationServer& server,
                               const KeyOptions& options, Duration pending) {
  const auto& tokens = server.access_token;
  if (options.now) return keys.replace(server.issuer, tokens.algorithm, tokens.lifetime);
  // The one before must be there to be followed: without any, the new one would not wait.
  if (auto ready = keys.prepare(server.issuer, tokens.algorithm, tokens.lifetime); !ready) return ready.error();
  auto made = keys.rotate(server.issuer, tokens.algorithm, tokens.lifetime, pending);
  if (made || made.error().code != Errc::conflict) return made;
  return fail(Errc::conflict, "a new key of `" + server.name +
                                  "` is pending already and will sign soon; see `postern keys list`, or use --now");
}

std::string in_words(const store::LostWithKey& lost) {
  std::string out = "What only the old key opened has ended: ";
  if (lost.signing_keys > 0) {
    out += std::to_string(lost.signing_keys) + (lost.signing_keys == 1 ? " key that signs" : " keys that sign") +
           " access tokens, and every token that it signed; ";
  }
  out +=
      "MCP sessions, sign-ins and consent pages under way, and the cookies by which browsers are known. Users, grants "
      "and refresh tokens stay.\n";
  if (!lost.kept.empty()) out += "The file that was no key is kept as " + lost.kept + ".\n";
  return out + "A new key is in " + lost.key_file + "; keep a copy of it with every copy of the store.";
}

}  // namespace

int keys_replace_lost(const std::string& config_file, const std::string& store_url, Console& console) {
  std::string url = store_url;
  if (url.empty()) {
    const auto config = config::load_for_command(config_file, config::system_sources());
    if (!config) {
      console.err << config.error().to_string();
      return kNo;
    }
    url = config->store;
  }
  const auto lost = store::replace_lost_key(url);
  if (!lost) return say_error(console, lost.error().what);
  return say_done(console, in_words(*lost),
                  {{"key", lost->key_file}, {"kept", lost->kept}, {"signing_keys", lost->signing_keys}});
}

int keys_list(Opened& opened, const KeyOptions& options, Console& console) {
  const auto servers = chosen(opened, options.server);
  if (!servers) return say_error(console, servers.error().what);
  auto all = nlohmann::json::array();
  for (const auto* server : *servers) {
    const auto keys = opened.store.keys().list(server->issuer);
    if (!keys) return say_error(console, keys.error().what);
    const auto states = token::states_of(*keys, opened.clock.now());
    for (std::size_t i = 0; i < keys->size(); ++i) {
      const auto state = token::to_string(states[i]);
      all.push_back(to_json((*keys)[i], state, server->name));
      if (!console.json) {
        console.out << (*keys)[i].id << "  " << server->name << "  " << (*keys)[i].algorithm << "  " << state
                    << "  signs from " << date_of((*keys)[i].active_at) << '\n';
      }
    }
  }
  if (console.json) print_json(console, all);
  return kDone;
}

int keys_rotate(Opened& opened, const KeyOptions& options, Console& console) {
  const auto pending =
      options.pending.empty() ? std::optional(token::kPendingFor) : config::parse_duration(options.pending);
  if (!pending || *pending > kLongestPending)
    return say_error(console, "--pending is a duration up to 7d, such as 10m");
  const auto servers = chosen(opened, options.server);
  if (!servers) return say_error(console, servers.error().what);
  token::SigningKeys keys(opened.store.keys(), opened.master_key, opened.clock);
  auto all = nlohmann::json::array();
  for (const auto* server : *servers) {
    const auto made = make(keys, *server, options, *pending);
    if (!made) return say_error(console, made.error().what);
    all.push_back(to_json(*made, options.now ? "active" : "pending", server->name));
    if (console.json) continue;
    console.out << server->name << ": " << made->id
                << (options.now ? " signs now; every other key and its tokens are gone"
                                : " is published and signs in " + config::format_duration(*pending))
                << '\n';
  }
  if (console.json) print_json(console, all);
  return kDone;
}

}  // namespace postern::app

#include <algorithm>
#include <map>

#include "config/read/reading.hpp"
#include "config/text/ticked.hpp"

namespace postern::config {
namespace {

template <class List>
void check_names(Reading& reading, const std::vector<Mention>& mentions, const List& list, std::string_view kind) {
  for (const auto& mention : mentions) {
    const bool found =
        std::any_of(list.begin(), list.end(), [&](const auto& item) { return item.name == mention.name; });
    if (!found) {
      reading.faults.add(mention.at, "there is no " + std::string(kind) + " " +
                                         (mention.written.empty() ? ticked(mention.name) : mention.written) +
                                         " in this file");
    }
  }
}

// The server of resources that name none: the one marked, or the only one.
const AuthorizationServer* default_server(Reading& reading) {
  const AuthorizationServer* found = nullptr;
  auto& servers = reading.config.authorization_servers;
  for (const auto& server : servers) {
    if (!server.is_default) continue;
    if (found) {
      reading.faults.add(
          server.at, "two authorization servers are marked `default: true`; the first is at " + to_string(found->at));
    } else {
      found = &server;
    }
  }
  if (!found && servers.size() == 1) {
    servers.front().is_default = true;
    found = &servers.front();
  }
  return found;
}

void fill_in_servers(Reading& reading, const Value& root) {
  const auto* fallback = default_server(reading);
  const auto* listed = root.find("resources");
  for (std::size_t i = 0; i < reading.config.resources.size(); ++i) {
    auto& resource = reading.config.resources[i];
    if (!resource.authorization_server.empty() || !resource.same_as.empty()) continue;
    const bool faulty = listed && i < listed->items.size() && listed->items[i].find("authorization_server");
    if (faulty) continue;
    if (fallback) {
      resource.authorization_server = fallback->name;
    } else if (!root.find("authorization_servers")) {
      reading.faults.add(resource.at,
                         "this resource needs an authorization server: give one under "
                         "`authorization_servers`");
      return;
    } else if (reading.config.authorization_servers.size() > 1) {
      reading.faults.add(resource.at,
                         "this resource names no `authorization_server` and none is marked "
                         "`default: true`");
    }
  }
}

const Resource* served_at(const Config& config, const std::string& serve) {
  const auto& resources = config.resources;
  const auto found = std::find_if(resources.begin(), resources.end(), [&serve](const Resource& each) {
    return each.serve == serve && each.same_as.empty();
  });
  return found == resources.end() ? nullptr : &*found;
}

// Further addresses inherit everything; whose they are has to be told in the same way.
void fill_in_same(Reading& reading) {
  for (const auto& mention : reading.same_as) {
    if (served_at(reading.config, mention.name)) continue;
    reading.faults.add(mention.at, "no resource has `serve: " + mention.name +
                                       "`; write it as it stands there, and name one without `same_as`");
  }
  for (auto& resource : reading.config.resources) {
    const auto* meant = resource.same_as.empty() ? nullptr : served_at(reading.config, resource.same_as);
    if (meant == nullptr) continue;
    if (holds_tenant(resource.serve) != holds_tenant(meant->serve)) {
      reading.faults.add(resource.at, "only one of the two addresses that `same_as` joins holds `{tenant}`");
    }
    Resource joined = *meant;
    joined.serve = resource.serve;
    joined.same_as = resource.same_as;
    joined.root = resource.root;
    joined.rest = resource.rest;
    joined.public_openapi = resource.public_openapi;
    if (joined.public_openapi && joined.tenant.empty() && !holds_tenant(joined.serve)) {
      reading.faults.add(resource.at, "`public_openapi: true` needs a tenant, which neither address tells");
    }
    joined.at = resource.at;
    resource = std::move(joined);
  }
}

// An issuer of one tenant has to be told whose it is.
void check_tenants_of_issuers(Reading& reading) {
  for (const auto& resource : reading.config.resources) {
    const auto& servers = reading.config.authorization_servers;
    const auto server = std::find_if(servers.begin(), servers.end(), [&resource](const AuthorizationServer& each) {
      return each.name == resource.authorization_server;
    });
    if (server == servers.end() || !holds_tenant(server->issuer)) continue;
    if (holds_tenant(resource.serve) || !resource.tenant.empty()) continue;
    reading.faults.add(resource.at, "the issuer of " + ticked(server->name) +
                                        " holds `{tenant}`, but neither `serve` nor `tenant` says whose this is");
  }
}

void check_issuers(Reading& reading) {
  std::map<std::string, Position> seen;
  for (const auto& server : reading.config.authorization_servers) {
    // Several may take the tokens of one provider, each for other audiences.
    if (server.issuer.empty() || server.external) continue;
    const auto [first, fresh] = seen.emplace(server.issuer, server.at);
    if (!fresh) {
      reading.faults.add(server.at,
                         "this authorization server has the same issuer as the one at " + to_string(first->second));
    }
  }
}

// MCP 2024-11-05 transports: such a resource has a second address, where its clients post to.
void take_message_paths(Reading& reading) {
  for (const auto& resource : reading.config.resources) {
    const auto& upstreams = reading.config.upstreams;
    const auto upstream = std::find_if(upstreams.begin(), upstreams.end(),
                                       [&resource](const auto& each) { return each.name == resource.upstream; });
    if (upstream == upstreams.end() || !upstream->sse) continue;
    const auto parts = address_parts(resource.serve);
    if (!parts) continue;
    reading.taken.push_back({parts->origin, without_slash(parts->path) + std::string(kMessagesPath),
                             "the address for messages of a resource", resource.at});
  }
}

// At the root of a host there is room for the tools of one resource, and for nothing else below /tools.
void take_rest_paths(Reading& reading) {
  const auto others = reading.taken;
  std::map<std::string, Position> seen;
  for (const auto& resource : reading.config.resources) {
    const auto parts = resource.rest ? address_parts(resource.serve) : std::nullopt;
    if (!parts) continue;
    const auto [first, fresh] = seen.emplace(parts->origin, resource.at);
    if (!fresh) {
      reading.faults.add(resource.at,
                         "two resources of one host have `rest: true`; the first is at " + to_string(first->second));
      continue;
    }
    for (const auto path : kRestPaths) {
      reading.taken.push_back({parts->origin, std::string(path), "`rest: true` of a resource", resource.at});
    }
    for (const auto& other : others) {
      if (!are_ambiguous({other.origin, {}}, {parts->origin, {}}) || !other.path.starts_with("/tools/")) continue;
      reading.faults.add(other.at, other.what + " is at " + ticked(other.origin + other.path) +
                                       ", below which `rest: true` has its tools (" + to_string(resource.at) + ")");
    }
  }
}

// A placeholder that nobody fills would refuse whoever asks without a token.
bool needs_somebody(std::string_view value) {
  for (const std::string_view of_somebody : {"{user.", "{client.", "{grant.", "{role"}) {
    for (auto at = value.find(of_somebody); at != std::string_view::npos; at = value.find(of_somebody, at + 1)) {
      const auto placeholder = value.substr(at, value.find('}', at) - at);
      if (placeholder.find('|') == std::string_view::npos) return true;
    }
  }
  return false;
}

void check_public_documents(Reading& reading) {
  const auto& upstreams = reading.config.upstreams;
  for (const auto& resource : reading.config.resources) {
    const auto upstream = std::ranges::find(upstreams, resource.upstream, &Upstream::name);
    if (!resource.public_openapi || upstream == upstreams.end()) continue;
    for (const auto& [name, value] : upstream->headers) {
      if (!needs_somebody(value)) continue;
      reading.faults.add(resource.at,
                         "`public_openapi: true` lists the tools for nobody in particular, but the header " +
                             ticked(name) + " of the upstream needs somebody: give a default, as in " +
                             ticked("{user.name|-}"));
    }
  }
}

void check_paths(Reading& reading) {
  const auto& all = reading.taken;
  for (auto taken = all.begin(); taken != all.end(); ++taken) {
    const auto other = std::find_if(all.begin(), taken, [&taken](const TakenPath& each) {
      return are_ambiguous({each.origin, each.path}, {taken->origin, taken->path});
    });
    if (other == taken) continue;
    const bool same = other->origin == taken->origin && other->path == taken->path;
    reading.faults.add(taken->at,
                       taken->what + " is at " + ticked(taken->origin + taken->path) + ", where " + other->what +
                           " is already (" + to_string(other->at) + ")" +
                           (same ? "" : ": some addresses are both that and " + ticked(other->origin + other->path)));
  }
}

// RFC 9728 section 3.1: at a host's root there is room for one resource's metadata.
void check_roots(Reading& reading) {
  std::map<std::string, Position> seen;
  for (const auto& resource : reading.config.resources) {
    if (!resource.root || resource.serve.empty()) continue;
    const auto [first, fresh] = seen.emplace(address_parts(resource.serve)->origin, resource.at);
    if (!fresh) {
      reading.faults.add(resource.at,
                         "two resources of one host have `root: true`; the first is at " + to_string(first->second));
    }
  }
}

void check_policies(Reading& reading, const Value& root) {
  if (root.find("policies") && !reading.config.policies.empty()) return;
  for (const auto& resource : reading.config.resources) {
    if (resource.policy.empty() || resource.policy == kBuiltInPolicy) continue;
    reading.faults.add(resource.at,
                       "this resource names the policy " + ticked(resource.policy) + ", but `policies` lists no file");
    return;
  }
}

// Both make users "NAME:SUBJECT": these must be the same people.
void check_provider_names(Reading& reading) {
  for (const auto& provider : reading.config.identity.providers) {
    for (const auto& server : reading.config.authorization_servers) {
      if (!server.external || server.name != provider.name || server.issuer == provider.issuer) continue;
      reading.faults.add(provider.at, "the provider " + ticked(provider.name) + " and the authorization server at " +
                                          to_string(server.at) +
                                          " have one name and two issuers: their users would be mixed up");
    }
  }
}

bool is_served(const Config& config, bool secure) {
  return std::any_of(config.listen.begin(), config.listen.end(), [&](const Listener& listener) {
    const bool ends_tls = listener.behind_proxy || !listener.certificates.empty();
    return listener.serve == Serve::gateway && ends_tls == secure;
  });
}

// A listener answers for addresses of its own scheme alone: what no listener can be asked for would always be refused.
void check_schemes(Reading& reading) {
  if (!reading.faults.empty()) return;
  const auto check = [&](const std::string& url, const Position& at) {
    const bool secure = url.starts_with("https://");
    if (is_served(reading.config, secure)) return;
    reading.faults.add(at, secure ? ticked(url) +
                                        " is https, but no listener is: give one `tls`, or `behind_proxy: true` "
                                        "when a proxy in front ends TLS"
                                  : ticked(url) +
                                        " is plain http, but every listener is for https: add one without "
                                        "`tls` and `behind_proxy`");
  };
  for (const auto& server : reading.config.authorization_servers) {
    if (!server.external) check(server.issuer, server.at);
  }
  for (const auto& resource : reading.config.resources) check(resource.serve, resource.at);
  const auto& identity = reading.config.identity;
  if (!identity.callback.empty()) check(identity.callback, identity.callback_at);
}

void warn_about_proxies(Reading& reading) {
  if (!reading.config.trusted_proxies.empty()) return;
  for (const auto& listener : reading.config.listen) {
    if (!listener.behind_proxy) continue;
    reading.warn(listener.at,
                 "`behind_proxy: true` without `trusted_proxies`: every client seems to come from the "
                 "proxy's address and shares its limits");
  }
}

}  // namespace

void check_providers_named(Reading& reading) {
  const auto& servers = reading.config.authorization_servers;
  for (const auto& mention : reading.providers_named) {
    const auto& providers = reading.config.identity.providers;
    const bool found =
        mention.name == "local" ||
        std::any_of(servers.begin(), servers.end(),
                    [&](const auto& server) { return server.external && server.name == mention.name; }) ||
        std::any_of(providers.begin(), providers.end(),
                    [&](const auto& provider) { return provider.name == mention.name; });
    if (found) continue;
    reading.faults.add(mention.at,
                       "`user` begins with " + ticked(mention.name + ":") +
                           ", but neither `identity.providers` nor an `external` authorization server has that name");
  }
}

void check_whole(const Value& root, Reading& reading) {
  check_names(reading, reading.upstreams_named, reading.config.upstreams, "upstream");
  check_names(reading, reading.servers_named, reading.config.authorization_servers, "authorization server");
  check_providers_named(reading);
  check_provider_names(reading);
  fill_in_servers(reading, root);
  fill_in_same(reading);
  check_issuers(reading);
  check_tenants_of_issuers(reading);
  take_message_paths(reading);
  take_rest_paths(reading);
  check_public_documents(reading);
  check_paths(reading);
  check_roots(reading);
  check_policies(reading, root);
  check_schemes(reading);
  warn_about_proxies(reading);
}

}  // namespace postern::config

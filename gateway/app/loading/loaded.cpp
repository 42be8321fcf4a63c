#include "app/loading/loaded.hpp"

#include <algorithm>
#include <filesystem>

#include "app/loading/advice.hpp"
#include "base/clock.hpp"
#include "config/load_for_command.hpp"
#include "net/tls/tls.hpp"
#include "runtime/upstream_options.hpp"
#include "runtime/upstream_tls.hpp"

namespace postern::app {
namespace {

using config::Faults;

void load_policies(const config::Config& config, const config::Sources& sources, Loaded& out, Faults& faults) {
  for (const auto& file : config.policies) {
    if (const auto text = sources.file(file.path); !text) {
      faults.add(file.at, "cannot read the policy file " + file.path + ": " + text.error().what);
      continue;
    }
    auto policy = policy::load(file.path, sources);
    if (!policy) {
      const auto of_policy = policy.error();
      for (const auto& fault : of_policy.all()) faults.add(fault.at, fault.what);
      continue;
    }
    const auto name = (*policy)->name();
    out.policy_files.emplace(name, file.at);
    if (!out.policies.emplace(name, std::move(*policy)).second) {
      faults.add(file.at, "the policy `" + name + "` of this file is defined by another file already");
    }
  }
  out.policies.emplace(config::kBuiltInPolicy, policy::default_policy());
}

void check_resources(const config::Config& config, const runtime::Policies& policies, Faults& faults) {
  for (const auto& resource : config.resources) {
    if (policies.contains(resource.policy)) continue;
    std::string known;
    for (const auto& [name, policy] : policies) known += (known.empty() ? "" : ", ") + name;
    faults.add(resource.at, "there is no policy " + resource.policy_written +
                                (known.empty() ? "; name its file under `policies`" : "; there is: " + known));
  }
}

bool knows_role(const config::Config& config, const runtime::Policies& policies, const std::string& role) {
  return std::ranges::any_of(config.resources, [&](const config::Resource& resource) {
    return policies.at(resource.policy)->knows_role(role);
  });
}

// A misspelt role would silently leave its member with nothing.
void check_roles(const config::Config& config, const runtime::Policies& policies, Faults& faults) {
  for (const auto& tenant : config.tenants) {
    for (const auto& member : tenant.members) {
      if (member.role.empty() || knows_role(config, policies, member.role)) continue;
      faults.add(member.at, "no policy of a resource has the role `" + member.role + "`");
    }
  }
}

// The same for users of a provider who are not listed.
void check_external_roles(const config::Config& config, const runtime::Policies& policies, Faults& faults) {
  for (const auto& server : config.authorization_servers) {
    if (!server.external || server.external->role.empty()) continue;
    if (knows_role(config, policies, server.external->role)) continue;
    faults.add(server.external->role_at, "no policy of a resource has the role `" + server.external->role + "`");
  }
}

void check_certificates(const config::Config& config, Faults& faults) {
  for (const auto& listener : config.listen) {
    for (const auto& certificate : listener.certificates) {
      const auto loaded = net::TlsServer::load({{certificate.certificate, certificate.key}});
      if (!loaded) faults.add(certificate.at, loaded.error().what);
    }
  }
  if (!config.fetch.authorities.empty()) {
    const auto loaded = net::TlsClient::load({config.fetch.authorities, {}});
    if (!loaded) faults.add(config.fetch.at, loaded.error().what);
  }
  for (const auto& upstream : config.upstreams) {
    if (!runtime::UpstreamTls::is_needed(upstream)) continue;
    const auto loaded = runtime::UpstreamTls::load(upstream);
    if (!loaded) faults.add(upstream.tls.at, loaded.error().what);
  }
}

void check_commands(const config::Config& config, Faults& faults) {
  for (const auto& upstream : config.upstreams) {
    if (upstream.command.empty()) continue;
    std::error_code ignored;
    const auto program = upstream::find_program(runtime::child_options(upstream));
    if (!std::filesystem::is_directory(upstream.directory, ignored)) {
      faults.add(upstream.at, "the command of `" + upstream.name + "` cannot run in " + upstream.directory +
                                  ": there is no such folder");
    } else if (!program) {
      faults.add(upstream.at, "the command of `" + upstream.name + "` cannot be run: " + program.error().what);
    }
  }
}

boost::system::result<Loaded, Faults> complete(config::Config config, const config::Sources& sources, bool to_run) {
  Faults faults;
  Loaded loaded;
  load_policies(config, sources, loaded, faults);
  if (faults.empty()) check_resources(config, loaded.policies, faults);
  // Without resources no role is known, and that is not the roles' fault.
  if (faults.empty() && !config.resources.empty()) {
    check_roles(config, loaded.policies, faults);
    check_external_roles(config, loaded.policies, faults);
  }
  if (to_run) {
    check_certificates(config, faults);
    check_commands(config, faults);
  }
  if (!faults.empty()) return faults;
  loaded.config = std::move(config);
  if (to_run) loaded.advice = advice_on(loaded, sources, SystemClock().now());
  return loaded;
}

}  // namespace

boost::system::result<Loaded, Faults> check_whole(config::Config config, const config::Sources& sources) {
  return complete(std::move(config), sources, true);
}

boost::system::result<Loaded, Faults> load(const std::string& path, const config::Sources& sources) {
  auto config = config::load(path, sources);
  if (!config) return config.error();
  return complete(std::move(*config), sources, true);
}

boost::system::result<Loaded, Faults> load_for_command(const std::string& path, const config::Sources& sources) {
  auto config = config::load_for_command(path, sources);
  if (!config) return config.error();
  return complete(std::move(*config), sources, false);
}

bool role_is_known(const config::Config& config, const config::Sources& sources, const std::string& role) {
  Loaded loaded;
  Faults faults;
  load_policies(config, sources, loaded, faults);
  if (faults.empty()) check_resources(config, loaded.policies, faults);
  return !faults.empty() || knows_role(config, loaded.policies, role);
}

}  // namespace postern::app

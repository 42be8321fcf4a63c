#include "app/loaded.hpp"

#include <filesystem>

#include "net/tls.hpp"
#include "server/duplex_options.hpp"

namespace postern::app {
namespace {

using config::Faults;

void load_policies(const config::Config& config, const config::Sources& sources, server::Policies& out,
                   Faults& faults) {
  for (const auto& file : config.policies) {
    auto policy = policy::load(file.path, sources);
    if (!policy) {
      const auto of_policy = policy.error();
      for (const auto& fault : of_policy.all()) faults.add(fault.at, fault.what);
      continue;
    }
    const auto name = (*policy)->name();
    if (!out.emplace(name, std::move(*policy)).second) {
      faults.add(file.at, "the policy `" + name + "` of this file is defined by another file already");
    }
  }
  out.emplace(config::kBuiltInPolicy, policy::default_policy());
}

void check_resources(const config::Config& config, const server::Policies& policies, Faults& faults) {
  for (const auto& resource : config.resources) {
    if (policies.contains(resource.policy)) continue;
    std::string known;
    for (const auto& [name, policy] : policies) known += (known.empty() ? "" : ", ") + name;
    faults.add(resource.at, "there is no policy `" + resource.policy + "`" +
                                (known.empty() ? "; name its file under `policies`" : "; there is: " + known));
  }
}

void check_certificates(const config::Config& config, Faults& faults) {
  for (const auto& listener : config.listen) {
    for (const auto& certificate : listener.certificates) {
      const auto loaded = net::TlsServer::load({{certificate.certificate, certificate.key}});
      if (!loaded) faults.add(certificate.at, loaded.error().what);
    }
  }
}

void check_commands(const config::Config& config, Faults& faults) {
  for (const auto& upstream : config.upstreams) {
    if (upstream.command.empty()) continue;
    std::error_code ignored;
    const auto program = upstream::find_program(server::child_options(upstream));
    if (!std::filesystem::is_directory(upstream.directory, ignored)) {
      faults.add(upstream.at, "the command of `" + upstream.name + "` cannot run in " + upstream.directory +
                                  ": there is no such folder");
    } else if (!program) {
      faults.add(upstream.at, "the command of `" + upstream.name + "` cannot be run: " + program.error().what);
    }
  }
}

}  // namespace

boost::system::result<Loaded, Faults> check_whole(config::Config config, const config::Sources& sources) {
  Faults faults;
  Loaded loaded;
  load_policies(config, sources, loaded.policies, faults);
  if (faults.empty()) check_resources(config, loaded.policies, faults);
  check_certificates(config, faults);
  check_commands(config, faults);
  if (!faults.empty()) return faults;
  loaded.config = std::move(config);
  return loaded;
}

boost::system::result<Loaded, Faults> load(const std::string& path, const config::Sources& sources) {
  auto config = config::load(path, sources);
  if (!config) return config.error();
  return check_whole(std::move(*config), sources);
}

}  // namespace postern::app

#pragma once

#include <map>
#include <string>

#include <boost/system/result.hpp>

#include "config/load.hpp"
#include "runtime/generation.hpp"

namespace postern::app {

// A configuration with everything its files name, read and checked against each other.
struct Loaded {
  config::Config config;
  runtime::Policies policies;
  std::map<std::string, config::Position> policy_files;  // by the policy's name: where `policies` names its file
  config::Faults advice;                                 // see app/loading/advice.hpp; none of load_for_command()
};

// All faults of all files in one go: the configuration, its policies, certificates and keys, and what they say of each
// other.
boost::system::result<Loaded, config::Faults> load(const std::string& path, const config::Sources& sources);
// The same without certificates, keys and programs, which only who runs the gateway needs.
boost::system::result<Loaded, config::Faults> load_for_command(const std::string& path, const config::Sources& sources);
boost::system::result<Loaded, config::Faults> check_whole(config::Config config, const config::Sources& sources);

// Whether a policy of some resource gives the role a meaning; also true where the policies cannot be read.
bool role_is_known(const config::Config& config, const config::Sources& sources, const std::string& role);

}  // namespace postern::app

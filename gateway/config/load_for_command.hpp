#pragma once

#include "config/load.hpp"

namespace postern::config {

// The same as load(), for what looks something up or changes the store without running the gateway: that may be done
// where the files of TLS are not, or are not for whoever does it to read. They are not looked at.
boost::system::result<Config, Faults> load_for_command(const std::string& path, const Sources& sources);

}  // namespace postern::config

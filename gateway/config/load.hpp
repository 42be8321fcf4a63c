#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/system/result.hpp>

#include "base/result.hpp"
#include "config/config.hpp"
#include "config/position.hpp"

namespace postern::config {

// Where ${NAME} and {file: PATH} come from; tests give their own.
struct Sources {
  std::function<std::optional<std::string>(const std::string& name)> variable;
  // The error says why it cannot be read, to follow a colon: "there is no such file".
  std::function<Result<std::string>(const std::string& path)> file;
  // The paths of a folder's files that end with .yaml or .yml, but for hidden ones, in order. Likewise.
  std::function<Result<std::vector<std::string>>(const std::string& path)> folder{};
};
Sources system_sources();

// Reads and checks a whole configuration file. Either a configuration without any fault, or all faults.
boost::system::result<Config, Faults> load(const std::string& path, const Sources& sources);
// The same from text; relative paths are resolved against `path`'s folder.
boost::system::result<Config, Faults> load_text(std::string_view text, const std::string& path, const Sources& sources);

}  // namespace postern::config

#include "config/load.hpp"

#include "config/read/reading.hpp"
#include "config/yaml.hpp"

namespace postern::config {

boost::system::result<Config, Faults> load(const std::string& path, const Sources& sources) {
  const auto text = sources.file(path);
  if (!text) {
    Faults faults;
    faults.add({path, 1, 1}, "cannot read this file: " + text.error().what);
    return faults;
  }
  return load_text(*text, path, sources);
}

boost::system::result<Config, Faults> load_text(std::string_view text, const std::string& path,
                                                const Sources& sources) {
  Faults faults;
  const auto root = parse_yaml(text, path, sources, faults);
  if (!root) return faults;
  Config config;
  config.file = path;
  Reading reading{config, faults, sources};
  read_config(*root, reading);
  if (!faults.empty()) return faults;
  return config;
}

}  // namespace postern::config

#include "config/load.hpp"

#include "config/load_for_command.hpp"
#include "config/read/reading.hpp"
#include "config/text/file_kind.hpp"
#include "config/text/yaml.hpp"

namespace postern::config {
namespace {

boost::system::result<Config, Faults> read(std::string_view text, const std::string& path, const Sources& sources,
                                           bool to_run) {
  Faults faults;
  const auto root = parse_yaml(text, path, sources, faults, &kConfigurationFile);
  if (!root) return faults;
  Config config;
  config.file = path;
  Reading reading{config, faults, sources, to_run};
  read_config(*root, reading);
  if (!faults.empty()) return faults;
  return config;
}

boost::system::result<Config, Faults> read_file(const std::string& path, const Sources& sources, bool to_run) {
  const auto text = sources.file(path);
  if (!text) {
    Faults faults;
    faults.add({path, 1, 1}, "cannot read this file: " + text.error().what);
    return faults;
  }
  return read(*text, path, sources, to_run);
}

}  // namespace

boost::system::result<Config, Faults> load(const std::string& path, const Sources& sources) {
  return read_file(path, sources, true);
}

boost::system::result<Config, Faults> load_for_command(const std::string& path, const Sources& sources) {
  return read_file(path, sources, false);
}

boost::system::result<Config, Faults> load_text(std::string_view text, const std::string& path,
                                                const Sources& sources) {
  return read(text, path, sources, true);
}

}  // namespace postern::config

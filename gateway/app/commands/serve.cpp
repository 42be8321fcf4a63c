#include <ostream>

#include "app/commands.hpp"
#include "app/gateway.hpp"

namespace postern::app {

int serve(const std::string& config_file, Console& console) {
  auto loaded = app::load(config_file, config::system_sources());
  if (!loaded) {
    console.err << loaded.error().to_string();
    return kNo;
  }
  auto gateway = Gateway::start(std::move(*loaded));
  if (!gateway) return say_error(console, gateway.error().what);
  for (const auto& address : (*gateway)->addresses()) console.out << "listening on " << address << '\n';
  console.out.flush();
  (*gateway)->run();
  return kDone;
}

int check(const std::string& config_file, Console& console) {
  const auto loaded = app::load(config_file, config::system_sources());
  if (!loaded) {
    console.err << loaded.error().to_string();
    return kNo;
  }
  for (const auto& warning : loaded->config.warnings) console.err << config_file << ": warning: " << warning << '\n';
  console.out << config_file << ": valid, with " << loaded->config.resources.size() << " resource(s) and "
              << loaded->policies.size() << " policy file(s)\n";
  return kDone;
}

}  // namespace postern::app

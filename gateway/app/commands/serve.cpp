#include <ostream>

#include <nlohmann/json.hpp>

#include "app/commands.hpp"
#include "app/loading/case_files.hpp"
#include "app/process/gateway.hpp"
#include "telemetry/sink.hpp"

namespace postern::app {
namespace {

int say_faults(const config::Faults& faults, Console& console) {
  if (!console.json) {
    console.err << faults.to_string();
    return kNo;
  }
  auto all = nlohmann::json::array();
  for (const auto& fault : faults.all()) {
    const auto& at = fault.at;
    all.push_back({{"file", at.file}, {"line", at.line}, {"column", at.column}, {"what", fault.what}});
  }
  print_json(console, {{"valid", false}, {"faults", std::move(all)}});
  return kNo;
}

}  // namespace

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
  return run(**gateway);
}

int run(Gateway& gateway) {
  const auto lost = gateway.run();
  if (lost == 0) return kDone;
  // Standard error may be what nobody reads any more: the process ends all the same.
  if (auto error = telemetry::Sink::open("")) {
    static_cast<void>(error->write(
        "postern: " + std::to_string(lost) + " audit lines were lost, because nothing took them any more\n", {}));
  }
  return kNo;
}

int check(const std::string& config_file, Console& console) {
  const auto sources = config::system_sources();
  const auto loaded = app::load(config_file, sources);
  if (!loaded) return say_faults(loaded.error(), console);
  const auto& config = loaded->config;
  const auto outdated = outdated_cases(*loaded, sources);
  if (console.json) {
    auto warnings = config.warnings;
    for (const auto& advice : loaded->advice.all()) warnings.push_back(to_string(advice.at) + ": " + advice.what);
    warnings.insert(warnings.end(), outdated.begin(), outdated.end());
    print_json(console, {{"valid", true},
                         {"resources", config.resources.size()},
                         {"policies", config.policies.size()},
                         {"warnings", warnings}});
    return kDone;
  }
  for (const auto& warning : config.warnings) console.err << config_file << ": warning: " << warning << '\n';
  for (const auto& advice : loaded->advice.all()) {
    console.err << to_string(advice.at) << ": warning: " << advice.what << '\n';
  }
  for (const auto& warning : outdated) console.err << warning << '\n';
  console.out << config_file << ": valid, with " << config.resources.size() << " resource(s) and "
              << config.policies.size() << " policy file(s)\n";
  return kDone;
}

}  // namespace postern::app

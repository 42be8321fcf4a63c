#pragma once

#include <optional>
#include <set>
#include <string>

namespace CLI {
class App;
class Option;
}  // namespace CLI

// What is wrong with the words of a command line beyond what the parser itself finds. Pure; the errors are sentences
// for whoever typed them.
namespace postern::app {

// The word that was not understood, which is why something else is missing. Empty where it may be a value: somebody may
// have typed a password in the wrong place.
std::string misspelt(CLI::App& app);

// An option whose value is empty or blank, as variables of a script that are not set leave it. Nearly everywhere that
// would be taken for an option that was not given, which may mean much more: a client without a limit to its scopes.
// `allowed`: those for which "" is a value.
std::optional<std::string> empty_value(const CLI::App& app, const std::set<const CLI::Option*>& allowed);

// Of a command that takes its configuration as `FILE` or as `-c FILE`: that neither is given, or both and different.
// `named` is the former, `config` the latter, and takes the one that is given.
std::optional<std::string> settle_config(const CLI::App& app, const std::string& named, std::string& config);

}  // namespace postern::app

#include "app/cli/typed_words.hpp"

#include <algorithm>

#include <CLI/CLI.hpp>

#include "base/strings.hpp"

namespace postern::app {
namespace {

// The command that the words lead to.
const CLI::App& reached_by(const CLI::App& app) {
  const CLI::App* reached = &app;
  while (!reached->get_subcommands().empty()) reached = reached->get_subcommands().front();
  return *reached;
}

// As it is asked for: "postern user list".
std::string words_of(const CLI::App& command) {
  const auto* parent = command.get_parent();
  return (parent == nullptr ? "" : words_of(*parent) + " ") + command.get_name();
}

// Options of a group are the command's as well.
std::vector<const CLI::Option*> options_of(const CLI::App& command) {
  auto options = command.get_options();
  for (const auto* group : command.get_subcommands([](const CLI::App* each) { return each->get_name().empty(); })) {
    const auto inner = options_of(*group);
    options.insert(options.end(), inner.begin(), inner.end());
  }
  return options;
}

}  // namespace

std::string misspelt(CLI::App& app) {
  const auto rest = app.remaining(true);
  if (rest.empty()) return "";
  const bool wants_command = !reached_by(app).get_subcommands([](const CLI::App*) { return true; }).empty();
  const bool is_option = rest.front().starts_with("-");
  return wants_command || is_option ? rest.front().substr(0, rest.front().find('=')) : "";
}

std::optional<std::string> empty_value(const CLI::App& app, const std::set<const CLI::Option*>& allowed) {
  for (const auto* option : options_of(reached_by(app))) {
    const bool may_be_empty = allowed.contains(option);
    const auto& values = option->results();
    const auto missing = [&](const std::string& value) {
      return trim(value).empty() && !(may_be_empty && value.empty());
    };
    if (std::ranges::none_of(values, missing)) continue;
    return option->get_name() + " is empty: give it a value" + (option->get_required() ? "" : ", or leave it out");
  }
  return std::nullopt;
}

std::optional<std::string> settle_config(const CLI::App& app, const std::string& named, std::string& config) {
  const auto& command = reached_by(app);
  if (command.get_option_no_throw("FILE") == nullptr || command.get_option_no_throw("--config") == nullptr) {
    return std::nullopt;
  }
  if (named.empty() && config.empty()) {
    return "name the configuration file: " + words_of(command) + " FILE, or -c FILE";
  }
  if (!named.empty() && !config.empty() && named != config) {
    return "two configuration files are named, `" + config + "` by -c and `" + named + "`: give one of them";
  }
  if (config.empty()) config = named;
  return std::nullopt;
}

}  // namespace postern::app

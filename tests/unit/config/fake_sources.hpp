#pragma once

#include <map>
#include <string>

#include "config/load.hpp"

namespace postern::config {

// Variables and files of a test, by name and by absolute path. The maps must outlive what is made from them.
struct FakeSources {
  std::map<std::string, std::string> variables;
  std::map<std::string, std::string> files;

  Sources sources() const {
    const auto look_up = [](const std::map<std::string, std::string>& map) {
      return [&map](const std::string& name) -> std::optional<std::string> {
        const auto found = map.find(name);
        return found == map.end() ? std::nullopt : std::optional(found->second);
      };
    };
    return {look_up(variables), look_up(files)};
  }
};

}  // namespace postern::config

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
    return {[this](const std::string& name) -> std::optional<std::string> {
              const auto found = variables.find(name);
              return found == variables.end() ? std::nullopt : std::optional(found->second);
            },
            [this](const std::string& path) -> Result<std::string> {
              const auto found = files.find(path);
              if (found == files.end()) return fail(Errc::not_found, "there is no such file");
              return found->second;
            },
            [this](const std::string& path) -> Result<std::vector<std::string>> {
              std::vector<std::string> inside;
              for (const auto& [file, text] : files) {
                if (file.starts_with(path + "/") && file.ends_with(".yaml")) inside.push_back(file);
              }
              if (inside.empty()) return fail(Errc::not_found, "there is no such folder");
              return inside;
            }};
  }
};

}  // namespace postern::config

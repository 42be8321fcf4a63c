#include "app/loading/case_files.hpp"

#include <algorithm>
#include <filesystem>

#include "policy/cases.hpp"

namespace postern::app {

namespace fs = std::filesystem;

std::vector<std::string> cases_beside(const config::Config& config) {
  std::vector<std::string> found;
  for (const auto& policy : config.policies) {
    const fs::path path(policy.path);
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(path.parent_path() / "cases", ignored)) {
      const auto name = entry.path().filename().string();
      if (name.starts_with(path.stem().string() + ".") && name.ends_with(".yaml"))
        found.push_back(entry.path().string());
    }
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

std::vector<std::string> outdated_cases(const Loaded& loaded, const config::Sources& sources) {
  std::vector<std::string> found;
  for (const auto& file : cases_beside(loaded.config)) {
    const auto results = policy::run_cases(file, loaded.policies, sources);
    if (!results) continue;
    for (const auto& result : *results) {
      if (result.outdated)
        found.push_back(config::to_string(result.at) + ": warning: " + result.name + ": " + result.what);
    }
  }
  return found;
}

}  // namespace postern::app

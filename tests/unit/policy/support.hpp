#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/cases.hpp"
#include "policy/policy.hpp"

namespace postern::policy {

// Sources over files in memory; no variables.
inline config::Sources sources_of(std::map<std::string, std::string> files = {}) {
  return {[](const std::string&) { return std::nullopt; },
          [files = std::move(files)](const std::string& path) -> Result<std::string> {
            const auto found = files.find(path);
            if (found == files.end()) return fail(Errc::not_found, "there is no such file");
            return found->second;
          }};
}

inline std::shared_ptr<const Policy> policy_of(std::string_view text) {
  auto loaded = policy::load_text(text, "p.yaml", sources_of());
  if (!loaded) {
    ADD_FAILURE() << loaded.error().to_string();
    return default_policy();
  }
  return *loaded;
}

inline std::string faults_of(std::string_view text) {
  const auto loaded = policy::load_text(text, "p.yaml", sources_of());
  return loaded ? "" : loaded.error().to_string();
}

// The head every policy needs, for tests of what follows it.
inline constexpr std::string_view kHead =
    "policy: p\n"
    "scopes: {use: Use it, read: Read, write: Write}\n"
    "default_scopes: [use]\n"
    "connect: [use]\n";

inline std::string with_head(std::string_view rest) { return std::string(kHead) + std::string(rest); }

inline mcp::Message message_of(std::string_view method, nlohmann::json params = nlohmann::json::object()) {
  auto message = method_call(method);
  const auto& named_by = mcp::find_method(method).named_by;
  if (!named_by.empty() && params.contains(named_by)) message.name = params.at(std::string(named_by));
  message.params = std::move(params);
  return message;
}

inline std::ostream& operator<<(std::ostream& out, Verdict verdict) {
  constexpr const char* names[] = {"allow", "step_up", "deny", "not_found"};
  return out << names[static_cast<std::size_t>(verdict)];
}

}  // namespace postern::policy

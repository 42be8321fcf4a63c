#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>

namespace postern::config {

// What a file is read as, and the keys of its outermost mapping. A file without a single one of them, not even
// misspelt, is a foreign one, such as a private key whose path was typed for that of the configuration. It is one fault
// that shows nothing of what the file holds. Tests hold each list to what the readers know.
struct FileKind {
  std::string_view what;  // to follow "this is not"
  std::span<const std::string_view> keys;

  bool holds(std::string_view key) const;  // the key, or a misspelling of it
  // "a mapping of keys to values, such as `a`, `b` and `c`"
  std::string form() const;
};

inline constexpr std::array<std::string_view, 16> kConfigurationKeys{
    "listen", "upstreams", "resources",       "authorization_servers", "policies", "tenants", "tenants_dir", "identity",
    "store",  "limits",    "trusted_proxies", "client_ip_header",      "origins",  "fetch",   "log",         "workers"};
inline constexpr std::array<std::string_view, 4> kTenantKeys{"handle", "name", "plan", "members"};
inline constexpr std::array<std::string_view, 1> kTenantListKeys{"tenants"};
inline constexpr std::array<std::string_view, 11> kPolicyKeys{"policy", "scopes", "default_scopes", "connect",
                                                              "roles",  "rules",  "plans",          "otherwise",
                                                              "shadow", "hide",   "scope_mode"};
inline constexpr std::array<std::string_view, 2> kCasesKeys{"policy", "cases"};

inline constexpr FileKind kConfigurationFile{"a configuration", kConfigurationKeys};
inline constexpr FileKind kTenantFile{"the file of a tenant", kTenantKeys};
inline constexpr FileKind kTenantLine{"a tenant", kTenantKeys};
inline constexpr FileKind kTenantListFile{"a list of tenants", kTenantListKeys};
inline constexpr FileKind kPolicyFile{"a policy", kPolicyKeys};
inline constexpr FileKind kCasesFile{"a file of cases", kCasesKeys};

// Whether a key may be shown as it was written. One that is made of other characters than those of the keys that are
// known here is more likely a line of something else, which may be secret: "root:$y$j9T$...:19000:0:99999:7::".
bool may_be_shown(std::string_view key) noexcept;

}  // namespace postern::config

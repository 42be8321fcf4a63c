#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "config/config.hpp"
#include "store/store.hpp"

namespace postern::tenant {

struct Membership {
  store::Tenant tenant;
  std::string role;
};

// Tenants and members from the configuration and from the store. Where both name a tenant, its name and plan are the
// file's; where both name a member of it, the role is the file's. A membership in the store of a tenant in the file
// counts, so that people can be added without editing the file. Users of a provider that the configuration does not
// name (any more), or that may not be members there, are members of nothing. Calls block on the store; thread-safe.
class Directory {
 public:
  // Both must outlive the directory.
  Directory(const config::Config& config, store::Store& store);

  Result<std::optional<store::Tenant>> find(std::string_view handle) const;
  // Named by the configuration, so that find() needs no store.
  bool is_in_file(std::string_view handle) const { return file_.contains(handle); }
  // Whether the user's provider may have members there at all.
  bool may_belong(std::string_view user, std::string_view handle) const;
  // nullopt: no member, or no such tenant.
  Result<std::optional<Membership>> membership(std::string_view user, std::string_view handle) const;
  // Sorted by handle.
  Result<std::vector<Membership>> memberships(std::string_view user) const;

 private:
  struct FileTenant {
    store::Tenant tenant;
    std::map<std::string, std::string, std::less<>> roles;  // by user key
  };

  void add_providers(const config::Config& config);

  std::map<std::string, FileTenant, std::less<>> file_;
  std::map<std::string, std::vector<std::string>, std::less<>> handles_of_;  // in the file, by user key
  // What users' keys may begin with, and where such users may be members; empty: anywhere.
  std::map<std::string, std::set<std::string, std::less<>>, std::less<>> providers_;
  store::Store& store_;
};

}  // namespace postern::tenant

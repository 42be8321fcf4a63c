#include "tenant/directory.hpp"

#include <algorithm>
#include <utility>

namespace postern::tenant {
namespace {

// "alice" in a file means the store's own user of that name.
std::string user_key(const std::string& user) { return user.find(':') == std::string::npos ? "local:" + user : user; }

}  // namespace

Directory::Directory(const config::Config& config, store::Store& store) : store_(store) {
  add_providers(config);
  for (const config::TenantEntry& entry : config.tenants) {
    FileTenant& added = file_[entry.handle];
    added.tenant = store::Tenant{entry.handle, entry.name.empty() ? entry.handle : entry.name, entry.plan};
    for (const config::Member& member : entry.members) {
      const auto key = user_key(member.user);
      if (added.roles.emplace(key, member.role).second) handles_of_[key].push_back(entry.handle);
    }
  }
}

void Directory::add_providers(const config::Config& config) {
  providers_.try_emplace("local");
  for (const auto& server : config.authorization_servers) {
    if (server.external) providers_.try_emplace(server.name);
  }
  // A provider that tokens come from too has users of one name: what it may not is so for both.
  for (const auto& provider : config.identity.providers) {
    const auto& allowed = provider.allowed_tenants;
    providers_[provider.name].insert(allowed.begin(), allowed.end());
  }
}

bool Directory::may_belong(std::string_view user, std::string_view handle) const {
  const auto provider = providers_.find(user.substr(0, user.find(':')));
  return provider != providers_.end() && (provider->second.empty() || provider->second.contains(handle));
}

Result<std::optional<store::Tenant>> Directory::find(std::string_view handle) const {
  if (const auto found = file_.find(handle); found != file_.end()) return std::optional(found->second.tenant);
  return store_.tenants().find(handle);
}

Result<std::optional<Membership>> Directory::membership(std::string_view user, std::string_view handle) const {
  if (!may_belong(user, handle)) return std::optional<Membership>();
  const auto in_file = file_.find(handle);
  if (in_file != file_.end()) {
    if (const auto role = in_file->second.roles.find(user); role != in_file->second.roles.end()) {
      return std::optional(Membership{in_file->second.tenant, role->second});
    }
  }
  const auto stored = store_.tenants().membership(user, handle);
  if (!stored) return stored.error();
  if (!*stored) return std::optional<Membership>();
  auto tenant = find(handle);
  if (!tenant) return tenant.error();
  if (!*tenant) return std::optional<Membership>();
  return std::optional(Membership{std::move(**tenant), (*stored)->role});
}

Result<std::vector<Membership>> Directory::memberships(std::string_view user) const {
  std::map<std::string, Membership> found;
  if (const auto handles = handles_of_.find(user); handles != handles_of_.end()) {
    for (const auto& handle : handles->second) {
      const auto& entry = file_.find(handle)->second;
      if (may_belong(user, handle)) found.emplace(handle, Membership{entry.tenant, entry.roles.find(user)->second});
    }
  }
  const auto stored = store_.tenants().memberships_of(user);
  if (!stored) return stored.error();
  for (const store::Membership& entry : *stored) {
    if (found.contains(entry.tenant) || !may_belong(user, entry.tenant)) continue;
    auto tenant = find(entry.tenant);
    if (!tenant) return tenant.error();
    if (*tenant) found.emplace(entry.tenant, Membership{std::move(**tenant), entry.role});
  }

  std::vector<Membership> sorted;
  for (auto& [handle, membership] : found) sorted.push_back(std::move(membership));
  return sorted;
}

}  // namespace postern::tenant

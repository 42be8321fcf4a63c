#include "tenant/directory.hpp"

#include <algorithm>
#include <utility>

namespace postern::tenant {
namespace {

// "alice" in a file means the store's own user of that name.
std::string user_key(const std::string& user) { return user.find(':') == std::string::npos ? "local:" + user : user; }

}  // namespace

Directory::Directory(const config::Config& config, store::Store& store) : store_(store) {
  for (const config::TenantEntry& entry : config.tenants) {
    FileTenant& added = file_[entry.handle];
    added.tenant = store::Tenant{entry.handle, entry.name.empty() ? entry.handle : entry.name, entry.plan};
    for (const config::Member& member : entry.members) added.roles.emplace(user_key(member.user), member.role);
  }
}

Result<std::optional<store::Tenant>> Directory::find(std::string_view handle) const {
  if (const auto found = file_.find(handle); found != file_.end()) return std::optional(found->second.tenant);
  return store_.tenants().find(handle);
}

Result<std::optional<Membership>> Directory::membership(std::string_view user, std::string_view handle) const {
  const auto in_file = file_.find(handle);
  if (in_file != file_.end()) {
    if (const auto role = in_file->second.roles.find(user); role != in_file->second.roles.end()) {
      return std::optional(Membership{in_file->second.tenant, role->second});
    }
  }
  const auto stored = store_.tenants().memberships_of(user);
  if (!stored) return stored.error();
  const auto entry = std::ranges::find(*stored, handle, &store::Membership::tenant);
  if (entry == stored->end()) return std::optional<Membership>();
  auto tenant = find(handle);
  if (!tenant) return tenant.error();
  if (!*tenant) return std::optional<Membership>();
  return std::optional(Membership{std::move(**tenant), entry->role});
}

Result<std::vector<Membership>> Directory::memberships(std::string_view user) const {
  std::map<std::string, Membership> found;
  for (const auto& [handle, entry] : file_) {
    if (const auto role = entry.roles.find(user); role != entry.roles.end()) {
      found.emplace(handle, Membership{entry.tenant, role->second});
    }
  }
  const auto stored = store_.tenants().memberships_of(user);
  if (!stored) return stored.error();
  for (const store::Membership& entry : *stored) {
    if (found.contains(entry.tenant)) continue;
    auto tenant = find(entry.tenant);
    if (!tenant) return tenant.error();
    if (*tenant) found.emplace(entry.tenant, Membership{std::move(**tenant), entry.role});
  }

  std::vector<Membership> sorted;
  for (auto& [handle, membership] : found) sorted.push_back(std::move(membership));
  return sorted;
}

}  // namespace postern::tenant

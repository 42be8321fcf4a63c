#include <map>

#include "config/forms.hpp"
#include "config/read/reading.hpp"
#include "config/ticked.hpp"

namespace postern::config {
namespace {

void read_user(Reading& reading, MapReader& reader, Member& member) {
  const auto user = reader.text("user", true);
  if (!user) return;
  const auto provider = user->value.substr(0, user->value.find(':'));
  if (!is_user_key(user->value)) {
    reading.faults.add(user->at, "`user` " + user->written + " must be a user's name, without blanks");
  } else if (provider.size() < user->value.size()) {
    reading.providers_named.push_back({provider, user->at});
  }
  member.user = user->value;
}

void read_member(Reading& reading, const Value& item, TenantEntry& tenant) {
  MapReader reader(item, "members entry", reading.faults);
  Member member;
  read_user(reading, reader, member);
  if (const auto role = reader.text("role")) {
    if (!is_name(role->value)) {
      reading.faults.add(role->at, "`role` " + role->written + " must be letters, digits, `-`, `_` and `.`");
    }
    member.role = role->value;
    member.at = role->at;
  }
  reading.finish(reader, "tenants[].members[]");
  for (const auto& other : tenant.members) {
    if (!member.user.empty() && other.user == member.user) {
      reading.faults.add(reader.at("user"), "this user is a member of " + ticked(tenant.handle) + " twice");
    }
  }
  tenant.members.push_back(std::move(member));
}

void read_handle(Reading& reading, MapReader& reader, TenantEntry& tenant) {
  const auto handle = reader.text("handle", true);
  if (!handle) return;
  if (!is_handle(handle->value)) {
    reading.faults.add(handle->at, "`handle` " + handle->written +
                                       " must be 1 to 63 lower-case letters, digits and `-`, and begin with no `-`");
    return;
  }
  tenant.handle = handle->value;
  for (const auto& other : reading.config.tenants) {
    if (other.handle != tenant.handle) continue;
    reading.faults.add(handle->at,
                       "the tenant " + handle->written + " is given twice; the first is at " + to_string(other.at));
  }
}

void read_tenant(Reading& reading, const Value& item) {
  MapReader reader(item, "tenants entry", reading.faults);
  TenantEntry tenant;
  tenant.at = item.at;
  read_handle(reading, reader, tenant);
  tenant.name = tenant.handle;
  reader.string("name", tenant.name);
  reader.string("plan", tenant.plan);
  if (const auto* members = reader.list("members")) {
    for (const auto& member : members->items) read_member(reading, member, tenant);
  }
  reading.finish(reader, "tenants[]");
  reading.config.tenants.push_back(std::move(tenant));
}

}  // namespace

void read_identity(Reading& reading, MapReader& top) {
  const auto* value = top.map("identity");
  if (!value) return;
  MapReader reader(*value, "identity", reading.faults);
  auto& identity = reading.config.identity;
  reader.boolean("local", identity.local);
  reader.duration("session", identity.session, std::chrono::seconds(1), std::chrono::hours(24 * 30));
  read_providers(reading, reader, identity);
  reading.finish(reader, "identity");
}

void read_tenants(Reading& reading, MapReader& top) {
  top.unsupported("tenants_dir", not_yet("tenants_dir", "list them under `tenants`, or keep them in the store"));
  const auto* tenants = top.list("tenants");
  if (!tenants) return;
  for (const auto& item : tenants->items) read_tenant(reading, item);
}

}  // namespace postern::config

#include <algorithm>
#include <filesystem>
#include <set>

#include "config/forms.hpp"
#include "config/read/reading.hpp"
#include "config/text/file_kind.hpp"
#include "config/text/ticked.hpp"
#include "http/characters.hpp"

namespace postern::config {
namespace {

// Whether a value may be taken back: of a tenant that is kept in the store, but not of one that is written here alone.
std::optional<Text> text_of(MapReader& reader, std::string_view key, Clearing clearing) {
  return clearing == Clearing::allowed ? reader.text_or_cleared(key) : reader.text(key);
}

void read_user(Reading& reading, MapReader& reader, ListedMember& member) {
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

void read_member(Reading& reading, const Value& item, Clearing clearing, ListedTenant& tenant,
                 std::set<std::string>& seen) {
  MapReader reader(item, "members entry", reading.faults);
  ListedMember member;
  read_user(reading, reader, member);
  if (const auto role = text_of(reader, "role", clearing)) {
    if (!role->value.empty() && !is_name(role->value)) {
      reading.faults.add(role->at, "`role` " + role->written + " must be letters, digits, `-`, `_` and `.`");
    }
    member.role = role->value;
    member.at = role->at;
  }
  reading.finish(reader, "tenants[].members[]");
  // "alice" and "local:alice" are one.
  const std::string own = "local:";
  const auto user = member.user.starts_with(own) ? member.user.substr(own.size()) : member.user;
  if (!user.empty() && !seen.insert(user).second) {
    reading.faults.add(reader.at("user"), "this user is a member of " + ticked(tenant.handle) + " twice");
  }
  tenant.members.push_back(std::move(member));
}

// What people read, and servers behind get in headers.
std::optional<std::string> read_words(Reading& reading, MapReader& reader, std::string_view key, Clearing clearing) {
  auto text = text_of(reader, key, clearing);
  if (!text) return std::nullopt;
  if (std::ranges::any_of(text->value, http::is_control)) {
    reading.faults.add(text->at, ticked(key) + " holds a control character: remove it");
  }
  return std::move(text->value);
}

// `named` is what the name of the tenant's own file says; empty: it is in no file of its own.
void read_handle(Reading& reading, MapReader& reader, std::string_view named, ListedTenant& tenant) {
  const auto written = reader.text("handle", named.empty());
  if (!written && (named.empty() || reader.has("handle"))) return;
  const Text handle = written ? *written : Text{std::string(named), ticked(named), false, tenant.at};
  if (!is_handle(handle.value)) {
    const std::string what = written ? "`handle` " + handle.written : "this file's name, " + handle.written + ",";
    reading.faults.add(handle.at, what + " must be 1 to 63 lower-case letters, digits and `-`, and begin with no `-`");
    return;
  }
  if (!named.empty() && handle.value != named) {
    reading.faults.add(handle.at, "`handle` " + handle.written + " must be the file's name without its ending, " +
                                      ticked(named) + "; it may be left away");
    return;
  }
  tenant.handle = handle.value;
  const auto [first, fresh] = reading.tenants_seen.emplace(tenant.handle, tenant.at);
  if (fresh) return;
  reading.faults.add(handle.at,
                     "the tenant " + handle.written + " is given twice; the first is at " + to_string(first->second));
}

// What is not given has its default: a configuration says all that there is to know of its tenants.
void read_tenant(Reading& reading, const Value& item, std::string_view named = {}) {
  auto listed = read_listed_tenant(reading, item, Clearing::refused, named);
  TenantEntry tenant;
  tenant.handle = listed.handle;
  tenant.name = listed.name ? *std::move(listed.name) : listed.handle;
  tenant.plan = std::move(listed.plan).value_or("");
  for (auto& member : listed.members) {
    tenant.members.push_back({std::move(member.user), std::move(member.role).value_or(""), std::move(member.at)});
  }
  tenant.at = std::move(listed.at);
  reading.config.tenants.push_back(std::move(tenant));
}

// One file for one tenant, named by its handle.
void read_tenant_file(Reading& reading, const std::string& path) {
  const auto text = reading.sources.file(path);
  if (!text) {
    reading.faults.add({path, 1, 1}, "cannot read this file of `tenants_dir`: " + text.error().what);
    return;
  }
  const auto root = parse_yaml(*text, path, reading.sources, reading.faults, &kTenantFile);
  if (!root) return;
  if (root->kind == Value::Kind::null) {
    // As likely cut off as meant.
    reading.faults.add(root->at, "the file is empty: give the tenant at least its `name`");
    return;
  }
  read_tenant(reading, *root, std::filesystem::path(path).stem().string());
}

void read_tenants_dir(Reading& reading, MapReader& top) {
  const auto text = top.text("tenants_dir");
  if (!text) return;
  const auto files = reading.sources.folder(resolve_path(text->at.file, text->value));
  if (!files) {
    reading.faults.add(text->at,
                       "cannot read the folder that `tenants_dir` names, " + text->written + ": " + files.error().what);
    return;
  }
  for (const auto& file : *files) read_tenant_file(reading, file);
}

}  // namespace

ListedTenant read_listed_tenant(Reading& reading, const Value& item, Clearing clearing, std::string_view named) {
  MapReader reader(item, "tenants entry", reading.faults);
  ListedTenant tenant;
  tenant.at = item.at;
  read_handle(reading, reader, named, tenant);
  tenant.name = read_words(reading, reader, "name", clearing);
  tenant.plan = read_words(reading, reader, "plan", clearing);
  if (const auto* members = reader.list("members")) {
    std::set<std::string> seen;
    for (const auto& member : members->items) read_member(reading, member, clearing, tenant, seen);
  }
  reading.finish(reader, "tenants[]");
  return tenant;
}

void read_tenants(Reading& reading, MapReader& top) {
  if (const auto* tenants = top.list("tenants")) {
    for (const auto& item : tenants->items) read_tenant(reading, item);
  }
  read_tenants_dir(reading, top);
}

}  // namespace postern::config

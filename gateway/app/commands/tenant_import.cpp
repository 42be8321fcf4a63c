#include <fstream>
#include <istream>
#include <map>
#include <ostream>
#include <set>

#include <nlohmann/json.hpp>

#include "app/commands.hpp"
#include "app/loading/loaded.hpp"
#include "config/tenant_list.hpp"

namespace postern::app {
namespace {

using Tenants = std::vector<config::ListedTenant>;

boost::system::result<Tenants, config::Faults> read(const Opened& opened, const std::string& file, Console& console) {
  if (file == "-") return config::read_tenant_lines(console.in, "standard input", opened.config);
  if (file.ends_with(".jsonl") || file.ends_with(".ndjson")) {
    std::ifstream lines(file);
    if (lines) return config::read_tenant_lines(lines, file, opened.config);
  }
  const auto text = config::system_sources().file(file);
  if (text) return config::read_tenant_list(*text, file, opened.config);
  config::Faults faults;
  faults.add({file, 1, 1}, "cannot read this file: " + text.error().what +
                               (text.error().code == Errc::too_large ? "; write it as JSON Lines (.jsonl)" : ""));
  return faults;
}

// What the configuration has to say against them: the file wins, and a misspelt role would leave its member with
// nothing.
config::Faults conflicts(const Opened& opened, const Tenants& tenants) {
  config::Faults faults;
  std::set<std::string> in_file;
  for (const auto& tenant : opened.config.tenants) in_file.insert(tenant.handle);
  std::map<std::string, bool> known{{"", true}};
  for (const auto& tenant : tenants) {
    if (in_file.contains(tenant.handle)) {
      faults.add(tenant.at, "the configuration file defines `" + tenant.handle + "`, and the file wins");
    }
    for (const auto& member : tenant.members) {
      const auto given = member.role.value_or("");
      const auto [role, fresh] = known.try_emplace(given, false);
      if (fresh) role->second = role_is_known(opened.config, config::system_sources(), given);
      if (!role->second) faults.add(member.at, "no policy of a resource has the role `" + given + "`");
    }
  }
  return faults;
}

// Local users who are members of something and are not there yet: as likely misspelt as late.
Result<std::size_t> unknown_users(Opened& opened, const std::vector<store::MembershipEdit>& memberships) {
  const auto users = opened.store.users().list();
  if (!users) return users.error();
  std::set<std::string> known;
  for (const auto& user : *users) known.insert(user.key);
  std::set<std::string> unknown;
  for (const auto& membership : memberships) {
    if (membership.user.starts_with("local:") && !known.contains(membership.user)) unknown.insert(membership.user);
  }
  return unknown.size();
}

store::TenantEdits edits_of(const Tenants& listed) {
  store::TenantEdits edits;
  for (const auto& entry : listed) {
    store::TenantEdit tenant{entry.handle, entry.name, entry.plan};
    if (tenant.name && tenant.name->empty()) tenant.name = tenant.handle;
    edits.tenants.push_back(std::move(tenant));
    for (const auto& member : entry.members) {
      edits.members.push_back({user_key(member.user), entry.handle, member.role});
    }
  }
  return edits;
}

int say_faults(const config::Faults& faults, Console& console) {
  console.err << faults.to_string();
  return say_error(console, "nothing was imported");
}

}  // namespace

int tenant_import(Opened& opened, const std::string& file, Console& console) {
  const auto read_in = read(opened, file, console);
  if (!read_in) return say_faults(read_in.error(), console);
  if (const auto faults = conflicts(opened, *read_in); !faults.empty()) return say_faults(faults, console);
  const auto edits = edits_of(*read_in);
  const auto& [tenants, memberships] = edits;
  const auto changed = opened.store.tenants().apply(edits);
  if (!changed) return say_error(console, changed.error().what);
  const auto unknown = unknown_users(opened, memberships);
  if (!unknown) return say_error(console, unknown.error().what);
  if (*unknown > 0) {
    console.err << "postern: " << *unknown << " of the users named are not there yet: add them with `user add`\n";
  }
  return say_done(console,
                  "imported " + std::to_string(tenants.size()) + " tenants with " + std::to_string(memberships.size()) +
                      " members; " + std::to_string(*changed) + " of these are new or changed",
                  {{"tenants", tenants.size()}, {"members", memberships.size()}, {"changed", *changed}});
}

}  // namespace postern::app

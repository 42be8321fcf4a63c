#include <ostream>
#include <set>

#include <nlohmann/json.hpp>

#include "app/commands.hpp"
#include "config/forms.hpp"

namespace postern::app {
namespace {

bool in_file(const Opened& opened, const std::string& handle) {
  for (const auto& tenant : opened.config.tenants) {
    if (tenant.handle == handle) return true;
  }
  return false;
}

nlohmann::json to_json(const store::Tenant& tenant) {
  return {{"handle", tenant.handle}, {"name", tenant.name}, {"plan", tenant.plan}};
}

}  // namespace

int tenant_add(Opened& opened, const TenantOptions& options, Console& console) {
  if (!config::is_handle(options.handle)) {
    return say_error(console,
                     "a handle has 1 to 63 lower-case letters, digits and hyphens, and begins with a letter or digit");
  }
  if (in_file(opened, options.handle))
    return say_error(console, "the configuration file defines `" + options.handle + "`, and the file wins");
  const auto found = opened.store.tenants().find(options.handle);
  if (!found) return say_error(console, found.error().what);
  if (*found)
    return say_error(console, "there is a tenant `" + options.handle + "` already; change it with `tenant set`");
  const store::Tenant tenant{options.handle, options.name.empty() ? options.handle : options.name, options.plan};
  if (const auto put = opened.store.tenants().put(tenant); !put) return say_error(console, put.error().what);
  return say_done(console, "added " + tenant.handle, to_json(tenant));
}

int tenant_set(Opened& opened, const TenantOptions& options, Console& console) {
  if (in_file(opened, options.handle))
    return say_error(console, "the configuration file defines `" + options.handle + "`, and the file wins");
  auto found = opened.store.tenants().find(options.handle);
  if (!found) return say_error(console, found.error().what);
  if (!*found) return say_error(console, "there is no tenant `" + options.handle + "`");
  if (!options.name.empty()) (*found)->name = options.name;
  if (!options.plan.empty()) (*found)->plan = options.plan;
  const auto put = opened.store.tenants().put(**found);
  if (!put) return say_error(console, put.error().what);
  return say_done(console, "changed " + options.handle, to_json(**found));
}

int tenant_list(Opened& opened, Console& console) {
  const auto stored = opened.store.tenants().list();
  if (!stored) return say_error(console, stored.error().what);
  auto all = nlohmann::json::array();
  const auto add = [&](const std::string& handle, const std::string& name, const std::string& plan, const char* from) {
    all.push_back({{"handle", handle}, {"name", name}, {"plan", plan}, {"from", from}});
    if (!console.json)
      console.out << handle << "  " << name << (plan.empty() ? "" : "  plan " + plan) << "  (" << from << ")\n";
  };
  std::set<std::string> named;
  for (const auto& tenant : opened.config.tenants) {
    named.insert(tenant.handle);
    add(tenant.handle, tenant.name, tenant.plan, "file");
  }
  for (const auto& tenant : *stored) {
    if (!named.contains(tenant.handle)) add(tenant.handle, tenant.name, tenant.plan, "store");
  }
  if (console.json) print_json(console, all);
  return kDone;
}

int tenant_remove(Opened& opened, const std::string& handle, Console& console) {
  const auto done = opened.store.tenants().remove(handle);
  if (!done)
    return say_error(
        console, done.error().code == Errc::not_found ? "the store has no tenant `" + handle + "`" : done.error().what);
  return say_done(console, "removed " + handle + ", its memberships and grants", {{"handle", handle}});
}

}  // namespace postern::app

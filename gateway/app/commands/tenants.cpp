#include <algorithm>
#include <ostream>
#include <set>
#include <utility>

#include <nlohmann/json.hpp>

#include "app/commands.hpp"
#include "base/encoding.hpp"
#include "config/forms.hpp"
#include "http/characters.hpp"

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

// People read both, and servers behind get them in headers.
std::optional<std::string> words_fault(const TenantOptions& options) {
  for (const auto& [option, words] : {std::pair("--name", &options.name), std::pair("--plan", &options.plan)}) {
    if (!words->has_value()) continue;
    if (!is_valid_utf8(**words)) return std::string(option) + " must be UTF-8";
    if (std::ranges::any_of(**words, http::is_control))
      return std::string(option) + " holds a control character: remove it";
  }
  return std::nullopt;
}

store::TenantEdit edit_of(const TenantOptions& options, store::Presence wanted) {
  store::TenantEdit edit{options.handle, options.name, options.plan, wanted};
  if (edit.name && edit.name->empty()) edit.name = edit.handle;
  return edit;
}

// As it is in the store now.
int say_tenant(Opened& opened, const std::string& handle, const std::string& sentence, Console& console) {
  const auto found = opened.store.tenants().find(handle);
  if (!found) return say_error(console, found.error().what);
  if (!*found) return say_error(console, "there is no tenant `" + handle + "` any more");
  return say_done(console, sentence, to_json(**found));
}

}  // namespace

int tenant_add(Opened& opened, const TenantOptions& options, Console& console) {
  if (!config::is_handle(options.handle)) {
    return say_error(console,
                     "a handle has 1 to 63 lower-case letters, digits and hyphens, and begins with a letter or digit");
  }
  if (const auto fault = words_fault(options)) return say_error(console, *fault);
  if (in_file(opened, options.handle))
    return say_error(console, "the configuration file defines `" + options.handle + "`, and the file wins");
  const auto added = opened.store.tenants().apply({.tenants = {edit_of(options, store::Presence::absent)}});
  if (!added && added.error().code == Errc::conflict)
    return say_error(console, "there is a tenant `" + options.handle + "` already; change it with `tenant set`");
  if (!added) return say_error(console, added.error().what);
  return say_tenant(opened, options.handle, "added " + options.handle, console);
}

int tenant_set(Opened& opened, const TenantOptions& options, Console& console) {
  if (!options.name && !options.plan) {
    say_error(console, "`tenant set` changes nothing without --name NAME, --no-name, --plan PLAN or --no-plan: give " +
                           std::string("what is to be different"));
    return kUsage;
  }
  if (const auto fault = words_fault(options)) return say_error(console, *fault);
  if (in_file(opened, options.handle))
    return say_error(console, "the configuration file defines `" + options.handle + "`, and the file wins");
  const auto changed = opened.store.tenants().apply({.tenants = {edit_of(options, store::Presence::present)}});
  if (!changed && changed.error().code == Errc::not_found)
    return say_error(console, "there is no tenant `" + options.handle + "`");
  if (!changed) return say_error(console, changed.error().what);
  return say_tenant(opened, options.handle,
                    *changed > 0 ? "changed " + options.handle : options.handle + " has these values already", console);
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
  if (!done && done.error().code == Errc::not_found) {
    return say_error(console, in_file(opened, handle)
                                  ? "the configuration file defines `" + handle + "`: remove it there"
                                  : "the store has no tenant `" + handle + "`");
  }
  if (!done) return say_error(console, done.error().what);
  return say_done(console, "removed " + handle + ", its memberships and grants", {{"handle", handle}});
}

}  // namespace postern::app

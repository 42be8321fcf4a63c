#include <algorithm>
#include <istream>
#include <ostream>

#include <nlohmann/json.hpp>

#include "app/commands.hpp"
#include "app/loading/loaded.hpp"
#include "base/encoding.hpp"
#include "config/forms.hpp"
#include "crypto/password.hpp"
#include "tenant/directory.hpp"

namespace postern::app {
namespace {

struct MemberOption {
  std::string handle;
  std::optional<std::string> role;  // not given: it stays; empty: none
};

MemberOption parse_member(const std::string& text) {
  const auto colon = text.find(':');
  if (colon == std::string::npos) return {text, std::nullopt};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

Result<bool> tenant_exists(Opened& opened, const std::string& handle) {
  for (const auto& tenant : opened.config.tenants) {
    if (tenant.handle == handle) return true;
  }
  const auto found = opened.store.tenants().find(handle);
  if (!found) return found.error();
  return found->has_value();
}

// What is wrong with a role; empty: nothing.
std::string role_fault(const Opened& opened, const std::optional<std::string>& role) {
  if (!role || role->empty() || role_is_known(opened.config, config::system_sources(), *role)) return "";
  return "no policy of a resource has the role `" + *role + "`";
}

// Why a change of this membership in the store would be without effect; empty where it would not.
std::string held_by_file(const Opened& opened, const std::string& key, const std::string& handle) {
  const auto* member = member_in_file(opened.config, key, handle);
  if (member == nullptr) return "";
  return "the configuration file makes " + key + " a member of " + handle +
         (member->role.empty() ? "" : " as " + member->role) + ", and the file wins; change it there";
}

// Of the file and of the store; the role is the file's where both name one.
Result<std::vector<store::Membership>> memberships_of(Opened& opened, const std::string& key) {
  const tenant::Directory directory(opened.config, opened.store);
  const auto found = directory.memberships(key);
  if (!found) return found.error();
  std::vector<store::Membership> out;
  for (const auto& each : *found) out.push_back({key, each.tenant.handle, each.role});
  return out;
}

// Reads or makes the password. The error is a sentence.
Result<std::string> password_of(const UserOptions& options, Console& console) {
  if (options.password_generate) return crypto::generate_password();
  std::string password;
  std::getline(console.in, password);
  if (password.empty()) return fail(Errc::invalid, "standard input holds no password on its first line");
  if (!password.empty() && password.back() == '\r') password.pop_back();
  if (password.size() < 8) return fail(Errc::invalid, "a password has at least 8 characters");
  if (password.size() > 1024) return fail(Errc::invalid, "a password has at most 1024 bytes");
  return password;
}

bool is_user_name(const std::string& name) {
  if (name.empty() || name.size() > 128 || !is_valid_utf8(name)) return false;
  for (const char c : name) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7F || c == ':') return false;
  }
  return true;
}

// "entra:SUBJECT" of a provider that the configuration names.
bool is_of_provider(const Opened& opened, const std::string& name) {
  const auto provider = name.substr(0, name.find(':'));
  if (provider.size() == name.size() || !config::is_user_key(name)) return false;
  const auto& providers = opened.config.identity.providers;
  return std::ranges::find(providers, provider, &config::Provider::name) != providers.end() ||
         std::ranges::any_of(opened.config.authorization_servers,
                             [&](const auto& server) { return server.external && server.name == provider; });
}

// Whoever comes with a provider's tokens alone has no row of the store. With one that says so he is disabled, and
// stays so however he comes.
Result<void> disable_unseen(Opened& opened, const std::string& key) {
  store::User user;
  user.key = key;
  user.name = key;
  user.disabled = true;
  user.created_at = opened.clock.now();
  const auto added = opened.store.users().add(user);
  // He has signed in meanwhile.
  if (!added && added.error().code == Errc::conflict) return opened.store.users().set_disabled(key, true);
  return added;
}

// A name that may be added, and a password where it needs one; the error is a sentence.
Result<std::string> password_for(Opened& opened, const UserOptions& options, Console& console) {
  if (options.no_password) {
    if (is_of_provider(opened, options.name)) return std::string();
    return fail(Errc::invalid, "--no-password is for PROVIDER:SUBJECT, PROVIDER being a name in the configuration");
  }
  if (!is_user_name(options.name)) {
    return fail(Errc::invalid,
                "a user name has 1 to 128 characters of UTF-8 without blanks and `:`; users of a provider are " +
                    std::string("added with --no-password"));
  }
  return password_of(options, console);
}

// A password that was made here is printed this once.
int say_user(const UserOptions& options, const std::string& sentence, const std::string& password, Console& console) {
  nlohmann::json value{{"user", user_key(options.name)}};
  if (!options.password_generate) return say_done(console, sentence, value);
  value["password"] = password;
  return say_done(console, sentence + "\nPassword: " + password, value);
}

}  // namespace

int user_add(Opened& opened, const UserOptions& options, Console& console) {
  store::TenantEdits edits;
  for (const auto& text : options.members) {
    const auto member = parse_member(text);
    const auto exists = tenant_exists(opened, member.handle);
    if (!exists) return say_error(console, exists.error().what);
    if (!*exists) return say_error(console, "there is no tenant `" + member.handle + "`; add it first");
    if (const auto fault = role_fault(opened, member.role); !fault.empty()) return say_error(console, fault);
    const auto held = held_by_file(opened, user_key(options.name), member.handle);
    if (!held.empty()) return say_error(console, held);
    edits.members.push_back({user_key(options.name), member.handle, member.role});
  }
  const auto password = password_for(opened, options, console);
  if (!password) return say_error(console, password.error().what);
  store::User user;
  user.key = user_key(options.name);
  user.name = options.name;
  user.email = options.email;
  if (!password->empty()) user.password_hash = crypto::hash_password(Secret(*password));
  user.created_at = opened.clock.now();
  if (const auto added = opened.store.users().add(user); !added) {
    return say_error(console, added.error().code == Errc::conflict ? "there is a user `" + options.name + "` already"
                                                                   : added.error().what);
  }
  if (const auto applied = opened.store.tenants().apply(edits); !applied)
    return say_error(console, applied.error().what);
  return say_user(options, "added " + user.key, *password, console);
}

int user_list(Opened& opened, Console& console) {
  const auto users = opened.store.users().list();
  if (!users) return say_error(console, users.error().what);
  auto all = nlohmann::json::array();
  for (const auto& user : *users) {
    auto members = nlohmann::json::array();
    const auto memberships = memberships_of(opened, user.key);
    if (!memberships) return say_error(console, memberships.error().what);
    std::string text;
    for (const auto& each : *memberships) {
      members.push_back({{"tenant", each.tenant}, {"role", each.role}});
      text += " " + each.tenant + (each.role.empty() ? "" : ":" + each.role);
    }
    all.push_back({{"user", user.key}, {"email", user.email}, {"disabled", user.disabled}, {"members", members}});
    if (!console.json)
      console.out << user.key << (user.email.empty() ? "" : " <" + user.email + ">")
                  << (user.disabled ? " (disabled)" : "") << text << '\n';
  }
  if (console.json) print_json(console, all);
  return kDone;
}

int user_disable(Opened& opened, const std::string& name, bool disabled, Console& console) {
  auto done = opened.store.users().set_disabled(user_key(name), disabled);
  if (!done && done.error().code == Errc::not_found && disabled && is_of_provider(opened, name)) {
    done = disable_unseen(opened, name);
  }
  if (!done)
    return say_error(console,
                     done.error().code == Errc::not_found ? "there is no user `" + name + "`" : done.error().what);
  const auto key = user_key(name);
  if (!disabled) return say_done(console, "enabled " + key + "; it signs in anew", {{"user", key}});
  return say_done(console, "disabled " + key + "; its sessions and grants have ended", {{"user", key}});
}

int user_set_password(Opened& opened, const UserOptions& options, Console& console) {
  const auto password = password_of(options, console);
  if (!password) return say_error(console, password.error().what);
  const auto key = user_key(options.name);
  const auto done = opened.store.users().set_password(key, crypto::hash_password(Secret(*password)));
  if (!done)
    return say_error(
        console, done.error().code == Errc::not_found ? "there is no user `" + options.name + "`" : done.error().what);
  return say_user(options, "set the password of " + key, *password, console);
}

int member_add(Opened& opened, const std::string& name, const std::string& membership, Console& console) {
  const auto member = parse_member(membership);
  const auto exists = tenant_exists(opened, member.handle);
  if (!exists) return say_error(console, exists.error().what);
  if (!*exists) return say_error(console, "there is no tenant `" + member.handle + "`; add it first");
  const auto user = opened.store.users().find(user_key(name));
  if (!user) return say_error(console, user.error().what);
  if (!*user) return say_error(console, "there is no user `" + name + "`; add it first");
  const auto key = user_key(name);
  if (const auto held = held_by_file(opened, key, member.handle); !held.empty()) return say_error(console, held);
  if (const auto fault = role_fault(opened, member.role); !fault.empty()) return say_error(console, fault);
  const auto applied = opened.store.tenants().apply({.members = {{key, member.handle, member.role}}});
  if (!applied) return say_error(console, applied.error().what);
  const auto stored = opened.store.tenants().membership(key, member.handle);
  if (!stored) return say_error(console, stored.error().what);
  if (!*stored) return say_error(console, key + " is no longer a member of " + member.handle);
  const auto& role = (*stored)->role;
  return say_done(console, key + " is a member of " + member.handle + (role.empty() ? "" : " as " + role),
                  {{"user", key}, {"tenant", member.handle}, {"role", role}});
}

int member_remove(Opened& opened, const std::string& name, const std::string& membership, Console& console) {
  const auto handle = parse_member(membership).handle;
  const auto key = user_key(name);
  if (const auto held = held_by_file(opened, key, handle); !held.empty()) return say_error(console, held);
  const auto done = opened.store.tenants().remove_member(key, handle);
  if (!done)
    return say_error(console,
                     done.error().code == Errc::not_found ? name + " is not a member of " + handle : done.error().what);
  return say_done(console, key + " is no longer a member of " + handle, {{"user", key}, {"tenant", handle}});
}

}  // namespace postern::app

#include <filesystem>
#include <optional>
#include <ostream>

#include "app/commands.hpp"
#include "app/commands/upstream_probe.hpp"
#include "app/process/gateway.hpp"
#include "config/forms.hpp"
#include "crypto/password.hpp"
#include "http/url/url.hpp"

namespace postern::app {
namespace {

constexpr auto* kTenant = "default";
constexpr auto* kUser = "admin";

// The configuration somebody would write for one server, as the file's reader would check it.
std::string quick_yaml(const QuickOptions& options, const std::string& public_origin) {
  const bool loopback_http = public_origin.starts_with("http://");
  std::string out;
  out += "listen: [{address: \"" + options.listen + "\"" + (loopback_http ? "" : ", behind_proxy: true") + "}]\n";
  out += "store: \"sqlite:" + options.data + "/postern.db\"\n";
  out += "authorization_servers: {main: {issuer: \"" + public_origin + "\"}}\n";
  out += "tenants: [{handle: " + std::string(kTenant) + ", name: Default, members: [{user: " + kUser +
         ", role: admin}]}]\n";
  if (options.command.empty()) {
    out += "upstreams: {server: {urls: [\"" + options.upstream +
           "\"], headers: {X-Tenant: \"{tenant.handle}\", X-User: \"{user.name}\", X-Scopes: \"{scopes}\"}}}\n";
  } else {
    out += "upstreams: {server: {command: [filled in below]}}\n";
  }
  out += "resources: [{serve: \"" + public_origin + "/mcp\", upstream: server, policy: " + config::kBuiltInPolicy +
         ", tenant: " + kTenant + "}]\n";
  return out;
}

// Faults speak of the file that was made here; the user wrote options.
std::string in_options(std::string what) {
  for (const auto& [key, option] : {std::pair{"`urls` item", "--upstream"},
                                    {"`issuer`", "--public-url"},
                                    {"`serve`", "--public-url"},
                                    {"`address`", "--listen"}}) {
    if (const auto at = what.find(key); at != std::string::npos) what.replace(at, std::string_view(key).size(), option);
  }
  return what;
}

// As given, without the file's rules for ${…}.
Result<void> fill_in_command(const QuickOptions& options, const config::Sources& sources, config::Upstream& upstream) {
  upstream.command = options.command;
  upstream.log_stderr = options.log_stderr;
  for (const auto& name : options.variables) {
    const auto value = sources.variable(name);
    if (!value) return fail(Errc::invalid, "--env: there is no variable " + name);
    upstream.env.emplace_back(name, Secret(*value));
  }
  return {};
}

bool quotable(const std::string& text) { return text.find_first_of("\"\\\n\r") == std::string::npos; }

std::string store_file(const QuickOptions& options) { return options.data + "/postern.db"; }

Result<void> add_user(store::Store& store, const Clock& clock, const std::string& hash) {
  store::User user;
  user.key = user_key(kUser);
  user.name = kUser;
  user.password_hash = hash;
  user.created_at = clock.now();
  return store.users().add(user);
}

// The first user, once: its password is printed and nowhere kept.
Result<std::string> first_password(const QuickOptions& options) {
  auto opened = store::open_store("sqlite:" + store_file(options));
  if (!opened) return opened.error();
  const auto users = opened->store->users().list();
  if (!users) return users.error();
  if (!users->empty()) return std::string();
  const auto password = crypto::generate_password();
  const SystemClock clock;
  const auto added = add_user(*opened->store, clock, crypto::hash_password(Secret(password)));
  if (!added) return added.error();
  return password;
}

// Replaces a lost password. A gateway that runs on the store uses the new one at once.
Result<std::string> new_password(const QuickOptions& options) {
  const auto file = store_file(options);
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) {
    return fail(Errc::not_found, "there is no " + file + " here: run this in the folder where `postern quick` was run");
  }
  auto opened = store::open_store("sqlite:" + file);
  if (!opened) return opened.error();
  const auto password = crypto::generate_password();
  const auto hash = crypto::hash_password(Secret(password));
  auto& users = opened->store->users();
  auto done = users.set_password(user_key(kUser), hash);
  // A password that does not let the user in would be of no use.
  if (done) done = users.set_disabled(user_key(kUser), false);
  const SystemClock clock;
  if (!done && done.error().code == Errc::not_found) done = add_user(*opened->store, clock, hash);
  if (!done) return done.error();
  return password;
}

int print_new_password(const QuickOptions& options, Console& console) {
  const auto password = new_password(options);
  if (!password) return say_error(console, password.error().what);
  console.out << "User: " << kUser << "\nPassword: " << *password << '\n';
  return kDone;
}

// What is wrong with the options, before anything is made of them; empty: nothing.
std::string fault_of(const QuickOptions& options) {
  const auto address = config::parse_bind_address(options.listen);
  if (!address) return "--listen: give an IP address and a port, such as 127.0.0.1:8080";
  if (options.public_url.empty() && !config::is_loopback_address(address->host)) {
    return "--listen: clients of other machines need TLS; put a proxy in front that ends it, and name its address with "
           "--public-url https://HOST";
  }
  return {};
}

void say_start(const QuickOptions& options, const std::string& resource, const std::string& password,
               Console& console) {
  console.out << "MCP URL: " << resource << '\n' << "User: " << kUser << '\n' << "Password: ";
  if (password.empty()) {
    console.out << "as printed when " << options.data
                << " was made; if it is lost, run `postern quick --new-password` here\n";
  } else {
    console.out << password << '\n';
  }
  console.out.flush();
}

}  // namespace

int quick(const QuickOptions& options, Console& console) {
  if (options.new_password) return print_new_password(options, console);
  if (const auto fault = fault_of(options); !fault.empty()) return say_error(console, fault);
  if (options.upstream.empty() && options.command.empty()) {
    console.err << "postern: say what to protect: --upstream URL, or -- COMMAND ARG...\n";
    return kUsage;
  }
  const auto wanted = options.public_url.empty() ? "http://" + options.listen : options.public_url;
  const auto url = http::parse_url(wanted);
  if (!url) return say_error(console, "--public-url: " + url.error().what);
  if (!quotable(options.listen) || !quotable(options.upstream) || !quotable(wanted)) {
    return say_error(console, "addresses hold no quotes, backslashes or line ends");
  }
  if (!url->path.empty() && url->path != "/" && url->path != "/mcp") {
    return say_error(console, "--public-url: the resource is served at /mcp; give the origin alone");
  }
  const auto sources = config::system_sources();
  auto config = config::load_text(quick_yaml(options, url->origin()), "quick", sources);
  if (!config) {
    const auto faults = config.error();
    for (const auto& fault : faults.all()) console.err << "postern: " << in_options(fault.what) << '\n';
    return kNo;
  }
  if (!options.command.empty()) {
    const auto filled = fill_in_command(options, sources, config->upstreams.front());
    if (!filled) return say_error(console, filled.error().what);
  }
  auto loaded = check_whole(std::move(*config), sources);
  if (!loaded) return say_error(console, loaded.error().to_string());
  const auto resource = loaded->config.resources.front().serve;
  for (const auto& advice : loaded->advice.all()) console.err << "postern: warning: " << advice.what << '\n';
  auto gateway = Gateway::start(std::move(*loaded));
  if (!gateway) return say_error(console, gateway.error().what);
  // Only now that nothing can fail any more: the password is shown once.
  const auto password = first_password(options);
  if (!password) return say_error(console, password.error().what);
  say_start(options, resource, *password, console);
  std::optional<UpstreamProbe> probe;
  if (options.command.empty()) {
    probe.emplace(options.upstream, [&console](const std::string& advice) {
      console.err << "postern: " << advice << '\n' << std::flush;
    });
  }
  return run(**gateway);
}

}  // namespace postern::app

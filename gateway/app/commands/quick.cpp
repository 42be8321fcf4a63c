#include <ostream>

#include "app/commands.hpp"
#include "app/gateway.hpp"
#include "config/forms.hpp"
#include "crypto/password.hpp"
#include "http/url.hpp"

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

// The first user, once: its password is printed and nowhere kept.
Result<std::string> first_user(store::Store& store, const Clock& clock) {
  const auto users = store.users().list();
  if (!users) return users.error();
  if (!users->empty()) return std::string();
  const auto password = crypto::generate_password();
  store::User user;
  user.key = user_key(kUser);
  user.name = kUser;
  user.password_hash = crypto::hash_password(Secret(password));
  user.created_at = clock.now();
  if (const auto added = store.users().add(user); !added) return added.error();
  return password;
}

Result<std::string> first_password(const std::string& store_url) {
  auto opened = store::open_store(store_url);
  if (!opened) return opened.error();
  const SystemClock clock;
  return first_user(*opened->store, clock);
}

}  // namespace

int quick(const QuickOptions& options, Console& console) {
  if (!config::parse_bind_address(options.listen))
    return say_error(console, "--listen: give an IP address and a port, such as 127.0.0.1:8080");
  if (options.public_url.empty() && !config::is_loopback_address(config::parse_bind_address(options.listen)->host))
    return say_error(console,
                     "--listen: clients of other machines need TLS; put a proxy in front that ends it, and name " +
                         std::string("its address with --public-url https://HOST"));
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
  const auto store_url = config->store;
  auto loaded = check_whole(std::move(*config), sources);
  if (!loaded) return say_error(console, loaded.error().to_string());
  const auto resource = loaded->config.resources.front().serve;
  auto gateway = Gateway::start(std::move(*loaded));
  if (!gateway) return say_error(console, gateway.error().what);
  // Only now that nothing can fail any more: the password is shown once.
  const auto password = first_password(store_url);
  if (!password) return say_error(console, password.error().what);
  console.out << "MCP URL: " << resource << '\n' << "User: " << kUser << '\n';
  if (password->empty()) {
    console.out << "Password: (printed when " << options.data
                << " was made; lost: delete that folder and begin anew)\n";
  } else {
    console.out << "Password: " << *password << '\n';
  }
  console.out.flush();
  return run(**gateway);
}

}  // namespace postern::app

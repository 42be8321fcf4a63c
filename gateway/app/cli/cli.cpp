#include "app/cli/cli.hpp"

#include <iostream>
#include <set>

#include <CLI/CLI.hpp>

#include "app/cli/typed_words.hpp"
#include "app/commands/doctor/options.hpp"
#include "config/describe/describe.hpp"

namespace postern::app {
namespace {

// Options live as long as the parser; each subcommand's callback notes what to run.
struct CommandLine {
  explicit CommandLine(Console& with) : console(with) {}

  Console& console;
  std::string config;
  std::string config_file;  // the same without `-c`, where a command takes nothing else
  QuickOptions quick_options;
  ExplainOptions explain;
  UserOptions user;
  TenantOptions tenant;
  MintOptions mint;
  ClientOptions client;
  GrantOptions grant;
  KeyOptions keys;
  ConnectOptions connect;
  DoctorOptions doctor;
  std::vector<std::string> cases;
  std::string first;
  std::string second;
  std::set<const CLI::Option*> may_be_empty;
  std::function<int()> run;

  using StoreCommand = std::function<int(Opened&)>;

  void on_store(CLI::App* command, StoreCommand what, NoStore otherwise = NoStore::refuse) {
    add_config(command);
    run_on_store(command, std::move(what), otherwise);
  }
  // For a command that takes nothing but options beside its configuration.
  void on_store_alone(CLI::App* command, StoreCommand what) {
    add_config_alone(command);
    run_on_store(command, std::move(what), NoStore::refuse);
  }
  void run_on_store(CLI::App* command, StoreCommand what, NoStore otherwise) {
    command->callback([this, what = std::move(what), otherwise] {
      run = [this, what, otherwise] { return with_store(config, console, otherwise, what); };
    });
  }
  void add_config(CLI::App* command) {
    command->add_option("-c,--config", config, "The configuration file")->required();
    command->add_flag("--json", console.json, "Machine output");
  }
  void add_config_alone(CLI::App* command) {
    command->add_option("FILE", config_file, "The configuration file");
    command->add_option("-c,--config", config, "The same");
    command->add_flag("--json", console.json, "Machine output");
  }
};

CLI::App* group(CLI::App& app, const std::string& name, const std::string& about) {
  auto* made = app.add_subcommand(name, about);
  made->require_subcommand(1);
  return made;
}

void add_running(CLI::App& app, CommandLine& line) {
  auto* serve_command = app.add_subcommand("serve", "Run the gateway");
  line.add_config_alone(serve_command);
  serve_command->callback([&line] { line.run = [&line] { return serve(line.config, line.console); }; });

  auto* check_command = app.add_subcommand("check", "Check the configuration and every file it names");
  line.add_config_alone(check_command);
  check_command->callback([&line] { line.run = [&line] { return check(line.config, line.console); }; });

  auto* quick_command = app.add_subcommand("quick", "Protect one server without a configuration file");
  quick_command->add_option("--listen", line.quick_options.listen, "Address to listen on")->capture_default_str();
  quick_command->add_option("--public-url", line.quick_options.public_url,
                            "The URL clients use; default: http://LISTEN");
  auto* url = quick_command->add_option("--upstream", line.quick_options.upstream, "URL of the MCP server to protect");
  auto* command = quick_command->add_option("COMMAND", line.quick_options.command,
                                            "A stdio server to run and protect, with its arguments, after --");
  auto* variables = quick_command->add_option("--env", line.quick_options.variables,
                                              "NAME of a variable that COMMAND gets as well; may be repeated");
  variables->expected(1)->take_all();
  line.may_be_empty.insert(command);
  quick_command
      ->add_flag("--log-stderr", line.quick_options.log_stderr,
                 "Log what COMMAND writes to its standard error word for word")
      ->needs(command);
  command->excludes(url);
  variables->needs(command);
  quick_command
      ->add_flag("--new-password", line.quick_options.new_password,
                 "Make a new password for the first user, print it and end; a gateway that runs here goes on")
      ->excludes(url)
      ->excludes(command);
  quick_command->callback([&line] { line.run = [&line] { return quick(line.quick_options, line.console); }; });

  auto* reference = app.add_subcommand("reference", "Print generated references: yaml or schema");
  reference->add_option("WHAT", line.first, "yaml or schema")->required()->check(CLI::IsMember({"yaml", "schema"}));
  reference->callback([&line] {
    line.run = [&line] {
      line.console.out << (line.first == "yaml" ? config::reference_yaml() : config::schema_json());
      return kDone;
    };
  });
}

void add_policy(CLI::App& app, CommandLine& line) {
  auto* policy = group(app, "policy", "Try policies without a client");
  auto* test =
      policy->add_subcommand("test", "Run case files; without CASES `cases/NAME.yaml` beside each policy `NAME.yaml`");
  line.add_config(test);
  test->add_option("CASES", line.cases, "Case files");
  test->callback([&line] { line.run = [&line] { return policy_test(line.config, line.cases, line.console); }; });

  auto* explain = policy->add_subcommand("explain", "Say what would happen to one call, and why");
  line.add_config(explain);
  auto& options = line.explain;
  explain->add_option("--policy", options.policy, "The policy, where there are several");
  explain->add_option("--tenant", options.tenant, "Handle")->required();
  explain->add_option("--user", options.user, "User")->required();
  line.may_be_empty.insert(
      explain->add_option("--scope", options.scope, "Scopes the token holds, separated by blanks")->required());
  auto* what = explain->add_option_group("what", "The call");
  what->add_option("--tool", options.tool, "A tool's name");
  what->add_option("--uri", options.uri, "A resource's URI");
  what->add_option("--prompt", options.prompt, "A prompt's name");
  what->add_option("--method", options.method, "A method that names nothing, such as tools/list");
  what->require_option(1);
  explain->add_option("--arguments", options.arguments, "Arguments of the tool, as JSON");
  explain->callback([&line] {
    line.run = [&line] {
      line.explain.config = line.config;
      return policy_explain(line.explain, line.console);
    };
  });
}

void add_password(CLI::App* command, UserOptions& user) {
  auto* where = command->add_option_group("password", "Where the password comes from");
  where->add_flag("--password-stdin", user.password_stdin, "Read it from standard input");
  where->add_flag("--password-generate", user.password_generate, "Make one and print it once");
  if (command->get_name() == "add") {
    where->add_flag("--no-password", user.no_password, "For PROVIDER:SUBJECT, who signs in there");
  }
  where->require_option(1);
}

void add_users(CLI::App& app, CommandLine& line) {
  auto* user = group(app, "user", "Users of the store");
  auto* add = user->add_subcommand("add", "Add a user");
  add->add_option("NAME", line.user.name, "Sign-in name, or PROVIDER:SUBJECT")->required();
  line.may_be_empty.insert(add->add_option("--email", line.user.email, "Passed to servers that ask for {user.email}"));
  add->add_option("--member", line.user.members, "HANDLE or HANDLE:ROLE; may be repeated");
  add_password(add, line.user);
  line.on_store(add, [&line](Opened& o) { return user_add(o, line.user, line.console); }, NoStore::make);
  line.on_store_alone(user->add_subcommand("list", "List users"),
                      [&line](Opened& o) { return user_list(o, line.console); });
  for (const bool disabled : {true, false}) {
    auto* command = disabled ? user->add_subcommand("disable", "Disable a user and end its sessions and grants")
                             : user->add_subcommand("enable", "Let a disabled user sign in again");
    command->add_option("NAME", line.user.name, "Sign-in name")->required();
    line.on_store(command,
                  [&line, disabled](Opened& o) { return user_disable(o, line.user.name, disabled, line.console); });
  }
  auto* set_password = user->add_subcommand("set-password", "Set a password and end the user's sign-in sessions");
  set_password->add_option("NAME", line.user.name, "Sign-in name")->required();
  add_password(set_password, line.user);
  line.on_store(set_password, [&line](Opened& o) { return user_set_password(o, line.user, line.console); });
}

// --NAME, and where something is there to be changed --no-NAME, which is the same as an empty value.
void add_clearable(CLI::App* command, CommandLine& line, const std::string& name, std::optional<std::string>& out,
                   const std::string& about) {
  auto* given =
      command->add_option_function<std::string>("--" + name, [&out](const std::string& value) { out = value; }, about);
  line.may_be_empty.insert(given);
  if (command->get_name() != "set") return;
  command->add_flag_callback("--no-" + name, [&out] { out = ""; }, "Take the " + name + " away")->excludes(given);
}

void add_tenants(CLI::App& app, CommandLine& line) {
  auto* tenant = group(app, "tenant", "Tenants of the store");
  for (const auto* verb : {"add", "set"}) {
    const bool adds = std::string(verb) == "add";
    auto* command = tenant->add_subcommand(
        verb, adds ? "Add a tenant" : "Change a tenant's name or plan; what is not given stays as it is");
    command->add_option("HANDLE", line.tenant.handle, "1 to 63 lower-case letters, digits and hyphens")->required();
    add_clearable(command, line, "name", line.tenant.name,
                  adds ? "Shown on pages; default: the handle" : "Shown on pages");
    add_clearable(command, line, "plan", line.tenant.plan, "As policies name it under `plans`");
    const auto otherwise = adds ? NoStore::make : NoStore::refuse;
    const auto what = [&line, adds](Opened& o) {
      return adds ? tenant_add(o, line.tenant, line.console) : tenant_set(o, line.tenant, line.console);
    };
    line.on_store(command, what, otherwise);
  }
  auto* import = tenant->add_subcommand(
      "import",
      "Add or change many tenants and their members, all or none. A key that is left out leaves its value as it is; "
      "`plan: null` and `plan: \"\"` take the plan away, and the same is true of `name` and of a member's `role`. "
      "Members who are not named stay.");
  import->add_option("FILE", line.first, "A YAML file with `tenants`, or JSON Lines (.jsonl, or - for standard input)")
      ->required();
  line.on_store(import, [&line](Opened& o) { return tenant_import(o, line.first, line.console); }, NoStore::make);
  line.on_store_alone(tenant->add_subcommand("list", "List tenants"),
                      [&line](Opened& o) { return tenant_list(o, line.console); });
  auto* remove = tenant->add_subcommand("remove", "Remove a tenant, its memberships and grants");
  remove->add_option("HANDLE", line.tenant.handle, "Of the tenant")->required();
  line.on_store(remove, [&line](Opened& o) { return tenant_remove(o, line.tenant.handle, line.console); });

  auto* member = group(app, "member", "Who belongs to which tenant");
  auto* add = member->add_subcommand("add", "Make a user a member, or change its role");
  add->add_option("USER", line.first, "Sign-in name, or PROVIDER:SUBJECT")->required();
  add->add_option("HANDLE[:ROLE]", line.second,
                  "The tenant, and a role of its policy. HANDLE alone leaves the role as it is, HANDLE: takes it away")
      ->required();
  line.on_store(
      add, [&line](Opened& o) { return member_add(o, line.first, line.second, line.console); }, NoStore::make);
  auto* leave = member->add_subcommand("remove", "End a membership and its grants");
  leave->add_option("USER", line.first, "Sign-in name, or PROVIDER:SUBJECT")->required();
  leave->add_option("HANDLE[:ROLE]", line.second, "The tenant")->required();
  line.on_store(leave, [&line](Opened& o) { return member_remove(o, line.first, line.second, line.console); });
}

void add_tokens(CLI::App& app, CommandLine& line) {
  auto* token = group(app, "token", "Tokens made by hand");
  auto* mint = token->add_subcommand("mint", "Make an access token; it is the last line of the output");
  line.add_config(mint);
  mint->add_option("--user", line.mint.user, "Sign-in name of the member it acts for")->required();
  mint->add_option("--tenant", line.mint.tenant, "Handle")->required();
  mint->add_option("--resource", line.mint.resource, "URL of the resource")->required();
  mint->add_option("--scope", line.mint.scope, "Scopes, separated by blanks")->required();
  mint->add_option("--lifetime", line.mint.lifetime, "As 10m, 12h or 30d")->capture_default_str();
  line.may_be_empty.insert(mint->add_option("--name", line.mint.name, "What the user reads in their list of tokens"));
  mint->callback([&line] { line.run = [&line] { return token_mint(line.config, line.mint, line.console); }; });
  auto* revoke =
      token->add_subcommand("revoke", "Revoke the grant of a token; without TOKEN it is read from standard input");
  revoke->add_option("TOKEN", line.first, "Better not given here, where other users of the machine see it");
  line.on_store(revoke, [&line](Opened& o) { return token_revoke(o, line.first, line.console); });
}

void add_clients(CLI::App& app, CommandLine& line) {
  auto* client = group(app, "client", "Registered clients");
  auto* add = client->add_subcommand("add", "Register a client");
  // What is wrong with it is said by the command.
  line.may_be_empty.insert(add->add_option("--name", line.client.name, "Shown on the consent page")->required());
  add->add_option("--redirect-uri", line.client.redirect_uris, "May be repeated; needed to act for users");
  auto* grant = add->add_option("--grant", line.client.grant, "How it gets tokens: for users, or acting by itself")
                    ->check(CLI::IsMember({"authorization_code", "client_credentials"}))
                    ->capture_default_str();
  add->add_flag("--resource-server", line.client.resource_server,
                "It gets no tokens, but may introspect those that users bring to its --resource; needs --confidential, "
                "--jwks or --jwks-uri")
      ->excludes(grant);
  add->add_option("--tenant", line.client.tenant, "HANDLE or HANDLE:ROLE; of a client that acts by itself");
  add->add_option(
      "--resource", line.client.resources,
      "URL of a resource, for client_credentials or --resource-server; with the latter it may be repeated and may "
      "hold {tenant}");
  add->add_option("--scope", line.client.scope, "Scopes, separated by blanks: the most it may have");
  auto* secret = add->add_flag("--confidential", line.client.confidential, "With a secret, printed once");
  auto* uri = add->add_option("--jwks-uri", line.client.jwks_uri, "Where its public keys are: it signs assertions");
  auto* file = add->add_option("--jwks", line.client.jwks, "File with its public keys (JWK set): it signs assertions");
  secret->excludes(uri)->excludes(file);
  uri->excludes(file);
  line.on_store(add, [&line](Opened& o) { return client_add(o, line.client, line.console); }, NoStore::make);
  auto* rotate = client->add_subcommand("rotate-secret", "Replace a client's secret");
  rotate->add_option("ID", line.first, "As `client list` prints it")->required();
  line.on_store(rotate, [&line](Opened& o) { return client_rotate_secret(o, line.first, line.console); });
  line.on_store_alone(client->add_subcommand("list", "List clients"),
                      [&line](Opened& o) { return client_list(o, line.console); });
  auto* remove = client->add_subcommand("remove", "Remove a client and its grants");
  remove->add_option("ID", line.first, "As `client list` prints it")->required();
  line.on_store(remove, [&line](Opened& o) { return client_remove(o, line.first, line.console); });
}

void add_keys(CLI::App& app, CommandLine& line) {
  auto* keys = group(app, "keys", "Keys that sign access tokens, and the store's own key");
  auto* list = keys->add_subcommand("list", "List the keys and what each is for now");
  list->add_option("--server", line.keys.server, "An authorization server's name; default: all that sign");
  line.on_store_alone(list, [&line](Opened& o) { return keys_list(o, line.keys, line.console); });
  auto* rotate =
      keys->add_subcommand("rotate", "Make a new key; the one before verifies until its tokens have expired");
  rotate->add_option("--server", line.keys.server, "An authorization server's name; default: all that sign");
  auto* pending = rotate->add_option("--pending", line.keys.pending,
                                     "How long the new key is published before it signs; default: 10m");
  rotate->add_flag("--now", line.keys.now, "In an emergency: drop every other key, which ends all tokens at once")
      ->excludes(pending);
  line.on_store_alone(rotate, [&line](Opened& o) { return keys_rotate(o, line.keys, line.console); });
  auto* lost = keys->add_subcommand(
      "replace-lost", "Make a new key for a store whose key file is lost, and say what ends with the old");
  auto* where = lost->add_option_group("where", "Which store");
  where->add_option("-c,--config", line.config, "The configuration file");
  where->add_option("--store", line.first, "The store itself, as sqlite:PATH");
  where->require_option(1);
  lost->add_flag("--json", line.console.json, "Machine output");
  lost->callback([&line] { line.run = [&line] { return keys_replace_lost(line.config, line.first, line.console); }; });
}

void add_grants(CLI::App& app, CommandLine& line) {
  auto* grant = group(app, "grant", "What users have allowed");
  auto* list = grant->add_subcommand("list", "List grants that live");
  list->add_option("--user", line.grant.user, "Of this user only");
  list->add_option("--tenant", line.grant.tenant, "In this tenant only");
  list->add_option("--client", line.grant.client, "To this client only");
  line.on_store_alone(list, [&line](Opened& o) { return grant_list(o, line.grant, line.console); });
  auto* revoke = grant->add_subcommand("revoke", "Revoke a grant and its tokens");
  revoke->add_option("ID", line.grant.id, "As `grant list` prints it")->required();
  line.on_store(revoke, [&line](Opened& o) { return grant_revoke(o, line.grant.id, line.console); });
}

// Commands that ask a running gateway from outside, as clients do.
void add_asking(CLI::App& app, CommandLine& line) {
  auto* connect = app.add_subcommand("connect", "Register a client at a running gateway and print what to paste");
  connect->add_option("URL", line.connect.url, "The MCP URL; may hold {tenant}")->required();
  connect->add_option("--redirect-uri", line.connect.redirect_uris, "As the client shows it; may be repeated")
      ->required()
      ->expected(1)
      ->take_all();
  auto* handle = connect->add_option("--handle", line.connect.handle, "The tenant's handle: its own address");
  connect->add_flag("--gateway", line.connect.gateway, "The shared address: users pick a handle while authorizing")
      ->excludes(handle);
  connect->add_option("--name", line.connect.name, "Shown on the consent page; default: the redirect URI's host");
  connect->callback([&line] { line.run = [&line] { return connect_command(line.connect, line.console); }; });

  auto* doctor = app.add_subcommand("doctor", "Walk discovery as clients do, and say what is in their way");
  doctor->add_option("URL", line.doctor.url, "The MCP URL, exactly as clients are given it")->required();
  doctor->add_option("--client", line.doctor.client, "One client alone; default: all of them")
      ->check(CLI::IsMember({"chatgpt", "claude", "cursor", "vscode", "inspector"}));
  auto* token =
      doctor->add_option("--token", line.doctor.token, "Go on with this access token; -: read it from standard input");
  doctor
      ->add_option("--tenant", line.doctor.tenant,
                   "Handle, sent as X-Tenant beside the token: one made by hand may not be taken without it")
      ->needs(token);
  doctor->add_flag("--rest", line.doctor.rest, "Look at the endpoints of tools over REST alone")->excludes(token);
  doctor->callback([&line] { line.run = [&line] { return doctor_command(line.doctor, line.console); }; });

  for (auto* command : {connect, doctor}) {
    auto& issuer = command == connect ? line.connect.issuer : line.doctor.issuer;
    auto& authorities = command == connect ? line.connect.ca : line.doctor.ca;
    auto& insecure = command == connect ? line.connect.insecure_http : line.doctor.insecure_http;
    command->add_option("--issuer", issuer, "The authorization server that must be named; default: any");
    command->add_option("--ca", authorities, "File with certificate authorities; default: the system's");
    command->add_flag("--insecure-http", insecure, "Ask other machines by http://, too: anyone on the way reads it");
    command->add_flag("--json", line.console.json, "Machine output");
  }
}

// Wrong usage that the parser let through.
std::optional<std::string> fault_of(const CLI::App& app, CommandLine& line) {
  if (auto fault = empty_value(app, line.may_be_empty)) return fault;
  return settle_config(app, line.config_file, line.config);
}

}  // namespace

int run_command_line(int argc, const char* const* argv, Console& console) {
  CLI::App app{"Postern: an OAuth 2.1 gateway in front of MCP servers", "postern"};
  CommandLine line(console);
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string("postern ") + POSTERN_VERSION);
  add_running(app, line);
  add_policy(app, line);
  add_users(app, line);
  add_tenants(app, line);
  add_tokens(app, line);
  add_clients(app, line);
  add_keys(app, line);
  add_grants(app, line);
  add_asking(app, line);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const bool is_answer = error.get_exit_code() == 0;  // --help, --version
    if (const auto word = misspelt(app); !is_answer && !word.empty())
      console.err << "`" << word << "` is no command or option here\n";
    app.exit(error, console.out, console.err);
    return is_answer ? kDone : kUsage;
  }
  if (const auto fault = fault_of(app, line)) {
    say_error(console, *fault);
    return kUsage;
  }
  return line.run ? line.run() : kUsage;
}

}  // namespace postern::app

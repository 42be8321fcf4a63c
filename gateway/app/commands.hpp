#pragma once

#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/clock.hpp"
#include "config/config.hpp"
#include "store/store.hpp"

namespace postern::app {

class Gateway;

// Exit codes of the command line.
inline constexpr int kDone = 0;
inline constexpr int kNo = 1;  // the answer is no: a fault, a failed case, nothing of that name
inline constexpr int kUsage = 2;

// Where a command reads and writes. `json`: one JSON value on `out` instead of text.
struct Console {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  bool json = false;
};

// What a store command works with.
struct Opened {
  const config::Config& config;
  store::Store& store;
  const Clock& clock;
  const std::string& master_key;  // the store's
};

// What a command does where there is no store yet. One that only looks, or changes what is there, refuses: the path may
// be misspelt, and an empty store in its place would hide that.
enum class NoStore { refuse, make };
// The error is a sentence. Says so on `console.err` when the store was made.
Result<store::OpenedStore> open_store(const config::Config& config, NoStore otherwise, Console& console);
// Reads the configuration, opens its store and runs `command`; prints why when that fails.
int with_store(const std::string& config_file, Console& console, NoStore otherwise,
               const std::function<int(Opened&)>& command);
// Prints the error as "postern: SENTENCE"; kNo.
int say_error(Console& console, const std::string& sentence);
// "2026-01-31 12:00Z"
std::string date_of(Time time);
// Prints the sentence, or with --json the value; kDone.
int say_done(Console& console, const std::string& sentence, const nlohmann::json& value);
// One value on one line, in ASCII. What is no UTF-8 in it is replaced.
void print_json(Console& console, const nlohmann::json& value);

struct QuickOptions {
  std::string listen = "127.0.0.1:8080";
  std::string public_url;
  std::string upstream;
  std::vector<std::string> command;    // instead: a stdio server and its arguments
  std::vector<std::string> variables;  // of our environment, for the command
  bool log_stderr = false;             // of the command, word for word
  std::string data = "postern-data";
  bool new_password = false;  // of the first user; nothing is run
};

struct ExplainOptions {
  std::string config;
  std::string policy;  // empty: the only one
  std::string tenant;
  std::string user;
  std::string scope;
  std::string tool;
  std::string uri;
  std::string prompt;
  std::string method;
  std::string arguments;  // JSON
};

struct UserOptions {
  std::string name;
  std::string email;
  std::vector<std::string> members;  // HANDLE, HANDLE:ROLE, or HANDLE: for none
  bool password_stdin = false;
  bool password_generate = false;
  bool no_password = false;  // a user of a provider
};

struct TenantOptions {
  std::string handle;
  // Not given: they stay. Empty: there is to be none, which leaves the handle as the name.
  std::optional<std::string> name;
  std::optional<std::string> plan;
};

struct MintOptions {
  std::string user;
  std::string tenant;
  std::string resource;
  std::string scope;
  std::string lifetime = "1h";
  std::string name;  // what its user reads in their account; may be empty
};

struct ClientOptions {
  std::string name;
  std::vector<std::string> redirect_uris;
  bool confidential = false;
  std::string jwks;  // a file
  std::string jwks_uri;
  std::string grant = "authorization_code";
  bool resource_server = false;        // asks about tokens, and gets none
  std::vector<std::string> resources;  // of a resource server; one of client_credentials
  // Of client_credentials.
  std::string tenant;  // HANDLE[:ROLE]
  std::string scope;
};

struct KeyOptions {
  std::string server;  // its name in the configuration; empty: all that sign tokens
  bool now = false;
  std::string pending;  // a duration; empty: the usual one
};

struct GrantOptions {
  std::string id;
  std::string user;
  std::string tenant;
  std::string client;
};

int serve(const std::string& config_file, Console& console);
// Runs a gateway that has started until it is told to stop.
int run(Gateway& gateway);
int check(const std::string& config_file, Console& console);
int quick(const QuickOptions& options, Console& console);
int policy_test(const std::string& config_file, const std::vector<std::string>& cases, Console& console);
int policy_explain(const ExplainOptions& options, Console& console);

int user_add(Opened& opened, const UserOptions& options, Console& console);
int user_list(Opened& opened, Console& console);
int user_disable(Opened& opened, const std::string& name, bool disabled, Console& console);
int user_set_password(Opened& opened, const UserOptions& options, Console& console);
int tenant_add(Opened& opened, const TenantOptions& options, Console& console);
int tenant_set(Opened& opened, const TenantOptions& options, Console& console);
// `file`: a path, or - for standard input.
int tenant_import(Opened& opened, const std::string& file, Console& console);
int tenant_list(Opened& opened, Console& console);
int tenant_remove(Opened& opened, const std::string& handle, Console& console);
int member_add(Opened& opened, const std::string& user, const std::string& membership, Console& console);
int member_remove(Opened& opened, const std::string& user, const std::string& membership, Console& console);
int token_mint(const std::string& config_file, const MintOptions& options, Console& console);
int token_revoke(Opened& opened, const std::string& token, Console& console);
int client_add(Opened& opened, const ClientOptions& options, Console& console);
int client_rotate_secret(Opened& opened, const std::string& id, Console& console);
int client_list(Opened& opened, Console& console);
int client_remove(Opened& opened, const std::string& id, Console& console);
int keys_list(Opened& opened, const KeyOptions& options, Console& console);
int keys_rotate(Opened& opened, const KeyOptions& options, Console& console);
// Of the store that the configuration names, or of `store_url` where that is not empty.
int keys_replace_lost(const std::string& config_file, const std::string& store_url, Console& console);
int grant_list(Opened& opened, const GrantOptions& options, Console& console);
int grant_revoke(Opened& opened, const std::string& id, Console& console);

// The membership that the configuration file gives, nullptr where it gives none: the file wins over the store.
const config::Member* member_in_file(const config::Config& config, const std::string& user, const std::string& handle);
// "alice" is "local:alice"; "PROVIDER:SUBJECT" stays.
std::string user_key(const std::string& name);

}  // namespace postern::app

#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/address_template.hpp"
#include "config/config.hpp"
#include "config/load.hpp"
#include "config/tenant_list.hpp"
#include "config/text/yaml.hpp"

namespace postern::config {

// A name one part of the file gives to another; it must exist there.
struct Mention {
  std::string name;
  Position at;
  std::string written{};  // for messages, as Text has it; empty: the name in ticks
};

// A path of ours at an origin: two things cannot answer at one address.
struct TakenPath {
  std::string origin;
  std::string path;  // without its trailing slash
  std::string what;  // "the `token` endpoint"
  Position at;
};

// What the readers of the sections share while one file is read.
struct Reading {
  Config& config;
  Faults& faults;
  const Sources& sources;
  bool to_run = true;  // else files that only a running gateway needs are not looked at

  std::vector<Mention> upstreams_named{};
  std::vector<Mention> servers_named{};
  std::vector<Mention> same_as{};          // by `serve`
  std::vector<Mention> providers_named{};  // of members: "entra" of "entra:SUBJECT"
  std::vector<TakenPath> taken{};
  std::map<std::string, Position> tenants_seen{};  // by handle
  // The known keys of every mapping that was read, by its path: "listen[].tls". Proves that the reference is complete.
  std::map<std::string, std::set<std::string, std::less<>>> keys{};

  // Ends the reading of a mapping: whatever it holds beside its known keys is a fault.
  void finish(MapReader& reader, std::string_view path);
  void warn(const Position& at, const std::string& sentence);
};

// Of an upstream: `command` and what belongs to it, and how that goes with its other keys. `at` is the upstream's.
void read_command(Reading& reading, MapReader& reader, const Position& at, Upstream& upstream);

// Of an authorization server whose tokens are made elsewhere.
void read_external(Reading& reading, const Value& value, AuthorizationServer& server);

// Of `identity`: where users may sign in beside the store, and where they come back to.
void read_providers(Reading& reading, MapReader& reader, Identity& identity);

// Whether "" and null are values of a tenant, which say that there is to be none.
enum class Clearing : std::uint8_t { refused, allowed };
// One tenant. `named` is its handle where the name of its own file tells it.
ListedTenant read_listed_tenant(Reading& reading, const Value& item, Clearing clearing, std::string_view named = {});

// Each reads the keys of the top level it is named after.
void read_listen(Reading& reading, MapReader& top);
void read_trusted_proxies(Reading& reading, MapReader& top);
void read_store(Reading& reading, MapReader& top);
void read_authorization_servers(Reading& reading, MapReader& top);
void read_identity(Reading& reading, MapReader& top);
void read_tenants(Reading& reading, MapReader& top);
void read_upstreams(Reading& reading, MapReader& top);
void read_resources(Reading& reading, MapReader& top);
void read_origins(Reading& reading, MapReader& top);
void read_policies(Reading& reading, MapReader& top);
void read_limits(Reading& reading, MapReader& top);
void read_fetch(Reading& reading, MapReader& top);
void read_log(Reading& reading, MapReader& top);

// The whole file: every section, then what can only be seen when all are known. Without faults, `reading.config` is
// complete.
void read_config(const Value& root, Reading& reading);
// "entra:SUBJECT" is somebody only where there is an `entra`.
void check_providers_named(Reading& reading);
// Names that must exist, the default server, addresses that must differ; choices that deserve a warning.
void check_whole(const Value& root, Reading& reading);

// An address that clients see: absolute, in its canonical spelling, `http://` for loopback names only, without query,
// fragment and user information; `{tenant}` may be one label or segment of it. nullopt after a fault.
std::optional<AddressParts> public_address(Reading& reading, const Text& text, std::string_view key);
// The path that `text` names, absolute; a fault when there is no such file.
std::string readable_file(Reading& reading, const Text& text, std::string_view key);
// A path without its one trailing slash.
std::string without_slash(std::string_view path);
// Why a path may not be an address of ours; empty when it may. The sentence's end.
std::string path_refusal(std::string_view path);

// "`command` is not supported yet: give `urls`".
std::string not_yet(std::string_view what, std::string_view instead);

}  // namespace postern::config

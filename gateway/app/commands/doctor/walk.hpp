#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "app/commands/doctor/finding.hpp"
#include "app/commands/doctor/probe.hpp"
#include "http/url/url.hpp"

namespace postern::app::doctor {

// Where the requests of a client come from.
enum class CallsFrom {
  here,       // the machine of its user
  anywhere,   // that machine or its maker's servers, depending on which form of it somebody uses
  elsewhere,  // its maker's servers alone
};

// How one client finds its way, as far as it differs from the others.
struct Client {
  std::string_view name;  // of --client
  std::string_view title;
  bool reads_root;    // asks for resource metadata at the root, too
  bool has_document;  // names itself by the URL of a document where the server takes that
  bool registers;     // dynamically (RFC 7591)
  bool signs;         // can prove itself by private_key_jwt, so needs no `none`
  bool in_browser;    // needs CORS
  CallsFrom calls_from;
  std::string_view page;  // the Origin it calls from
};

std::span<const Client> all_clients();
// nullptr when there is none of that name.
const Client* find_client(std::string_view name);

// What is known so far on the way through discovery. The checks fill it in, each what the later ones need.
struct Walk {
  Prober& prober;
  std::string typed;            // the URL as it was typed
  http::Url url{};              // the same in parts
  std::string wanted_issuer{};  // empty: any
  std::string token{};          // empty: none
  std::string tenant{};         // sent as X-Tenant beside the token; empty: nothing is sent
  bool named_client = false;    // somebody wants this one client to work

  Answer challenge{};                         // to a request without a token
  std::optional<std::string> metadata_url{};  // usable, from the challenge
  std::string challenge_scope{};
  std::optional<nlohmann::json> resource{};  // protected resource metadata
  std::optional<http::Url> issuer{};         // the first of its authorization_servers
  std::string issuer_text{};
  std::optional<nlohmann::json> server{};  // the authorization server's metadata
  std::string server_url{};                // where that was found
  std::string session{};                   // of MCP
  bool initialized = false;
  std::string protocol{};

  // A GET as MCP's SDKs send it, remembered: documents are read once in a run.
  const Answer& get(const std::string& at);

  std::map<std::string, Answer> answers{};  // by URL; get() fills it
};

// One check with the fault that it looks for; the table of these is the whole of what the doctor does.
struct Step {
  std::string_view id;
  std::string_view title;
  Finding (*check)(Walk& walk);
};
struct ClientStep {
  std::string_view id;
  std::string_view title;
  bool (*concerns)(const Walk& walk, const Client& client);
  Finding (*check)(Walk& walk, const Client& client);
};

std::span<const Step> challenge_steps();     // what the resource says to a stranger
std::span<const Step> metadata_steps();      // its metadata and the authorization server
std::span<const ClientStep> client_steps();  // what some clients need
std::span<const Step> token_steps();         // with --token
std::span<const Step> rest_steps();          // tools over REST
// Whether a deployment without --rest offers REST, so that it is worth a look.
bool offers_rest(Walk& walk);

struct Line {
  std::string_view id;
  std::string_view title;
  const Client* client;  // nullptr: for everyone
  Finding finding;
};

struct Diagnosis {
  std::vector<Line> lines{};
  std::vector<Line> rest{};
  bool is_well() const;
};

// `clients`: those whose ways are walked. `only_rest`: nothing but the REST endpoints, which must be there then.
Diagnosis diagnose(Walk& walk, std::span<const Client> clients, bool only_rest);

}  // namespace postern::app::doctor

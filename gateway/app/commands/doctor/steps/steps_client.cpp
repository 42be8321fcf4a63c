#include <array>

#include "app/commands/doctor/messages.hpp"
#include "app/commands/doctor/positions.hpp"
#include "app/commands/doctor/steps/cors.hpp"
#include "app/commands/doctor/steps/reach.hpp"
#include "app/commands/doctor/steps/steps_server.hpp"
#include "app/commands/doctor/walk.hpp"

namespace postern::app::doctor {
namespace {

bool documents_supported(const Walk& walk) {
  const auto found = walk.server->find("client_id_metadata_document_supported");
  return found != walk.server->end() && found->is_boolean() && found->get<bool>();
}

Finding check_root(Walk& walk, const Client&) {
  if (!walk.resource) return skipped("there is no protected resource metadata");
  const auto at = resource_metadata_positions(walk.url).back();
  const auto judged = judge_document(walk.get(at), at, "");
  if (const auto* document = std::get_if<nlohmann::json>(&judged)) {
    if (text_of(*document, "resource") == text_of(*walk.resource, "resource")) return ok(at);
    return note("root_other", at + " is of " + text_of(*document, "resource"),
                "a host has one root: who looks there alone finds that resource");
  }
  auto finding = std::get<Finding>(judged);
  // RFC 9728 section 3.1 puts it elsewhere; a host of many tenants has nothing to say here.
  if (finding.fault == "missing") {
    return note("root_missing", finding.seen,
                "`root: true` where the host is for one resource, and let the proxy in front pass this path: this "
                "client looks here, too");
  }
  return finding;
}

// A body that is no client: nothing can be registered by it, but whether one could is seen.
Finding check_registration_endpoint(Walk& walk, const std::string& url) {
  Ask ask = post_of(url, nlohmann::json::array());
  ask.headers.set("Accept", "application/json");
  const auto answer = walk.prober.ask(ask);
  if (!answer.came()) return judge_trouble(answer, url);
  const auto seen = url + ": " + status_line(answer);
  if (answer.status >= 300 && answer.status < 400) return judge_redirect(answer, url);
  if (answer.status == 401 || answer.status == 403) {
    return failed("registration_closed", seen, "registration without credentials",
                  "`registration: {dynamic: open}`, or register the client with `postern client add` and paste its "
                  "client_id; a proxy in front must pass POST here");
  }
  if (answer.status == 404 || answer.status == 405 || answer.status >= 500 || is_html(answer)) {
    return failed("registration_broken", seen, "an error in JSON that says what is wrong with the request",
                  "let the proxy in front pass POST to this endpoint, and look at the authorization server's log");
  }
  return ok("registers at " + url);
}

// MCP: a metadata document where the server takes them, else dynamic registration.
Finding check_registration(Walk& walk, const Client& client) {
  if (!walk.server) return skipped("there is no authorization server metadata");
  const bool documents = documents_supported(walk);
  if (client.has_document && documents) return ok("by its metadata document");
  const auto url = text_of(*walk.server, "registration_endpoint");
  if (url.empty()) {
    const std::string takes = documents ? "metadata documents alone, and this client has none"
                                        : "neither metadata documents nor dynamic registration";
    return failed("registration_closed", takes, client.has_document ? "one of the two" : "a registration_endpoint",
                  "`registration: {dynamic: open}` or `metadata_documents: true`; or register the client with `postern "
                  "client add` and paste its client_id");
  }
  if (!may_be_asked(walk, "registration_endpoint", url)) return skipped("the address to register at is at fault");
  auto finding = check_registration_endpoint(walk, url);
  if (finding.state != State::ok || !client.has_document) return finding;
  return note("documents_unsupported", "metadata documents are not supported; it " + finding.seen,
              "`registration: {metadata_documents: true}`, so that not each connection leaves a registration behind");
}

// RFC 8414 section 2: where nothing is said, client_secret_basic is meant.
Finding check_client_authentication(Walk& walk, const Client& client) {
  if (!walk.server) return skipped("there is no authorization server metadata");
  constexpr auto* kMember = "token_endpoint_auth_methods_supported";
  if (lists(*walk.server, kMember, "none")) return ok("none");
  if (client.signs && lists(*walk.server, kMember, "private_key_jwt")) return ok("private_key_jwt");
  const auto methods = walk.server->find(kMember);
  const bool there = methods != walk.server->end() && methods->is_array();
  return failed("no_public_clients",
                std::string(kMember) + " is " + (there ? "[" + words_of(*methods) + "]" : "not there"),
                client.signs ? "`none` or `private_key_jwt` among them" : "`none` among them",
                "let the authorization server take public clients with PKCE, and say so");
}

constexpr std::array<ClientStep, 5> kSteps{{
    {"reach", "It can reach the addresses", reach_matters, check_reach},
    {"root_metadata", "The metadata is at the root",
     [](const Walk&, const Client& client) { return client.reads_root; }, check_root},
    {"registration", "It gets a client_id", [](const Walk&, const Client&) { return true; }, check_registration},
    {"client_authentication", "It can prove itself at the token endpoint",
     [](const Walk&, const Client&) { return true; }, check_client_authentication},
    {"cors", "Its page may read the answers", [](const Walk&, const Client& client) { return client.in_browser; },
     check_cors},
}};

}  // namespace

std::span<const ClientStep> client_steps() { return kSteps; }

}  // namespace postern::app::doctor

#include "app/commands/doctor/steps/steps_server.hpp"

#include <algorithm>

#include <boost/asio/ip/address.hpp>

#include "app/commands/doctor/messages.hpp"
#include "app/commands/doctor/positions.hpp"
#include "http/form.hpp"
#include "net/address_guard.hpp"
#include "net/host.hpp"

namespace postern::app::doctor {

namespace {

constexpr auto* kStale =
    "the authorization server that is named is not there: write the right one into `issuer`, and "
    "bring every replica and proxy that still serves the old name up to date";

// A document in the wrong place says more than "not there".
std::optional<Finding> find_misplaced(Walk& walk) {
  for (const auto& at : misplaced_server_metadata(*walk.issuer)) {
    auto judged = judge_document(walk.get(at), at, "");
    if (auto* document = std::get_if<nlohmann::json>(&judged)) {
      if (text_of(*document, "issuer") != walk.issuer_text) continue;
      walk.server = std::move(*document);
      walk.server_url = at;
      return failed("misplaced", "only at " + at, server_metadata_positions(*walk.issuer).front(),
                    "serve it there too: the well-known part stands before the issuer's path (RFC 8414)");
    }
  }
  return std::nullopt;
}

bool is_internal(const std::string& host) {
  const auto address = net::address_literal(host);
  if (address) return !net::special_kind(*address).empty();
  return host == "localhost" || host.find('.') == std::string::npos || host.ends_with(".local") ||
         host.ends_with(".internal") || host.ends_with(".svc");
}

std::string endpoint_of(const Walk& walk, const char* member) {
  return walk.server ? text_of(*walk.server, member) : "";
}

// What endpoints must not answer, whatever was asked.
std::optional<Finding> judge_endpoint_answer(const Answer& answer, const std::string& url, bool may_redirect) {
  if (!answer.came()) return judge_trouble(answer, url);
  const auto seen = url + ": " + status_line(answer);
  if (answer.status >= 500) {
    return failed("server_error", seen, "an answer below 500", "look at the log of the authorization server");
  }
  if (answer.status == 404 || answer.status == 405 || answer.status == 421) {
    return failed("not_there", seen, "an endpoint", kStale);
  }
  if (!may_redirect && answer.status >= 300 && answer.status < 400) return judge_redirect(answer, url);
  return std::nullopt;
}

}  // namespace

// RFC 8414 section 3 and OpenID Connect Discovery 1.0 section 4, in MCP's order. A 4xx means "look further"; anything
// else than a document or a 4xx ends the search of some clients.
Finding check_server_metadata(Walk& walk) {
  if (!walk.issuer) return skipped("no authorization server is named");
  std::optional<Finding> first_missing;
  std::optional<Finding> obstacle;
  for (const auto& at : server_metadata_positions(*walk.issuer)) {
    auto judged = judge_document(walk.get(at), at, kStale);
    if (auto* document = std::get_if<nlohmann::json>(&judged)) {
      walk.server = std::move(*document);
      walk.server_url = at;
      return obstacle ? *std::move(obstacle) : ok(at);
    }
    auto finding = std::get<Finding>(std::move(judged));
    auto& kept = finding.fault == "missing" ? first_missing : obstacle;
    if (!kept) kept = std::move(finding);
  }
  if (obstacle) return *std::move(obstacle);
  if (auto misplaced = find_misplaced(walk)) return *std::move(misplaced);
  return *std::move(first_missing);
}

// RFC 8414 section 3.3: identical, or the document must not be used.
Finding judge_issuer(const std::string& published, const std::string& followed) {
  const auto seen = "issuer is " + (published.empty() ? std::string("not there") : published);
  if (published.empty()) return failed("issuer_missing", seen, followed, "publish `issuer`");
  if (published == followed) {
    if (!published.ends_with('/')) return ok(published);
    return note("issuer_ends_with_slash", seen, "clients differ in what they make of a slash at the end: leave it out");
  }
  if (without_slash(published) == without_slash(followed)) {
    return failed("issuer_slash", seen, followed,
                  "write the issuer in one form everywhere, best without a slash: clients compare byte for byte");
  }
  const auto a = http::parse_url(published);
  const auto b = http::parse_url(followed);
  if (a && b && a->host == b->host && a->scheme != b->scheme) {
    return failed("issuer_scheme", seen, followed,
                  "write the public https:// URL into `issuer`, whatever the gateway itself listens on");
  }
  return failed("issuer_differs", seen, followed,
                "the document is another server's, or an older one: `issuer` and the resource's authorization_servers "
                "must be the same");
}

Finding check_issuer(Walk& walk) {
  if (!walk.server) return skipped("there is no authorization server metadata");
  return judge_issuer(text_of(*walk.server, "issuer"), walk.issuer_text);
}

Finding judge_endpoint(const char* member, const std::string& endpoint, const http::Url& issuer) {
  const auto seen = std::string(member) + " is " + (endpoint.empty() ? std::string("not there") : endpoint);
  if (endpoint.empty()) {
    return failed("endpoint_missing", seen, "a URL", std::string("publish `") + member + "`: clients cannot guess it");
  }
  const auto url = http::parse_url(endpoint);
  if (!url || !url->has_authority) return failed("endpoint_unusable", seen, "an absolute URL", "write the whole URL");
  if (url->scheme != "https" && !(url->is_loopback() && issuer.is_loopback())) {
    return failed("endpoint_plain", seen, "an https:// URL",
                  "write the public https:// URL into `issuer`: the endpoints are made from it");
  }
  if (url->origin() == issuer.origin()) return ok(endpoint);
  if (!is_internal(issuer.host) && is_internal(url->host)) {
    return failed("endpoint_internal", seen, "a URL at " + issuer.origin(),
                  "this name is known inside alone: write the public URL into `issuer`");
  }
  return note("endpoint_origin", seen + ", not at " + issuer.origin(),
              "if you do not know that host, an older configuration is still served somewhere");
}

Finding check_endpoints(Walk& walk) {
  if (!walk.server) return skipped("there is no authorization server metadata");
  Finding worst = ok("at " + walk.issuer->origin());
  for (const auto* member : {"authorization_endpoint", "token_endpoint", "registration_endpoint"}) {
    if (std::string_view(member) == "registration_endpoint" && !walk.server->contains(member)) continue;
    auto finding = judge_endpoint(member, text_of(*walk.server, member), *walk.issuer);
    if (finding.state == State::failed) return finding;
    if (finding.state == State::note) worst = std::move(finding);
  }
  return worst;
}

// RFC 8414 section 2 and MCP: clients refuse a server that does not say S256.
Finding check_pkce(Walk& walk) {
  if (!walk.server) return skipped("there is no authorization server metadata");
  if (lists(*walk.server, "code_challenge_methods_supported", "S256")) return ok("S256");
  const auto methods = walk.server->find("code_challenge_methods_supported");
  const bool there = methods != walk.server->end() && methods->is_array();
  return failed(
      "no_s256", "code_challenge_methods_supported is " + (there ? "[" + words_of(*methods) + "]" : "not there"),
      "S256 among them", "let the authorization server do PKCE with S256, and say so: clients refuse it else");
}

bool may_be_asked(const Walk& walk, const char* member, const std::string& endpoint) {
  return walk.issuer && judge_endpoint(member, endpoint, *walk.issuer).state != State::failed;
}

// Without any parameter the answer is a page or an error, never a failure of the server.
Finding check_authorization_endpoint(Walk& walk) {
  const auto url = endpoint_of(walk, "authorization_endpoint");
  if (url.empty()) return skipped("there is no authorization_endpoint");
  if (!may_be_asked(walk, "authorization_endpoint", url)) return skipped("its address is at fault");
  if (auto finding = judge_endpoint_answer(walk.get(url), url, true)) return *std::move(finding);
  return ok(url + " answers");
}

// RFC 6749 section 5.2: an error in JSON. A grant without a code changes nothing anywhere.
Finding check_token_endpoint(Walk& walk) {
  const auto url = endpoint_of(walk, "token_endpoint");
  if (url.empty()) return skipped("there is no token_endpoint");
  if (!may_be_asked(walk, "token_endpoint", url)) return skipped("its address is at fault");
  Ask ask{.method = "POST", .url = url};
  ask.headers.set("Accept", "application/json");
  ask.headers.set("Content-Type", "application/x-www-form-urlencoded");
  ask.body = "grant_type=authorization_code";
  const auto answer = walk.prober.ask(ask);
  if (auto finding = judge_endpoint_answer(answer, url, false)) return *std::move(finding);
  if (error_name(answer).empty()) {
    return failed("no_oauth_error", url + ": " + status_line(answer), "an OAuth error in JSON",
                  "let the proxy in front pass POST to this endpoint, and its answers as they are");
  }
  return ok(url + " answers");
}

// Clients that know OpenID Connect take what they find there before or instead of the other document.
Finding check_openid(Walk& walk) {
  if (!walk.server) return skipped("there is no authorization server metadata");
  std::size_t found = 0;
  for (const auto& at : server_metadata_positions(*walk.issuer)) {
    if (at.find("openid-configuration") == std::string::npos) continue;
    const auto judged = judge_document(walk.get(at), at, "");
    if (const auto* finding = std::get_if<Finding>(&judged)) {
      if (finding->fault == "missing") continue;
      return *finding;
    }
    ++found;
    const auto& document = std::get<nlohmann::json>(judged);
    if (text_of(document, "issuer") == text_of(*walk.server, "issuer") &&
        text_of(document, "token_endpoint") == text_of(*walk.server, "token_endpoint")) {
      continue;
    }
    return failed("openid_differs", at + " is of " + text_of(document, "issuer") + ", or names another token endpoint",
                  "the same as " + walk.server_url, "one of the two is out of date: serve both from one place");
  }
  if (found > 0) return ok("openid-configuration is there, too");
  return note("no_openid", "openid-configuration is nowhere", "clients that know OpenID Connect alone find nothing");
}

// Clients look for the server's metadata below the resource as well: what is not there must be a plain 404.
Finding check_probes(Walk& walk) {
  auto positions = server_metadata_positions(walk.url);
  positions.push_back(walk.url.origin() + "/.well-known/oauth-authorization-server");
  for (const auto& at : positions) {
    const auto judged = judge_document(walk.get(at), at, "");
    const auto* finding = std::get_if<Finding>(&judged);
    if (finding == nullptr || finding->fault == "missing") continue;
    auto wrong = *finding;
    wrong.expected = "404, or a JSON document";
    return wrong;
  }
  return ok("what is not there is a 404");
}

}  // namespace postern::app::doctor

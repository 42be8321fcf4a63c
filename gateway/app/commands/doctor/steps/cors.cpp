#include "app/commands/doctor/steps/cors.hpp"

#include <algorithm>

#include "app/commands/doctor/messages.hpp"
#include "app/commands/doctor/steps/steps_server.hpp"
#include "base/strings.hpp"

namespace postern::app::doctor {
namespace {

bool names(std::string_view list, std::string_view wanted) {
  return std::ranges::any_of(split(list, ','), [&](auto each) { return ascii_iequals(trim(each), wanted); });
}

Finding refused(const std::string& fault, const std::string& seen, const std::string& expected) {
  return failed(
      fault, seen, expected,
      "let the proxy in front pass OPTIONS to the gateway and keep the Access-Control headers of its answers");
}

struct Preflight {
  std::string url;
  std::string_view method;
  std::vector<std::string_view> headers;
};

Finding preflight(Walk& walk, const Client& client, const Preflight& what) {
  Ask ask{.method = "OPTIONS", .url = what.url};
  ask.headers.set("Origin", client.page);
  ask.headers.set("Access-Control-Request-Method", what.method);
  std::string wanted;
  for (const auto name : what.headers) wanted += (wanted.empty() ? "" : ",") + std::string(name);
  ask.headers.set("Access-Control-Request-Headers", wanted);
  const auto answer = walk.prober.ask(ask);
  if (!answer.came()) return judge_trouble(answer, what.url);
  return judge_preflight(answer, what.url, client.page, what.headers);
}

// Without the challenge at hand the page sees an error and no way to sign in.
Finding check_challenge_readable(Walk& walk, const Client& client) {
  auto ask = post_of(walk.typed, initialize_message());
  ask.headers.set("Origin", client.page);
  const auto answer = walk.prober.ask(ask);
  if (!answer.came()) return judge_trouble(answer, walk.typed);
  const auto seen = "the 401 for " + std::string(client.page);
  const auto allowed = answer.header("Access-Control-Allow-Origin");
  if (allowed != "*" && allowed != client.page) {
    return refused("cors_missing", seen + " has no Access-Control-Allow-Origin for it", "one that names the page");
  }
  if (!names(answer.header("Access-Control-Expose-Headers"), "WWW-Authenticate")) {
    return refused("cors_not_exposed", seen + " does not expose WWW-Authenticate",
                   "Access-Control-Expose-Headers: WWW-Authenticate");
  }
  return ok(std::string(client.page) + " may call");
}

Finding refused_origin(Walk& walk, const Client& client, const std::string& seen) {
  const auto mend = "`origins: [" + std::string(client.page) +
                    "]`, where pages on the user's machine may call; or use "
                    "the client in the way that calls from a process";
  if (!walk.named_client) return note("origin_refused", seen, mend);
  return failed("origin_refused", seen, "pages of " + std::string(client.page) + " may call", mend);
}

}  // namespace

Finding judge_preflight(const Answer& answer, std::string_view url, std::string_view origin,
                        const std::vector<std::string_view>& headers) {
  const auto seen = "OPTIONS " + std::string(url) + ": " + status_line(answer);
  const auto expected = "204 that allows " + std::string(origin);
  if (answer.status < 200 || answer.status > 299) {
    // Only who knows of origins refuses them by name.
    if (answer.status == 403 && error_name(answer) == "origin_not_allowed") {
      return failed("origin_refused", seen + ", origin_not_allowed", expected, "");
    }
    return refused("preflight_refused", seen, expected + ", without a token");
  }
  const auto allowed = answer.header("Access-Control-Allow-Origin");
  if (allowed != "*" && allowed != origin)
    return refused("cors_missing", seen + " without Access-Control-Allow-Origin", expected);
  const auto list = answer.header("Access-Control-Allow-Headers");
  for (const auto name : headers) {
    // A star does not cover Authorization.
    const bool covered = names(list, name) || (trim(list) == "*" && !ascii_iequals(name, "authorization"));
    if (covered) continue;
    return refused("cors_header", seen + " does not allow " + std::string(name),
                   "Access-Control-Allow-Headers with it");
  }
  return ok(seen);
}

Finding check_cors(Walk& walk, const Client& client) {
  std::vector<Preflight> all{
      {walk.typed, "POST", {"authorization", "content-type", "mcp-protocol-version", "mcp-session-id"}}};
  if (walk.metadata_url) all.push_back({*walk.metadata_url, "GET", {"mcp-protocol-version"}});
  if (walk.server) {
    all.push_back({walk.server_url, "GET", {"mcp-protocol-version"}});
    for (const auto* member : {"token_endpoint", "registration_endpoint"}) {
      if (auto url = text_of(*walk.server, member); !url.empty() && may_be_asked(walk, member, url))
        all.push_back({std::move(url), "POST", {"content-type"}});
    }
  }
  for (const auto& each : all) {
    auto finding = preflight(walk, client, each);
    if (finding.fault == "origin_refused") return refused_origin(walk, client, finding.seen);
    if (finding.state != State::ok) return finding;
  }
  return check_challenge_readable(walk, client);
}

}  // namespace postern::app::doctor

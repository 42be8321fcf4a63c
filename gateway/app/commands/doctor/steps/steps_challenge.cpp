#include <array>

#include "app/commands/doctor/challenges.hpp"
#include "app/commands/doctor/messages.hpp"
#include "app/commands/doctor/walk.hpp"
#include "base/strings.hpp"

namespace postern::app::doctor {
namespace {

constexpr auto* kWanted = "401 with `WWW-Authenticate: Bearer resource_metadata=\"URL\"`";

Finding check_connection(Walk& walk) {
  walk.challenge = walk.prober.ask(post_of(walk.typed, initialize_message()));
  if (!walk.challenge.came()) return judge_trouble(walk.challenge, walk.typed);
  return ok(walk.url.origin() + " answers");
}

// The same address with a slash more or less.
std::string sibling_of(const http::Url& url) {
  auto path = url.path;
  if (path.ends_with('/')) {
    path.pop_back();
  } else {
    path += '/';
  }
  return url.origin() + path + (url.has_query ? "?" + url.query : "");
}

Finding judge_missing_resource(Walk& walk) {
  const auto seen = walk.typed + ": " + status_line(walk.challenge);
  const auto sibling = sibling_of(walk.url);
  const auto other = walk.prober.ask(post_of(sibling, initialize_message()));
  if (other.came() && other.status == 401) {
    return failed("slash_needed", seen + ", but " + sibling + ": 401", kWanted,
                  "the rule of the proxy in front matches one form alone: let it pass " + walk.typed + " as well");
  }
  return failed("resource_not_served", seen, kWanted,
                "check host and path against `serve`; where they hold a tenant, it must be there and on a plan that "
                "includes this resource");
}

// The resource answered a stranger with something else than a challenge.
Finding judge_unchallenged(Walk& walk) {
  const auto& answer = walk.challenge;
  const auto seen = walk.typed + ": " + status_line(answer);
  if (answer.status >= 300 && answer.status < 400) return judge_redirect(answer, walk.typed);
  if (answer.status == 404) return judge_missing_resource(walk);
  if (answer.status == 421) {
    return failed("unknown_host", seen, kWanted,
                  "`serve` must name this host, and a proxy in front must pass the Host header on as it came");
  }
  if (answer.status >= 500) {
    return failed("server_error", seen, kWanted,
                  "the gateway is down, or the proxy in front does not reach it: look at the proxy's backend and run "
                  "`postern check`");
  }
  if (is_html(answer)) {
    return failed("html", seen + ", a page", kWanted,
                  "give the MCP URL, not that of a page; or mend the proxy's paths");
  }
  if (answer.status < 300) {
    return failed("not_protected", seen + ": it serves whoever asks", kWanted,
                  "this is the server behind, or a way around the gateway: let nobody reach it but the gateway");
  }
  return failed("unexpected_status", seen, kWanted,
                "something in front refuses the request: let POST with JSON pass to the gateway");
}

// RFC 9728 section 5.1, and what clients make of it: an absolute URL at the place where they asked.
Finding judge_metadata_url(Walk& walk, const std::string& named) {
  const auto seen = "resource_metadata=\"" + named + "\"";
  const auto url = http::parse_url(named);
  if (!url || !url->has_authority) {
    return failed("resource_metadata_relative", seen, "an absolute URL",
                  "write the whole URL: clients drop a relative one without a word");
  }
  if (url->origin() == walk.url.origin()) {
    walk.metadata_url = named;
    return ok("401, " + seen);
  }
  if (url->host == walk.url.host && url->scheme != walk.url.scheme) {
    return failed("resource_metadata_scheme", seen, "a URL that begins with " + walk.url.origin(),
                  "whoever writes this does not know that TLS ends before it: `serve` must say https://, and the "
                  "listener `behind_proxy: true` with the proxy in `trusted_proxies`");
  }
  return failed("resource_metadata_foreign", seen, "a URL that begins with " + walk.url.origin(),
                "write the public URL into `serve`: clients take metadata from the origin they were given alone");
}

// RFC 6750 section 3: SDKs read the first challenge alone.
Finding check_challenge(Walk& walk) {
  if (!walk.challenge.came()) return skipped("nobody answers");
  if (walk.challenge.status != 401) return judge_unchallenged(walk);
  const auto value = std::string(walk.challenge.header("WWW-Authenticate"));
  if (value.empty()) {
    return failed("challenge_missing", "401 without WWW-Authenticate", kWanted,
                  "a proxy in front strips the header, or refuses by itself: let the gateway's 401 through as it is");
  }
  const auto challenges = read_challenges(value);
  if (challenges.empty() || !ascii_iequals(challenges.front().scheme, "Bearer")) {
    return failed("challenge_not_bearer", "401, WWW-Authenticate: " + value, "Bearer as the first challenge",
                  "take the sign-in of its own out of the proxy in front: clients read the first challenge alone");
  }
  walk.challenge_scope = challenges.front().parameter("scope").value_or("");
  const auto named = challenges.front().parameter("resource_metadata");
  if (!named) {
    return failed("resource_metadata_missing", "401, WWW-Authenticate: " + value, kWanted,
                  "name the protected resource metadata in the challenge: not every client looks for it elsewhere");
  }
  return judge_metadata_url(walk, *named);
}

Finding check_slash(Walk& walk) {
  if (walk.challenge.status != 401) return skipped("there is no challenge to compare with");
  if (walk.url.path.empty() || walk.url.path == "/") return ok("the root has one form alone");
  const auto sibling = sibling_of(walk.url);
  const auto answer = walk.prober.ask(post_of(sibling, initialize_message()));
  if (!answer.came()) return judge_trouble(answer, sibling);
  if (answer.status >= 300 && answer.status < 400) return judge_redirect(answer, sibling);
  if (answer.status == 401) return ok(sibling + " is served, too");
  return note("slash_not_served", sibling + ": " + status_line(answer),
              "some clients add or drop a slash: let the proxy in front pass both forms");
}

// Clients open a stream with GET; an answer that is no challenge makes some throw their tokens away.
Finding check_get(Walk& walk) {
  if (walk.challenge.status != 401) return skipped("there is no challenge to compare with");
  Ask ask{.url = walk.typed};
  ask.headers.set("Accept", "text/event-stream");
  ask.enough = [](std::string_view) { return true; };
  const auto answer = walk.prober.ask(ask);
  if (!answer.came()) return judge_trouble(answer, walk.typed);
  if (answer.status == 401 || answer.status == 405) return ok("GET: " + std::to_string(answer.status));
  return failed("get_not_challenged", "GET " + walk.typed + ": " + status_line(answer), "401 as for POST, or 405",
                "let the proxy in front pass GET and DELETE to the gateway just as POST");
}

constexpr std::array<Step, 4> kSteps{{
    {"connection", "The name resolves, and somebody answers behind a certificate that fits", check_connection},
    {"challenge", "A request without a token is challenged, and told where the metadata is", check_challenge},
    {"slash", "The URL is served with and without a slash at its end", check_slash},
    {"get", "GET is challenged as well", check_get},
}};

}  // namespace

std::span<const Step> challenge_steps() { return kSteps; }

}  // namespace postern::app::doctor

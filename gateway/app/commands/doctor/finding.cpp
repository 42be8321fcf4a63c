#include "app/commands/doctor/finding.hpp"

#include <algorithm>

#include "base/json.hpp"
#include "base/strings.hpp"
#include "http/url/url.hpp"

namespace postern::app::doctor {
namespace {

// Why a certificate is not accepted decides what to do about it; OpenSSL says it in words.
std::string certificate_mend(const std::string& why) {
  const auto says = [&](std::string_view words) { return why.find(words) != std::string::npos; };
  if (says("mismatch")) {
    return "get a certificate whose subjectAltName holds this name; a wildcard stands for one label alone";
  }
  if (says("expired")) return "renew the certificate; `serve` rereads its files by itself when they change";
  if (says("not yet valid")) return "set the clocks of both machines, or wait for the certificate's first day";
  if (says("self-signed") || says("self signed")) {
    return "get a certificate of an authority that clients know; name an authority of your own with --ca FILE here and "
           "in each client";
  }
  return "put the intermediate certificates behind the server's own in its file; name an authority of your own with "
         "--ca FILE";
}

std::string type_of(const Answer& answer) {
  const auto type = answer.header("Content-Type");
  return std::string(trim(type.substr(0, type.find(';'))));
}

bool is_json_type(const Answer& answer) {
  const auto type = type_of(answer);
  return ascii_iequals(type, "application/json") ||
         (type.size() > 5 && ascii_iequals(type.substr(type.size() - 5), "+json"));
}

Finding judge_status(const Answer& answer, const std::string& url, const std::string& missing) {
  const auto seen = url + ": " + status_line(answer);
  const std::string expected = "200 with a JSON object, without credentials";
  switch (answer.status) {
    case 401:
    case 403:
      return failed("needs_credentials", seen, expected,
                    "let a proxy in front pass this path without a sign-in of its own: clients have no token yet");
    case 404: return failed("missing", seen, expected, missing);
    case 405: return failed("method_refused", seen, expected, "let GET through to the gateway: something refuses it");
    case 421:
      return failed("unknown_host", seen, expected,
                    "`serve` must name this host, and a proxy in front must pass the Host header on as it came");
    case 429: return failed("rate_limited", seen, expected, "wait, or raise the limit of whoever answers 429");
    default: break;
  }
  if (answer.status >= 500) {
    return failed("server_error", seen, expected,
                  "the gateway is down, or the proxy in front does not reach it: look at the proxy's backend and run "
                  "`postern check`");
  }
  return failed("unexpected_status", seen, expected, "find out who answers at this address: the gateway does not");
}

}  // namespace

Finding ok(std::string seen) { return {.state = State::ok, .seen = std::move(seen)}; }

Finding failed(std::string fault, std::string seen, std::string expected, std::string mend) {
  return {State::failed, std::move(fault), std::move(seen), std::move(expected), std::move(mend)};
}

Finding note(std::string fault, std::string seen, std::string mend) {
  return {.state = State::note, .fault = std::move(fault), .seen = std::move(seen), .mend = std::move(mend)};
}

Finding skipped(std::string why) { return {.state = State::skipped, .fault = "skipped", .seen = std::move(why)}; }

bool is_html(const Answer& answer) {
  const auto text = trim(answer.body);
  return ascii_iequals(type_of(answer), "text/html") || text.starts_with("<!") || text.starts_with("<html");
}

std::string status_line(const Answer& answer) {
  const auto type = type_of(answer);
  return std::to_string(answer.status) + (type.empty() ? "" : " (" + type + ")");
}

std::string text_of(const nlohmann::json& document, const char* member) {
  const auto found = document.find(member);
  return found != document.end() && found->is_string() ? found->get<std::string>() : "";
}

bool lists(const nlohmann::json& document, const char* member, const std::string& value) {
  const auto found = document.find(member);
  if (found == document.end() || !found->is_array()) return false;
  return std::any_of(found->begin(), found->end(), [&](const nlohmann::json& each) { return each == value; });
}

std::string words_of(const nlohmann::json& list) {
  std::vector<std::string> words;
  for (const auto& each : list) {
    if (each.is_string()) words.push_back(each.get<std::string>());
  }
  return join(words, " ");
}

Finding judge_trouble(const Answer& answer, const std::string& url) {
  const auto seen = url + ": " + answer.why;
  switch (answer.trouble) {
    case Trouble::url: return failed("unusable_url", seen, "an https:// URL", "mend the URL where it is published");
    case Trouble::name:
      return failed("name", seen, "a name that resolves",
                    "make the DNS record, for {tenant} in the host a wildcard one; new records take a while to arrive");
    case Trouble::connection:
      return failed("connection", seen, "a connection",
                    "start the gateway, and let the firewall and the proxy in front pass this port");
    case Trouble::certificate:
      return failed("certificate", seen, "a certificate that fits", certificate_mend(answer.why));
    case Trouble::tls:
      return failed("tls", seen, "TLS 1.2 or 1.3",
                    "is TLS spoken at this port at all? Give the listener `tls`, or let the proxy in front end it");
    case Trouble::timed_out:
      return failed("no_answer", seen, "a whole answer within 10 s, as clients wait",
                    "look for a proxy that holds answers back or a firewall that drops packets");
    case Trouble::too_large: return failed("too_large", seen, "a small document", "find out who answers here");
    case Trouble::out_of_time:
      return failed("out_of_time", seen, "the whole run within 2 minutes", "mend the steps before that took so long");
    default: break;
  }
  return failed("bad_http", seen, "an answer in HTTP/1.1", "find out who answers at this port");
}

Finding judge_redirect(const Answer& answer, const std::string& url) {
  const auto location = std::string(answer.header("Location"));
  const auto seen = url + ": " + std::to_string(answer.status) + " to " + (location.empty() ? "nowhere" : location);
  const std::string expected = "an answer at this address itself: clients do not follow, or lose body and token";
  const auto from = http::parse_url(url);
  auto to = http::parse_url(location);
  if (!to && from && location.starts_with('/')) to = http::parse_url(from->origin() + location);
  if (!from || !to) return failed("redirected", seen, expected, "let the proxy in front pass this path on instead");
  const bool same_place = from->host == to->host && from->path == to->path;
  if (from->scheme == "http" && to->scheme == "https" && same_place) {
    return failed("redirected_to_https", seen, expected, "give clients the https:// URL");
  }
  if (from->scheme == "https" && to->scheme == "http" && from->host == to->host) {
    return failed("redirected_to_http", seen, expected,
                  "the proxy in front believes it speaks http://: mend its redirects, or leave them to the gateway");
  }
  const auto bare = [](std::string path) { return path.ends_with('/') ? path.substr(0, path.size() - 1) : path; };
  if (from->host == to->host && from->path != to->path && bare(from->path) == bare(to->path)) {
    return failed("redirected_slash", seen, expected,
                  "take the rule that adds or drops a slash out of the proxy in front: the gateway serves both forms");
  }
  if (from->host != to->host) {
    return failed(
        "redirected_elsewhere", seen, expected,
        "take the redirect or the sign-in of its own out of the proxy in front, or give clients the other URL");
  }
  return failed("redirected", seen, expected, "let the proxy in front pass this path on instead");
}

std::variant<nlohmann::json, Finding> judge_document(const Answer& answer, const std::string& url,
                                                     const std::string& missing) {
  if (!answer.came()) return judge_trouble(answer, url);
  if (answer.status >= 300 && answer.status < 400) return judge_redirect(answer, url);
  if (answer.status != 200) return judge_status(answer, url, missing);
  const auto seen = url + ": " + status_line(answer);
  if (is_html(answer)) {
    return failed("html", seen + ", a page", "a JSON object",
                  "a web server in front answers unknown paths with a page: pass /.well-known/ on to the gateway");
  }
  const auto parsed = read_json(answer.body);
  if (!parsed || !parsed->is_object()) {
    return failed("not_json", seen + (parsed ? ", no object" : ", " + parsed.error().reason), "a JSON object",
                  "pass this path on to the gateway as it is: something else answers or changes it");
  }
  if (!is_json_type(answer)) {
    return failed("content_type", seen, "Content-Type: application/json",
                  "let the proxy in front keep the answer's Content-Type");
  }
  return *parsed;
}

}  // namespace postern::app::doctor

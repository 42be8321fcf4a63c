#include "app/commands/upstream_probe.hpp"

#include <utility>

namespace postern::app {
namespace {

constexpr std::chrono::milliseconds kPatience{2000};

doctor::Answer ask(const std::string& url) {
  doctor::ProberOptions options;
  options.plain_http = true;
  options.each = kPatience;
  options.whole = kPatience;
  auto prober = doctor::make_prober(std::move(options));
  if (!prober) return {.trouble = doctor::Trouble::tls, .why = prober.error().what};
  doctor::Ask question;
  question.url = url;
  question.headers.set("Accept", "application/json");
  // The status is enough; a server may answer with a stream that has no end.
  question.enough = [](std::string_view) { return true; };
  return (*prober)->ask(question);
}

}  // namespace

std::string advice_on_upstream(const std::string& whole, const doctor::Answer& answer) {
  const auto url = whole.substr(0, whole.find('?'));
  if (!answer.came()) {
    return "no MCP server answers at " + url + " (" + answer.why +
           "). Start it there, or give its URL with --upstream; until it answers, every call gets a 502";
  }
  if (answer.status != 404) return {};
  return "the server at " + url +
         " answers with 404: there is nothing at this path. Give the whole URL of the MCP server with --upstream, "
         "which often ends with /mcp";
}

UpstreamProbe::UpstreamProbe(std::string url, std::function<void(const std::string&)> say)
    : thread_([url = std::move(url), say = std::move(say)] {
        const auto advice = advice_on_upstream(url, ask(url));
        if (!advice.empty()) say(advice);
      }) {}

}  // namespace postern::app

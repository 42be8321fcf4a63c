// Configuration files. One without faults holds to the rules that the rest of the gateway builds on; one with faults
// says where, and shows nothing of what was filled in.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config/forms.hpp"
#include "config/load.hpp"
#include "http/url/target.hpp"
#include "http/url/url.hpp"
#include "require.hpp"

namespace {

using namespace postern;
using namespace postern::config;

constexpr std::string_view kSecret = "kept-4f9a1c-secret";

Sources sources() {
  return {[](const std::string& name) { return name == "SECRET" ? std::optional<std::string>(kSecret) : std::nullopt; },
          [](const std::string& path) -> Result<std::string> {
            if (path.ends_with(".txt")) return std::string(kSecret);
            return fail(Errc::not_found, "there is no such file");
          }};
}

void check_faults(std::string_view input, const Faults& faults) {
  require(!faults.empty(), "what is refused has a fault");
  for (const auto& fault : faults.all()) {
    require(fault.at.line >= 1 && fault.at.column >= 1 && !fault.at.file.empty(), "with a place");
    require(!fault.what.empty(), "and a sentence");
  }
  const auto lines = faults.to_string();
  require(static_cast<std::size_t>(std::count(lines.begin(), lines.end(), '\n')) == faults.all().size(),
          "each on a line of its own");
  const bool shown = faults.to_string().find(kSecret) != std::string::npos;
  require(!shown || input.find(kSecret) != std::string_view::npos, "what was filled in is never shown");
}

void check_public(const std::string& text) {
  const auto url = http::parse_url(text);
  require(url.has_value() && !url->has_userinfo && !url->has_fragment && !url->has_query, "an address of ours is one");
  require(url->scheme == "https" || (url->scheme == "http" && url->is_loopback()), "with TLS beyond the loopback");
  require(url->path.empty() || http::path_fault(url->path).empty(), "and a path that can be routed");
}

void check_limits(const Limits& limits) {
  require(limits.body >= 1024 && limits.head >= 1024 && limits.connections >= 1, "nothing is limited to nothing");
  for (const auto& rate : {limits.call, limits.token, limits.register_, limits.sign_in, limits.authorize}) {
    require(rate.per_second > 0 && rate.burst >= 1, "rates let something pass");
    const auto again = parse_rate(format_rate(rate));
    require(again && again->burst == rate.burst, "and can be written down");
  }
  for (const auto duration : {limits.header_deadline, limits.body_deadline, limits.idle, limits.write_deadline}) {
    require(duration > Duration::zero(), "every wait has an end");
  }
}

void check_config(const Config& config) {
  require(!config.listen.empty(), "something is served somewhere");
  for (const auto& listener : config.listen) require(!listener.host.empty(), "at an address");
  for (const auto& network : config.trusted_proxies) {
    require(canonical_network(network) == network, "networks are in one spelling");
  }
  for (const auto& server : config.authorization_servers) check_public(server.issuer);
  for (const auto& resource : config.resources) {
    auto filled = resource.serve;
    if (const auto at = filled.find("{tenant}"); at != std::string::npos) filled.replace(at, 8, "acme");
    require(filled.find_first_of("{}") == std::string::npos, "a resource has one placeholder");
    check_public(filled);
    require(!resource.upstream.empty() && !resource.policy.empty(), "with a server behind and a policy");
  }
  require(config.store.starts_with("sqlite:/"), "the store is a file");
  check_limits(config.limits);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto loaded = load_text(input, "/etc/postern/c.yaml", sources());
  const auto again = load_text(input, "/etc/postern/c.yaml", sources());
  require(loaded.has_value() == again.has_value(), "the verdict is the same each time");
  if (loaded) {
    check_config(*loaded);
  } else {
    check_faults(input, loaded.error());
    require(loaded.error().to_string() == again.error().to_string(), "and so are the faults");
  }
  return 0;
}

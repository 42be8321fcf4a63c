#include "app/process/generation.hpp"

#include <string>
#include <utility>
#include <vector>

#include "http/url/url.hpp"
#include "net/pools/lookups.hpp"
#include "net/tls/tls.hpp"

namespace postern::app {
namespace {

using Authorities = std::shared_ptr<const net::TlsClient>;

// Addresses of providers that the operator wrote down.
std::vector<std::string> provider_urls(const config::Config& config) {
  std::vector<std::string> urls;
  for (const auto& server : config.authorization_servers) {
    if (!server.external) continue;
    for (const auto* url : {&server.external->issuer, &server.external->discovery, &server.external->jwks_uri}) {
      if (!url->empty()) urls.push_back(*url);
    }
  }
  for (const auto& provider : config.identity.providers) {
    urls.push_back(provider.issuer);
    if (!provider.discovery.empty()) urls.push_back(provider.discovery);
  }
  return urls;
}

upstream::FetcherOptions fetch_options(const config::Fetch& fetch, Authorities authorities, net::Lookups& names) {
  upstream::FetcherOptions options;
  options.guard = net::AddressGuard(fetch.allow_private);
  options.tls = [authorities = std::move(authorities)] { return authorities; };
  options.resolve = [&names](const auto& host, const auto& from) { return names.find(host, from); };
  for (const auto& [host, address, port] : fetch.connect_to) {
    options.connect_to.try_emplace(host, boost::asio::ip::make_address(address), port);
  }
  return options;
}

// The operator chose the hosts that the configuration names: they may be inside the network.
upstream::FetcherOptions provider_fetch_options(const config::Config& config, Authorities authorities,
                                                net::Lookups& names) {
  auto options = fetch_options(config.fetch, std::move(authorities), names);
  auto exceptions = config.fetch.allow_private;
  for (const auto& named : provider_urls(config)) {
    if (const auto url = http::parse_url(named)) exceptions.push_back(url->host);
  }
  options.guard = net::AddressGuard(exceptions);
  options.per_host = runtime::kFetchesOfProvider;
  options.plain_loopback = true;
  return options;
}

Result<std::shared_ptr<runtime::Fetchers>> make_fetchers(const config::Config& config, Process& process) {
  auto tls = net::TlsClient::load({config.fetch.authorities, {}});
  if (!tls) return tls.error();
  return std::make_shared<runtime::Fetchers>(fetch_options(config.fetch, *tls, process.pools.lookups),
                                             provider_fetch_options(config, *tls, process.pools.provider_lookups),
                                             process.clock);
}

Result<void> prepare_keys(const config::Config& config, token::SigningKeys& keys) {
  for (const auto& server : config.authorization_servers) {
    const auto& tokens_of = server.access_token;
    if (tokens_of.format != config::TokenFormat::jwt) continue;
    if (auto ready = keys.prepare(server.issuer, tokens_of.algorithm, tokens_of.lifetime); !ready) return ready;
  }
  return {};
}

}  // namespace

Result<MadeGeneration> make_generation(Loaded loaded, Process& process) {
  if (auto ready = prepare_keys(loaded.config, process.signing_keys); !ready) return ready.error();
  MadeGeneration made;
  made.upstream_tls = std::make_shared<runtime::UpstreamTls>();
  if (auto opened = made.upstream_tls->open(loaded.config.upstreams); !opened) return opened.error();
  auto fetchers = make_fetchers(loaded.config, process);
  if (!fetchers) return fetchers.error();
  runtime::GenerationParts parts{.config = std::move(loaded.config),
                                 .policies = std::move(loaded.policies),
                                 .upstreams = runtime::make_upstream_factory(made.upstream_tls, process.hub),
                                 .fetchers = std::move(*fetchers)};
  made.served = std::make_shared<const runtime::Generation>(std::move(parts), process.services);
  return made;
}

}  // namespace postern::app

#include "server/fetch_wanted.hpp"

#include <optional>
#include <string>
#include <utility>

#include "base/network.hpp"

namespace postern::server {
namespace {

constexpr int kSecondsToWait = 3;
constexpr upstream::FetchRules kTokenAnswer{64 * 1024, std::chrono::seconds(10), true};

upstream::Documents& source_of(oauth::DocumentKind kind, runtime::Services& services) {
  switch (kind) {
    case oauth::DocumentKind::client: return services.published.client_documents;
    case oauth::DocumentKind::keys: return services.published.client_keys;
    case oauth::DocumentKind::provider_metadata: return services.published.provider_metadata;
    case oauth::DocumentKind::provider_keys: return services.published.provider_key_sets;
    case oauth::DocumentKind::provider_token: break;
  }
  return services.published.client_documents;
}

// Where it leads is for a stranger to say.
bool is_of_stranger(oauth::DocumentKind kind) {
  return kind == oauth::DocumentKind::client || kind == oauth::DocumentKind::keys;
}

std::string_view failure_of(oauth::DocumentKind kind) {
  switch (kind) {
    case oauth::DocumentKind::client: return "client_document_failed";
    case oauth::DocumentKind::keys: return "client_keys_failed";
    case oauth::DocumentKind::provider_metadata: return "provider_metadata_failed";
    case oauth::DocumentKind::provider_keys: return "provider_keys_failed";
    case oauth::DocumentKind::provider_token: return "provider_token_failed";
  }
  return "document_failed";
}

// A form for a provider's token endpoint, sent once.
net::awaitable<Result<oauth::DocumentText>> post_form(runtime::Services& services,
                                                      std::shared_ptr<const runtime::Generation> generation,
                                                      oauth::WantedDocument wanted) {
  const std::function<Result<oauth::DocumentText>()> work =
      [generation, asked = std::move(wanted)]() -> Result<oauth::DocumentText> {
    auto fetched = generation->fetchers().providers.post(asked.url, {Secret(asked.form), Secret(asked.authorization)},
                                                         kTokenAnswer);
    if (!fetched) return fetched.error();
    return std::make_shared<const std::string>(std::move(fetched->body));
  };
  auto answer = co_await net::offload<Result<oauth::DocumentText>>(services.pools.provider, work);
  co_return answer;
}

net::awaitable<Result<oauth::DocumentText>> get(runtime::Services& services,
                                                std::shared_ptr<const runtime::Generation> generation,
                                                oauth::WantedDocument wanted, net::FairQueue::Path from) {
  if (wanted.kind == oauth::DocumentKind::provider_token) {
    auto answer = co_await post_form(services, generation, std::move(wanted));
    co_return answer;
  }
  auto& source = source_of(wanted.kind, services);
  std::string url = std::move(wanted.url);
  const bool fresh = wanted.fresh;
  auto text = co_await source.get(std::move(url), fresh, std::move(from));
  co_return text;
}

}  // namespace

oauth::ForeignDocuments::AtHand documents_at_hand(runtime::Services& services) {
  return [&services](const oauth::WantedDocument& document) -> std::optional<oauth::DocumentText> {
    if (document.kind == oauth::DocumentKind::provider_token) return std::nullopt;
    return source_of(document.kind, services).at_hand(document.url, document.fresh);
  };
}

net::awaitable<int> fetch_wanted(runtime::Services& services, std::shared_ptr<const runtime::Generation> generation,
                                 oauth::ForeignDocuments& documents, const http::Request& request, telemetry::Log& log,
                                 std::chrono::steady_clock::time_point now) {
  const oauth::WantedDocument wanted = *documents.wanted();
  std::optional<limits::CallPlace> place;
  if (is_of_stranger(wanted.kind)) {
    const auto from = network_of(request.peer);
    const auto& rate = generation->limits().register_;
    if (const int wait = services.counters.rates.register_.take(request.peer, now, rate); wait > 0) co_return wait;
    // Slow documents of one address must not take every place.
    const bool under_way = source_of(wanted.kind, services).is_under_way(wanted.url);
    if (!under_way && !place.emplace(services.counters.fetches, from, runtime::kFetchesEach)) co_return kSecondsToWait;
  }
  oauth::WantedDocument asked = wanted;
  net::FairQueue::Path shares_with;
  if (is_of_stranger(wanted.kind)) shares_with = networks_of(request.peer);
  auto text = co_await get(services, generation, std::move(asked), std::move(shares_with));
  if (!text) {
    log.info(failure_of(wanted.kind),
             {{"request_id", request.request_id}, {"url", wanted.url}, {"what", text.error().what}});
  }
  documents.bring(std::move(text));
  co_return 0;
}

}  // namespace postern::server

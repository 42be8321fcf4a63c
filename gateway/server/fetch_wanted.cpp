#include "server/fetch_wanted.hpp"

#include <optional>
#include <string>
#include <utility>

#include "base/network.hpp"

namespace postern::server {
namespace {

constexpr int kSecondsToWait = 3;

upstream::Documents& source_of(oauth::DocumentKind kind, Services& services) {
  return kind == oauth::DocumentKind::keys ? services.key_sets : services.documents;
}

}  // namespace

oauth::ForeignDocuments::AtHand documents_at_hand(Services& services) {
  return [&services](const oauth::WantedDocument& document) {
    return source_of(document.kind, services).at_hand(document.url, document.fresh);
  };
}

net::awaitable<int> fetch_wanted(Services& services, oauth::ForeignDocuments& documents, const http::Request& request,
                                 std::chrono::steady_clock::time_point now) {
  const oauth::WantedDocument wanted = *documents.wanted();
  const auto from = network_of(request.peer);
  if (const int wait = services.limiters.register_.take(from, now); wait > 0) co_return wait;
  auto& source = source_of(wanted.kind, services);
  // Slow documents of one address must not take every place.
  std::optional<CallPlace> place;
  if (!source.is_under_way(wanted.url) && !place.emplace(services.fetches, from)) co_return kSecondsToWait;
  std::string url = wanted.url;
  const bool fresh = wanted.fresh;
  auto text = co_await source.get(std::move(url), fresh);
  if (!text) {
    const bool keys = wanted.kind == oauth::DocumentKind::keys;
    services.log.info(keys ? "client_keys_failed" : "client_document_failed",
                      {{"request_id", request.request_id}, {"url", wanted.url}, {"what", text.error().what}});
  }
  documents.bring(std::move(text));
  co_return 0;
}

}  // namespace postern::server

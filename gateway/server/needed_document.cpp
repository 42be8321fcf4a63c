#include "server/needed_document.hpp"

#include "base/network.hpp"
#include "http/form.hpp"
#include "oauth/find_client.hpp"

namespace postern::server {
namespace {

bool names_a_client(RouteKind kind) noexcept {
  return kind == RouteKind::authorize || kind == RouteKind::token || kind == RouteKind::revoke ||
         kind == RouteKind::introspect;
}

std::optional<std::string> needed_by(const Route& route, const http::Request& request) {
  if (!names_a_client(route.kind)) return std::nullopt;
  const auto form = http::Form::parse(request.method == "POST" ? request.body : request.query);
  if (!form) return std::nullopt;
  return oauth::document_needed(*form, route.server->registration);
}

}  // namespace

net::awaitable<NeededDocument> fetch_needed(Services& services, const Route& route, const http::Request& request,
                                            std::chrono::steady_clock::time_point now) {
  NeededDocument needed;
  auto url = needed_by(route, request);
  if (!url) co_return needed;
  if (auto text = services.documents.at_hand(*url)) {
    needed.document = oauth::ClientDocument{std::move(*url), std::move(*text)};
    co_return needed;
  }
  needed.retry_after = services.limiters.register_.take(network_of(request.peer), now);
  if (needed.retry_after > 0) co_return needed;
  std::string asked = *url;
  auto text = co_await services.documents.get(std::move(asked));
  if (!text) {
    services.log.info("client_document_failed",
                      {{"request_id", request.request_id}, {"client", *url}, {"what", text.error().what}});
  }
  needed.document = oauth::ClientDocument{std::move(*url), std::move(text)};
  co_return needed;
}

}  // namespace postern::server

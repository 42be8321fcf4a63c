#pragma once

#include <chrono>
#include <optional>

#include "http/message.hpp"
#include "net/stream.hpp"
#include "oauth/context.hpp"
#include "server/router.hpp"
#include "server/services.hpp"

namespace postern::server {

struct NeededDocument {
  std::optional<oauth::ClientDocument> document;  // nullopt: the request names no client by a document
  int retry_after = 0;                            // seconds; else: this address has asked for too many documents
};

// OAuth endpoints do not fetch, and run on the store's pool: what a request's client_id names is fetched before, on a
// pool of its own, so that slow documents take nobody's turn. A fetch counts as a registration of the address it is
// for.
net::awaitable<NeededDocument> fetch_needed(Services& services, const Route& route, const http::Request& request,
                                            std::chrono::steady_clock::time_point now);

}  // namespace postern::server

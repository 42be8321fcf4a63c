#pragma once

#include <chrono>
#include <memory>

#include "http/message.hpp"
#include "net/stream.hpp"
#include "oauth/foreign_documents.hpp"
#include "runtime/generation.hpp"
#include "runtime/services.hpp"

namespace postern::server {

// What an endpoint may read of strangers without waiting.
oauth::ForeignDocuments::AtHand documents_at_hand(runtime::Services& services);

// Fetches what an endpoint noted as wanted, on a pool of its own, so that slow documents take nobody's turn. A fetch
// from where a stranger says counts as a registration of the address it is for: the seconds to wait when it has asked
// for too many, else 0. `log`: of the request.
net::awaitable<int> fetch_wanted(runtime::Services& services, std::shared_ptr<const runtime::Generation> generation,
                                 oauth::ForeignDocuments& documents, const http::Request& request, telemetry::Log& log,
                                 std::chrono::steady_clock::time_point now);

}  // namespace postern::server

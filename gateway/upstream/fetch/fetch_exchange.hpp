#pragma once

#include <memory>
#include <string>

#include "net/tls/tls.hpp"
#include "upstream/fetch/fetcher.hpp"

namespace postern::upstream {

// What one fetch needs, shared with its coroutine.
struct Fetch {
  http::Url url;
  std::optional<PostedForm> form;             // none: GET
  boost::asio::ip::tcp::endpoint to;          // passed the guard
  std::shared_ptr<const net::TlsClient> tls;  // null: plain
  FetchRules rules;
  net::SteadyTime deadline;
  Time now{};
};

// The whole of it: connection, TLS, request, answer. The peer's address is compared with the one that was checked.
awaitable<Result<Fetched>> fetch(boost::asio::any_io_executor executor, std::shared_ptr<const Fetch> what);

}  // namespace postern::upstream

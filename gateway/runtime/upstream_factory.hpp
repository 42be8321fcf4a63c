#pragma once

#include <memory>

#include <boost/asio/any_io_executor.hpp>

#include "config/config.hpp"
#include "runtime/upstream_tls.hpp"
#include "upstream/upstream.hpp"

namespace postern::upstream {
class DuplexHub;
}

namespace postern::runtime {

// Makes what a worker reaches the servers behind by. Thread-safe.
class UpstreamFactory {
 public:
  virtual ~UpstreamFactory() = default;
  // The upstream that its settings describe, of whatever transport; used on the executor's thread alone.
  virtual std::unique_ptr<upstream::Upstream> make(boost::asio::any_io_executor executor,
                                                   const config::Upstream& settings) = 0;
  // One that speaks plain HTTP to its urls, whatever its transport is otherwise: to find out whether a server is there.
  virtual std::unique_ptr<upstream::Upstream> make_plain(boost::asio::any_io_executor executor,
                                                         const config::Upstream& settings) = 0;
};

// With the given certificates; sessions of stdio servers and of the transport of 2024 live in the hub, which outlives
// it and what it makes.
std::unique_ptr<UpstreamFactory> make_upstream_factory(std::shared_ptr<const UpstreamTls> tls,
                                                       upstream::DuplexHub& hub);

}  // namespace postern::runtime

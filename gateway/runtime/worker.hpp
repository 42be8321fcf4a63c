#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

#include <boost/asio/io_context.hpp>

#include "edge/connections.hpp"
#include "runtime/generation.hpp"
#include "runtime/services.hpp"
#include "token/touched.hpp"
#include "upstream/upstream.hpp"

namespace postern::runtime {

// A call or stream under way, or what the gateway does by itself for a grant. Ended from outside when its grant, or the
// token that it was opened with, is revoked. Lives in its request's coroutine.
struct OpenStream {
  std::string grant;                      // empty: of a token that was made elsewhere, which ends with its user
  std::string user{};                     // key; needed only where there is no grant
  std::optional<crypto::Digest> token{};  // SHA-256 of the access token that it was opened with
  bool listening = false;                 // ended when the process drains; answers to calls are let finish
  std::function<void()> end;

  bool is_over(const token::Touched& touched) const;
};

// One thread's share of the gateway: its io_context, its connections, its pools of upstream connections. Everything is
// used on the worker's own thread; other threads may only post to io().
class Worker {
 public:
  Worker(Services& services, edge::Places& places, std::shared_ptr<const Generation> generation);
  ~Worker();

  boost::asio::io_context& io() noexcept { return io_; }
  Services& services() noexcept { return services_; }
  // The one that new requests begin with.
  const std::shared_ptr<const Generation>& generation() const noexcept { return generation_; }

  // The upstream of that name, made at first use. Later calls get the same one, whatever their settings say.
  upstream::Upstream& upstream(const Generation& generation, const config::Upstream& settings);
  edge::Connections& connections() noexcept { return connections_; }

  void add_stream(OpenStream* stream) { streams_.insert(stream); }
  void remove_stream(OpenStream* stream) { streams_.erase(stream); }
  void end_streams_of(const token::Touched& touched);
  void end_all_streams();

  // Closes idle connections and listening streams now; a request whose body does not arrive gets a 503 soon, the others
  // end after the answer under way.
  void drain();
  // Closes everything.
  void stop();
  bool draining() const noexcept { return connections_.draining(); }

 private:
  Services& services_;
  std::shared_ptr<const Generation> generation_;
  edge::Connections connections_;
  std::unordered_set<OpenStream*> streams_;
  // Destroyed after the upstreams, whose timers run on it, and before the members above, from which its remaining
  // coroutines deregister.
  boost::asio::io_context io_{1};
  std::map<std::string, std::unique_ptr<upstream::Upstream>> upstreams_;
};

}  // namespace postern::runtime

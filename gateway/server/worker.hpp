#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

#include <boost/asio/io_context.hpp>

#include "server/connection_places.hpp"
#include "server/services.hpp"
#include "server/snapshot.hpp"
#include "token/touched.hpp"
#include "upstream/upstream.hpp"

namespace postern::server {

class Connection;

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

// A connection from accept to its end, as its worker knows it. Lives in the coroutine that serves it.
struct Visit {
  const ConnectionPlaces* places = nullptr;  // those that it takes one of
  std::string network;                       // the narrowest; empty: it never gives way
  net::SteadyTime since{};                   // when it was accepted
  std::function<void()> close;               // while there is no `connection` yet: ends its handshake
  Connection* connection = nullptr;
};

// The places of clients, and those that only probes and Prometheus have.
struct Places {
  ConnectionPlaces clients;
  ConnectionPlaces operations;
};

// One thread's share of the gateway: its io_context, its connections, its pools of upstream connections. Everything is
// used on the worker's own thread, but for snapshot(), replace() and draining().
class Worker {
 public:
  Worker(Services& services, Places& places, std::shared_ptr<const Snapshot> snapshot);
  ~Worker();

  boost::asio::io_context& io() noexcept { return io_; }
  Services& services() noexcept { return services_; }
  Places& places() noexcept { return places_; }
  std::shared_ptr<const Snapshot> snapshot() const { return std::atomic_load(&snapshot_); }

  // The upstream of that name, made at first use.
  upstream::Upstream& upstream(const config::Upstream& settings);
  std::string next_request_id();

  void add_connection(Connection* connection) { connections_.insert(connection); }
  void remove_connection(Connection* connection) { connections_.erase(connection); }
  std::size_t connections() const noexcept { return connections_.size(); }
  void add_visit(Visit* visit) { visits_.insert(visit); }
  void remove_visit(Visit* visit) { visits_.erase(visit); }
  // Closes the connections of that network that wait for a request, or for their handshake, longest; some at a time, so
  // that a flood of newcomers does not have all of them looked at for each.
  void give_way(const ConnectionPlaces& places, const std::string& network);
  void add_stream(OpenStream* stream) { streams_.insert(stream); }
  void remove_stream(OpenStream* stream) { streams_.erase(stream); }
  void end_streams_of(const token::Touched& touched);
  void end_all_streams();

  // Closes idle connections and listening streams now; a request whose body does not arrive gets a 503 soon, the others
  // end after the answer under way.
  void drain();
  // Closes everything.
  void stop();
  bool draining() const noexcept { return draining_; }

 private:
  Services& services_;
  Places& places_;
  std::shared_ptr<const Snapshot> snapshot_;
  std::unordered_set<Connection*> connections_;
  std::unordered_set<Visit*> visits_;
  std::unordered_set<OpenStream*> streams_;
  std::string id_prefix_;
  std::uint64_t next_id_ = 0;
  bool draining_ = false;
  // Goes before what the coroutines it still holds take leave of, and after the upstreams, whose timers are its own.
  boost::asio::io_context io_{1};
  std::map<std::string, std::unique_ptr<upstream::Upstream>> upstreams_;
};

}  // namespace postern::server

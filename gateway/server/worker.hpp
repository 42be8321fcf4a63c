#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include <boost/asio/io_context.hpp>

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

// Open connections of the process by address, for the two connection limits. Thread-safe.
class ConnectionCounter {
 public:
  enum class Verdict { admitted, total, per_address };
  ConnectionCounter(std::size_t total, std::size_t per_address) : total_(total), per_address_(per_address) {}
  // `shared`: many clients come from there, so that only the total counts.
  Verdict enter(const std::string& address, bool shared);
  void leave(const std::string& address);

 private:
  std::size_t total_;
  std::size_t per_address_;
  std::mutex mutex_;
  std::size_t open_ = 0;
  std::unordered_map<std::string, std::size_t> addresses_;
};

// One thread's share of the gateway: its io_context, its connections, its pools of upstream connections. Everything is
// used on the worker's own thread, but for snapshot(), replace() and draining().
class Worker {
 public:
  Worker(Services& services, ConnectionCounter& counter, std::shared_ptr<const Snapshot> snapshot);
  ~Worker();

  boost::asio::io_context& io() noexcept { return io_; }
  Services& services() noexcept { return services_; }
  ConnectionCounter& counter() noexcept { return counter_; }
  std::shared_ptr<const Snapshot> snapshot() const { return std::atomic_load(&snapshot_); }

  // The upstream of that name, made at first use.
  upstream::Upstream& upstream(const config::Upstream& settings);
  std::string next_request_id();

  void add_connection(Connection* connection) { connections_.insert(connection); }
  void remove_connection(Connection* connection) { connections_.erase(connection); }
  std::size_t connections() const noexcept { return connections_.size(); }
  void add_stream(OpenStream* stream) { streams_.insert(stream); }
  void remove_stream(OpenStream* stream) { streams_.erase(stream); }
  void end_streams_of(const token::Touched& touched);
  void end_all_streams();

  // Closes idle connections and listening streams now; the others end after the answer under way.
  void drain();
  // Closes everything.
  void stop();
  bool draining() const noexcept { return draining_; }

 private:
  Services& services_;
  ConnectionCounter& counter_;
  std::shared_ptr<const Snapshot> snapshot_;
  std::unordered_set<Connection*> connections_;
  std::unordered_set<OpenStream*> streams_;
  std::string id_prefix_;
  std::uint64_t next_id_ = 0;
  bool draining_ = false;
  // Goes before what the coroutines it still holds take leave of, and after the upstreams, whose timers are its own.
  boost::asio::io_context io_{1};
  std::map<std::string, std::unique_ptr<upstream::Upstream>> upstreams_;
};

}  // namespace postern::server

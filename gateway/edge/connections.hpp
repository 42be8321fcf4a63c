#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_set>

#include <boost/asio/io_context.hpp>

#include "edge/client_exchange.hpp"
#include "edge/settings.hpp"
#include "limits/body_budget.hpp"
#include "limits/connection_places.hpp"
#include "limits/refusal_log.hpp"
#include "net/stream.hpp"
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"
#include "telemetry/once.hpp"

namespace postern::edge {

// The places of clients, and those that only probes and Prometheus have.
struct Places {
  limits::ConnectionPlaces clients;
  limits::ConnectionPlaces operations;
};

// What connections of all threads share. Everything in it is thread-safe and outlives them.
struct Shared {
  telemetry::Log& log;
  telemetry::Metrics& metrics;
  telemetry::SaidOnce& said;  // warnings that are written once
  limits::RefusalLog& refusals;
  limits::BodyBudget& unread_bodies;  // that are read away, so that the connection can go on
  Places& places;
};

// An open connection, of whatever version of HTTP.
class OpenConnection {
 public:
  virtual ~OpenConnection() = default;
  virtual void close() noexcept = 0;
  // Whether it waits for a request, and since when.
  virtual bool idle() const noexcept = 0;
  virtual net::SteadyTime idle_since() const noexcept = 0;
  // The process ends soon: an idle connection is closed, and what is missing of a body has a second to arrive.
  virtual void drain() noexcept = 0;
};

// A connection from accept to its end. Lives in the coroutine that serves it.
struct Visit {
  const limits::ConnectionPlaces* places = nullptr;  // those that it takes one of
  std::string network;                               // the narrowest; empty: it never gives way
  net::SteadyTime since{};                           // when it was accepted
  std::function<void()> close;                       // while there is no `connection` yet: ends its handshake
  OpenConnection* connection = nullptr;
};

// The connections of one thread, and what they need to know. Everything is used on that thread.
class Connections {
 public:
  using SettingsSource = std::function<std::shared_ptr<const Settings>()>;

  // `settings` gives those of the moment. What is given must outlive the connections.
  Connections(boost::asio::io_context& io, Shared shared, SettingsSource settings);
  Connections(const Connections&) = delete;
  Connections& operator=(const Connections&) = delete;

  boost::asio::io_context& io() noexcept { return io_; }
  const Shared& shared() const noexcept { return shared_; }
  std::shared_ptr<const Settings> settings() const { return settings_(); }
  std::string next_request_id();

  void add(OpenConnection* connection) { connections_.insert(connection); }
  void remove(OpenConnection* connection) { connections_.erase(connection); }
  std::size_t size() const noexcept { return connections_.size(); }
  void add(Visit* visit) { visits_.insert(visit); }
  void remove(Visit* visit) { visits_.erase(visit); }

  // Closes the connections of that network that wait for a request, or for their handshake, longest; some at a time, so
  // that a flood of newcomers does not have all of them looked at for each.
  void give_way(const limits::ConnectionPlaces& places, const std::string& network);
  // Closes idle connections now; a request whose body does not arrive gets a 503 soon, the others end after the answer
  // under way.
  void drain();
  bool draining() const noexcept { return draining_; }
  void close_all();

 private:
  boost::asio::io_context& io_;
  Shared shared_;
  SettingsSource settings_;
  std::unordered_set<OpenConnection*> connections_;
  std::unordered_set<Visit*> visits_;
  std::string id_prefix_;
  std::uint64_t next_id_ = 0;
  bool draining_ = false;
};

}  // namespace postern::edge

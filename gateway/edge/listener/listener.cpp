#include "edge/listener/listener.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/network.hpp"
#include "limits/descriptor_budget.hpp"

namespace postern::edge {
namespace {

// Everything a connection needs, by value: the coroutine outlives whoever started it.
struct Accepted {
  std::unique_ptr<net::TcpStream> stream;
  ListenerInfo info;
  std::shared_ptr<const net::TlsServer> tls;
  Connections* connections;
  const Handler* handler;
  std::string address;
  limits::ConnectionPlaces* places;
  limits::ConnectionPlaces::Path networks;  // that its place is counted for
};

// A place that was entered, and what its thread knows of the connection that has it.
class Stay {
 public:
  explicit Stay(const Accepted& accepted)
      : connections_(*accepted.connections), places_(*accepted.places), networks_(accepted.networks) {
    visit_.places = &places_;
    if (!networks_.empty()) visit_.network = networks_.back();
    visit_.since = std::chrono::steady_clock::now();
    visit_.close = accepted.stream->closer();
    connections_.add(&visit_);
    connections_.shared().metrics.connection_opened();
  }
  ~Stay() {
    connections_.remove(&visit_);
    connections_.shared().metrics.connection_closed();
    places_.leave(networks_);
  }
  Stay(const Stay&) = delete;
  Stay& operator=(const Stay&) = delete;

  void has(OpenConnection* connection) noexcept { visit_.connection = connection; }

 private:
  Connections& connections_;
  limits::ConnectionPlaces& places_;
  limits::ConnectionPlaces::Path networks_;
  Visit visit_;
};

constexpr auto kTurningAway = std::chrono::seconds(1);
constexpr auto kOutOfDescriptorsSaidEvery = std::chrono::seconds(10);

std::string full_answer() {
  constexpr std::string_view body =
      R"({"error":"temporarily_unavailable","error_description":"too many connections; try again in a moment"})";
  return "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n"
         "Retry-After: 2\r\nConnection: close\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

class OneMore {
 public:
  explicit OneMore(std::shared_ptr<std::size_t> count) : count_(std::move(count)) { ++*count_; }
  ~OneMore() { --*count_; }
  OneMore(const OneMore&) = delete;
  OneMore& operator=(const OneMore&) = delete;

 private:
  std::shared_ptr<std::size_t> count_;
};

awaitable<void> turn_away(std::shared_ptr<net::TcpStream> stream, std::shared_ptr<std::size_t> turned_away) {
  const OneMore counted(std::move(turned_away));
  const auto answer = full_answer();
  const std::string_view pieces[] = {answer};
  stream->write_deadline(std::chrono::steady_clock::now() + kTurningAway);
  const auto sent = co_await stream->write(pieces);
  if (sent) co_await stream->shutdown();
}

awaitable<void> serve(std::shared_ptr<Accepted> accepted) {
  auto& connections = *accepted->connections;
  Stay stay(*accepted);
  std::unique_ptr<net::Stream> stream;
  if (accepted->tls) {
    const auto settings = connections.settings();
    const auto deadline = std::chrono::steady_clock::now() + settings->limits.handshake_deadline;
    auto secured = co_await net::tls_accept(std::move(accepted->stream), accepted->tls, deadline);
    if (!secured) {
      connections.shared().log.debug("tls_handshake_failed",
                                     {{"peer", accepted->address}, {"what", secured.error().what}});
      co_return;
    }
    stream = std::move(*secured);
  } else {
    stream = std::move(accepted->stream);
  }
  Connection connection(std::move(stream), accepted->info, connections, *accepted->handler);
  stay.has(&connection);
  co_await connection.run();
}

}  // namespace

Listener::Listener(std::unique_ptr<net::Acceptor> acceptor, ListenerInfo info, std::shared_ptr<TlsSlot> tls,
                   Connections& connections, const Handler& handler)
    : acceptor_(std::move(acceptor)), info_(info), tls_(std::move(tls)), connections_(connections), handler_(handler) {}

void Listener::start() {
  boost::asio::co_spawn(connections_.io(), accept_loop(), [&log = connections_.shared().log](std::exception_ptr error) {
    if (error) log.error("listener_failed", {});
  });
}

awaitable<void> Listener::accept_loop() {
  boost::asio::steady_timer pause(connections_.io());
  for (;;) {
    auto accepted = co_await acceptor_->accept();
    if (accepted) {
      admit(std::move(*accepted));
      continue;
    }
    if (accepted.error().code == Errc::cancelled || accepted.error().code == Errc::closed) co_return;
    out_of_descriptors(accepted.error());
    pause.expires_after(std::chrono::milliseconds(100));
    co_await pause.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
  }
}

// Accepting again at once would only spin: the network that has most gives way first.
void Listener::out_of_descriptors(const Error& error) {
  connections_.shared().metrics.connection_refused("descriptors");
  connections_.shared().places.clients.shed();
  const auto now = std::chrono::steady_clock::now();
  if (now < quiet_until_) return;
  quiet_until_ = now + kOutOfDescriptorsSaidEvery;
  connections_.shared().log.warning("accept_failed", {{"what", error.what}});
}

// An answer where one can be had without a handshake; a flood is just closed.
void Listener::refuse(std::unique_ptr<net::TcpStream> stream, std::string_view why) {
  connections_.shared().metrics.connection_refused(why);
  if (tls_ || *turned_away_ >= limits::kTurnedAwayAtOnce) return;
  boost::asio::co_spawn(connections_.io(), turn_away(std::move(stream), turned_away_), boost::asio::detached);
}

void Listener::admit(std::unique_ptr<net::TcpStream> stream) {
  using Verdict = limits::ConnectionPlaces::Verdict;
  auto accepted = std::make_shared<Accepted>();
  accepted->address = stream->peer();
  // Probes and the one who looks at the metrics must get through just when all places of clients are taken.
  const bool operations = info_.serve == config::Serve::operations;
  accepted->places = operations ? &connections_.shared().places.operations : &connections_.shared().places.clients;
  const auto settings = connections_.settings();
  const bool proxy = !operations && settings->proxies.contains(accepted->address);
  if (!proxy) accepted->networks = networks_of(accepted->address);
  const auto verdict =
      accepted->places->enter(accepted->networks, operations ? operations_places() : client_places(settings->limits));
  if (verdict != Verdict::admitted) {
    refuse(std::move(stream), verdict == Verdict::total ? "total" : "per_address");
    return;
  }
  accepted->stream = std::move(stream);
  accepted->info = info_;
  accepted->tls = tls_ ? tls_->get() : nullptr;
  accepted->connections = &connections_;
  accepted->handler = &handler_;
  auto* log = &connections_.shared().log;
  boost::asio::co_spawn(connections_.io(), serve(std::move(accepted)), [log](std::exception_ptr error) {
    if (error) log->error("connection_failed", {});
  });
}

}  // namespace postern::edge

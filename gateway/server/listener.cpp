#include "server/listener.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace postern::server {
namespace {

// Everything a connection needs, by value: the coroutine outlives whoever started it.
struct Accepted {
  std::unique_ptr<net::TcpStream> stream;
  ListenerInfo info;
  std::shared_ptr<const net::TlsServer> tls;
  Worker* worker;  // outlives its io_context's coroutines
  std::string address;
};

class Place {
 public:
  Place(Worker& worker, std::string address) : worker_(worker), address_(std::move(address)) {
    worker_.services().metrics.connection_opened();
  }
  ~Place() {
    worker_.services().metrics.connection_closed();
    worker_.counter().leave(address_);
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

 private:
  Worker& worker_;
  std::string address_;
};

awaitable<void> serve(std::shared_ptr<Accepted> accepted) {
  auto& worker = *accepted->worker;
  const Place place(worker, accepted->address);
  std::unique_ptr<net::Stream> stream;
  if (accepted->tls) {
    const auto limits = worker.snapshot()->config().limits;
    const auto deadline = std::chrono::steady_clock::now() + limits.handshake_deadline;
    auto secured = co_await net::tls_accept(std::move(accepted->stream), accepted->tls, deadline);
    if (!secured) {
      worker.services().log.debug("tls_handshake_failed",
                                  {{"peer", accepted->address}, {"what", secured.error().what}});
      co_return;
    }
    stream = std::move(*secured);
  } else {
    stream = std::move(accepted->stream);
  }
  Connection connection(std::move(stream), accepted->info, worker);
  co_await connection.run();
}

}  // namespace

Listener::Listener(std::unique_ptr<net::Acceptor> acceptor, ListenerInfo info, std::shared_ptr<TlsSlot> tls,
                   Worker& worker)
    : acceptor_(std::move(acceptor)), info_(info), tls_(std::move(tls)), worker_(worker) {}

void Listener::start() {
  boost::asio::co_spawn(worker_.io(), accept_loop(), [&log = worker_.services().log](std::exception_ptr error) {
    if (error) log.error("listener_failed", {});
  });
}

awaitable<void> Listener::accept_loop() {
  boost::asio::steady_timer pause(worker_.io());
  for (;;) {
    auto accepted = co_await acceptor_->accept();
    if (accepted) {
      admit(std::move(*accepted));
      continue;
    }
    if (accepted.error().code == Errc::cancelled || accepted.error().code == Errc::closed) co_return;
    // Out of descriptors, most likely: accepting again at once would only spin.
    worker_.services().metrics.connection_refused("descriptors");
    worker_.services().log.warning("accept_failed", {{"what", accepted.error().what}});
    pause.expires_after(std::chrono::milliseconds(100));
    co_await pause.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
  }
}

void Listener::admit(std::unique_ptr<net::TcpStream> stream) {
  auto accepted = std::make_shared<Accepted>();
  accepted->address = stream->peer();
  switch (worker_.counter().enter(accepted->address)) {
    case ConnectionCounter::Verdict::admitted: break;
    case ConnectionCounter::Verdict::total: worker_.services().metrics.connection_refused("total"); return;
    case ConnectionCounter::Verdict::per_address: worker_.services().metrics.connection_refused("per_address"); return;
  }
  accepted->stream = std::move(stream);
  accepted->info = info_;
  accepted->tls = tls_ ? tls_->get() : nullptr;
  accepted->worker = &worker_;
  auto* log = &worker_.services().log;
  boost::asio::co_spawn(worker_.io(), serve(std::move(accepted)), [log](std::exception_ptr error) {
    if (error) log->error("connection_failed", {});
  });
}

}  // namespace postern::server

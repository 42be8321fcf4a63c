#include <sys/socket.h>

#include <cerrno>

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/system_error.hpp"
#include "net/tls/tls_client.hpp"
#include "net/tls/tls_records.hpp"
#include "net/tls/tls_server.hpp"

namespace postern::net {

namespace asio = boost::asio;

namespace {

constexpr unsigned kReadsInARow = 16;

// OpenSSL's own socket BIO writes with write(2), which raises SIGPIPE on a closed peer.
TcpStream& stream_of(BIO* bio) { return *static_cast<TcpStream*>(BIO_get_data(bio)); }

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

int bio_read(BIO* bio, char* into, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t got = ::recv(stream_of(bio).native_handle(), into, static_cast<std::size_t>(size), 0);
  if (got == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  if (got < 0 && would_block(errno)) BIO_set_retry_read(bio);
  return static_cast<int>(got);
}

int bio_write(BIO* bio, const char* data, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t sent = ::send(stream_of(bio).native_handle(), data, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  if (sent < 0 && would_block(errno)) BIO_set_retry_write(bio);
  return static_cast<int>(sent);
}

long bio_ctrl(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
  return command == BIO_CTRL_FLUSH || command == BIO_CTRL_DUP;
}

int bio_create(BIO* bio) {
  BIO_set_init(bio, 1);
  return 1;
}

OpenSslPtr<BIO_METHOD> make_method() {
  OpenSslPtr<BIO_METHOD> method(BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "postern connection"));
  BIO_meth_set_create(method.get(), bio_create);
  BIO_meth_set_read(method.get(), bio_read);
  BIO_meth_set_write(method.get(), bio_write);
  BIO_meth_set_ctrl(method.get(), bio_ctrl);
  return method;
}

BIO* make_bio(TcpStream& stream) {
  static const OpenSslPtr<BIO_METHOD> method = make_method();
  BIO* bio = BIO_new(method.get());
  if (bio != nullptr) BIO_set_data(bio, &stream);
  return bio;
}

struct State {
  std::unique_ptr<TcpStream> tcp;
  std::shared_ptr<const void> settings;  // a server's names are asked during the handshake
  OpenSslPtr<SSL> ssl;
  bool closed = false;
  bool broken = false;          // after a fatal error, or a record sent in part, OpenSSL must not be asked to send
  bool read_cancelled = false;  // by cancel_read(), until the read it was meant for has ended
  unsigned reads_in_a_row = 0;
};

enum class Want { read, write, end };

// What OpenSSL needs before the same call can go on, or why it cannot.
Result<Want> want_of(State& state, int result) {
  const int system_error = errno;
  if (state.closed) return fail(Errc::cancelled, "the connection was closed");
  switch (SSL_get_error(state.ssl.get(), result)) {
    case SSL_ERROR_WANT_READ: return Want::read;
    case SSL_ERROR_WANT_WRITE: return Want::write;
    case SSL_ERROR_ZERO_RETURN: return Want::end;
    case SSL_ERROR_SYSCALL: state.broken = true; return fail(Errc::closed, system_message(system_error));
    default: break;
  }
  state.broken = true;
  const bool cut_off = ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
  return fail(cut_off ? Errc::closed : Errc::protocol, "TLS: " + openssl_reason());
}

awaitable<Result<void>> wait_for(std::shared_ptr<State> state, Want want) {
  if (want == Want::read) return state->tcp->wait_readable();
  return state->tcp->wait_writable();
}

awaitable<Result<std::size_t>> read(std::shared_ptr<State> state, std::span<char> into) {
  state->read_cancelled = false;
  if (++state->reads_in_a_row >= kReadsInARow) {
    state->reads_in_a_row = 0;
    const auto executor = state->tcp->executor();
    co_await asio::post(executor, asio::use_awaitable);
  }
  for (;;) {
    if (state->closed) co_return fail(Errc::cancelled, "the connection was closed");
    ERR_clear_error();
    std::size_t got = 0;
    const int result = SSL_read_ex(state->ssl.get(), into.data(), into.size(), &got);
    if (result == 1) co_return got;
    const auto want = want_of(*state, result);
    if (!want) co_return want.error();
    if (*want == Want::end) co_return std::size_t{0};
    // The cancellation may have come after the wait was over.
    if (state->read_cancelled) co_return fail(Errc::cancelled, "the read was cancelled");
    state->reads_in_a_row = 0;
    const auto ready = co_await wait_for(state, *want);
    if (!ready) co_return ready.error();
  }
}

awaitable<Result<void>> write(std::shared_ptr<State> state, std::span<const std::string_view> pieces) {
  if (state->closed) co_return fail(Errc::cancelled, "the connection was closed");
  if (state->broken) co_return fail(Errc::closed, "an earlier write did not finish");
  TlsRecords records(pieces);
  for (std::string_view record = records.next(); !record.empty(); record = records.next()) {
    while (!record.empty()) {
      ERR_clear_error();
      std::size_t sent = 0;
      const int result = SSL_write_ex(state->ssl.get(), record.data(), record.size(), &sent);
      if (result == 1) {
        record.remove_prefix(sent);
        continue;
      }
      const auto want = want_of(*state, result);
      if (!want) co_return want.error();
      if (*want == Want::end) co_return fail(Errc::closed, "the other side ended TLS");
      state->broken = true;
      const auto ready = co_await wait_for(state, *want);
      if (!ready) co_return ready.error();
      state->broken = false;
    }
  }
  co_return Result<void>{};
}

awaitable<void> shutdown(std::shared_ptr<State> state) {
  while (!state->closed && !state->broken) {
    ERR_clear_error();
    const int result = SSL_shutdown(state->ssl.get());
    if (result >= 0) break;  // our close_notify is out; the other side's is not waited for (RFC 8446 section 6.1)
    const auto want = want_of(*state, result);
    if (!want || *want != Want::write) break;
    const auto ready = co_await wait_for(state, *want);
    if (!ready) break;
  }
  co_await state->tcp->shutdown();
  state->closed = true;
}

class TlsStream final : public Stream {
 public:
  explicit TlsStream(std::shared_ptr<State> state) : state_(std::move(state)) {}
  ~TlsStream() override { close(); }
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  awaitable<Result<std::size_t>> read_some(std::span<char> into) override { return net::read(state_, into); }
  awaitable<Result<void>> wait_readable() override;
  awaitable<Result<void>> write(std::span<const std::string_view> pieces) override {
    return net::write(state_, pieces);
  }
  awaitable<void> shutdown() override { return net::shutdown(state_); }
  void close() noexcept override {
    state_->closed = true;
    state_->tcp->close();
  }
  void read_deadline(SteadyTime at) noexcept override { state_->tcp->read_deadline(at); }
  void write_deadline(SteadyTime at) noexcept override { state_->tcp->write_deadline(at); }
  void cancel_read() noexcept override {
    state_->read_cancelled = true;
    state_->tcp->cancel_read();
  }
  bool is_quiet() noexcept override;
  asio::any_io_executor executor() const override { return state_->tcp->executor(); }
  std::string peer() const override { return state_->tcp->peer(); }

 private:
  std::shared_ptr<State> state_;
};

awaitable<Result<void>> nothing_to_wait_for() { co_return Result<void>{}; }

awaitable<Result<void>> TlsStream::wait_readable() {
  if (!state_->closed && SSL_has_pending(state_->ssl.get()) == 1) return nothing_to_wait_for();
  return wait_for(state_, Want::read);
}

bool TlsStream::is_quiet() noexcept {
  if (state_->closed || state_->broken) return false;
  ERR_clear_error();
  char byte = 0;
  // Reads session tickets and the like on the way, which do not count.
  const int result = SSL_peek(state_->ssl.get(), &byte, 1);
  return result <= 0 && SSL_get_error(state_->ssl.get(), result) == SSL_ERROR_WANT_READ;
}

// False when there is no memory.
bool attach(State& state, SSL_CTX* context) {
  state.ssl.reset(SSL_new(context));
  BIO* bio = make_bio(*state.tcp);
  if (!state.ssl || bio == nullptr) {
    BIO_free(bio);
    return false;
  }
  SSL_set_bio(state.ssl.get(), bio, bio);
  return true;
}

// The side whose certificate was refused says why; whoever refuses ours sends an alert.
Error refused_or(const State& state, Error error) {
  const long verified = SSL_get_verify_result(state.ssl.get());
  if (verified == X509_V_OK) return error;
  return fail(Errc::denied,
              std::string("the server's certificate is not accepted: ") + X509_verify_cert_error_string(verified));
}

using Step = int (*)(SSL* ssl);

awaitable<Result<std::unique_ptr<Stream>>> handshake(std::shared_ptr<State> state, Step step, SteadyTime deadline) {
  state->tcp->read_deadline(deadline);
  state->tcp->write_deadline(deadline);
  for (;;) {
    ERR_clear_error();
    const int result = step(state->ssl.get());
    if (result == 1) co_return std::make_unique<TlsStream>(state);
    const auto want = want_of(*state, result);
    if (!want) co_return refused_or(*state, want.error());
    if (*want == Want::end) co_return fail(Errc::closed, "the other side ended TLS in the handshake");
    const auto ready = co_await wait_for(state, *want);
    if (!ready) co_return ready.error();
  }
}

awaitable<Result<std::unique_ptr<Stream>>> no_memory() { co_return fail(Errc::busy, "no memory for TLS"); }

}  // namespace

awaitable<Result<std::unique_ptr<Stream>>> tls_accept(std::unique_ptr<TcpStream> tcp,
                                                      std::shared_ptr<const TlsServer> tls, SteadyTime deadline) {
  const auto state = std::make_shared<State>();
  state->tcp = std::move(tcp);
  SSL_CTX* const context = tls->impl().first();
  state->settings = std::move(tls);
  if (!attach(*state, context)) return no_memory();
  return handshake(state, SSL_accept, deadline);
}

awaitable<Result<std::unique_ptr<Stream>>> tls_connect(std::unique_ptr<TcpStream> tcp,
                                                       std::shared_ptr<const TlsClient> tls, std::string host,
                                                       SteadyTime deadline) {
  const auto state = std::make_shared<State>();
  state->tcp = std::move(tcp);
  SSL_CTX* const context = tls->impl().context.get();
  state->settings = std::move(tls);
  if (!attach(*state, context) || !expect_host(state->ssl.get(), host)) return no_memory();
  return handshake(state, SSL_connect, deadline);
}

}  // namespace postern::net

#include "net/tls/tls.hpp"

#include <sys/socket.h>

#include <fstream>
#include <functional>
#include <future>
#include <thread>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "unit/net/certificates.hpp"
#include "unit/net/support.hpp"

namespace postern::net {
namespace {

using namespace net_testing;

struct Offer {
  std::string server_name = {};
  std::vector<std::string> protocols = {};
  int lowest = TLS1_2_VERSION;
  int highest = TLS1_3_VERSION;
  SSL_SESSION* session = nullptr;
};

// What a client saw; it runs OpenSSL's own blocking calls on a thread of its own.
struct Seen {
  bool connected = false;
  std::string certificate;  // common name
  std::string protocol;
  int version = 0;
  unsigned long error = 0;
};

using Talk = std::function<void(SSL*)>;

Seen connect_client(int descriptor, const Offer& offer, const Talk& talk) {
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  SSL_CTX_set_security_level(context.get(), 0);
  SSL_CTX_set_min_proto_version(context.get(), offer.lowest);
  SSL_CTX_set_max_proto_version(context.get(), offer.highest);
  const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context.get()), SSL_free);
  if (!offer.server_name.empty()) SSL_set_tlsext_host_name(ssl.get(), offer.server_name.c_str());
  std::string protocols;
  for (const std::string& name : offer.protocols) protocols += static_cast<char>(name.size()) + name;
  if (!protocols.empty()) {
    SSL_set_alpn_protos(ssl.get(), reinterpret_cast<const unsigned char*>(protocols.data()),
                        static_cast<unsigned int>(protocols.size()));
  }
  if (offer.session) SSL_set_session(ssl.get(), offer.session);
  SSL_set_fd(ssl.get(), descriptor);

  Seen seen;
  ERR_clear_error();
  seen.connected = SSL_connect(ssl.get()) == 1;
  if (!seen.connected) {
    seen.error = ERR_peek_error();
    return seen;
  }
  seen.version = SSL_version(ssl.get());
  const unsigned char* selected = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(ssl.get(), &selected, &size);
  seen.protocol.assign(reinterpret_cast<const char*>(selected), size);
  char name[256] = "";
  X509_NAME_get_text_by_NID(X509_get_subject_name(SSL_get0_peer_certificate(ssl.get())), NID_commonName, name,
                            sizeof name);
  seen.certificate = name;
  if (talk) talk(ssl.get());
  return seen;
}

std::string ssl_read(SSL* ssl) {
  std::string part(65536, '\0');
  const int got = SSL_read(ssl, part.data(), static_cast<int>(part.size()));
  part.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return part;
}

void ssl_write(SSL* ssl, const std::string& text) {
  EXPECT_EQ(SSL_write(ssl, text.data(), static_cast<int>(text.size())), static_cast<int>(text.size()));
}

class TlsTest : public testing::Test {
 protected:
  using Serve = std::function<awaitable<void>(Stream&)>;

  // One connection: the client on a thread, our side on the context. Returns what the client saw; `result` is what
  // tls_accept said.
  Seen meet(const Offer& offer, const Talk& talk = {}, const Serve& serve = {}) {
    Pair pair(io);
    Seen seen;
    std::thread client([&] {
      seen = connect_client(pair.peer.native_handle(), offer, talk);
      ::shutdown(pair.peer.native_handle(), SHUT_RDWR);
    });
    const auto test = [&]() -> awaitable<void> {
      auto tcp = std::move(pair.ours);
      auto accepted = co_await tls_accept(std::move(tcp), server, patience());
      result = accepted ? std::optional<Error>() : accepted.error();
      if (accepted && serve) {
        (*accepted)->read_deadline(patience());
        (*accepted)->write_deadline(patience());
        co_await serve(**accepted);
      }
    };
    run(io, test());
    client.join();
    return seen;
  }

  TemporaryDirectory directory;
  asio::io_context io{1};
  std::shared_ptr<const TlsServer> server =
      must(TlsServer::load({make_certificate(directory, "first", {"first.test", "both.test"}),
                            make_certificate(directory, "wild", {"*.example.test", "example.test"}),
                            make_certificate(directory, "exact", {"exact.example.test", "both.test"})}));
  std::optional<Error> result;
};

TEST_F(TlsTest, SpeaksTls12AndTls13) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    std::string answer;
    const Talk talk = [&](SSL* ssl) {
      ssl_write(ssl, "hello");
      answer = ssl_read(ssl);
    };
    const Serve serve = [](Stream& stream) -> awaitable<void> {
      auto got = co_await read_once(stream);
      auto written = co_await write_text(stream, "got " + must(std::move(got)));
      must(std::move(written));
      co_await stream.shutdown();
    };
    const Seen seen = meet({.lowest = version, .highest = version}, talk, serve);
    EXPECT_TRUE(seen.connected);
    EXPECT_EQ(seen.version, version);
    EXPECT_EQ(answer, "got hello");
  }
}

TEST_F(TlsTest, RefusesTls11AndOlder) {
  for (const int version : {TLS1_VERSION, TLS1_1_VERSION}) {
    const Seen seen = meet({.lowest = version, .highest = version});
    EXPECT_FALSE(seen.connected);
    EXPECT_EQ(ERR_GET_REASON(seen.error), SSL_R_TLSV1_ALERT_PROTOCOL_VERSION);
    ASSERT_TRUE(result);
    EXPECT_EQ(result->code, Errc::protocol);
  }
}

// RFC 6125 section 6.4.3
TEST_F(TlsTest, ChoosesTheCertificateByServerName) {
  const std::pair<const char*, const char*> expected[] = {
      {"first.test", "first"},          {"exact.example.test", "exact"}, {"EXACT.Example.TEST", "exact"},
      {"other.example.test", "wild"},   {"example.test", "wild"},        {"a.b.example.test", "first"},
      {"both.test", "first"},           {"unknown.test", "first"},       {"", "first"},
      {"exact.example.test.", "exact"},
  };
  for (const auto& [name, certificate] : expected) {
    const Seen seen = meet({.server_name = name});
    EXPECT_TRUE(seen.connected) << name;
    EXPECT_EQ(seen.certificate, certificate) << name;
  }
}

// RFC 7301 section 3.2
TEST_F(TlsTest, SelectsHttp11AndNothingElse) {
  EXPECT_EQ(meet({.protocols = {"h2", "http/1.1"}}).protocol, "http/1.1");
  EXPECT_EQ(meet({.server_name = "exact.example.test", .protocols = {"http/1.1"}}).protocol, "http/1.1");
  const Seen without = meet({});
  EXPECT_TRUE(without.connected);
  EXPECT_EQ(without.protocol, "");
}

TEST_F(TlsTest, RefusesAClientThatSpeaksOnlyHttp2) {
  for (const std::string name : {"", "exact.example.test"}) {
    const Seen seen = meet({.server_name = name, .protocols = {"h2"}});
    EXPECT_FALSE(seen.connected);
    EXPECT_EQ(ERR_GET_REASON(seen.error), SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL);
    ASSERT_TRUE(result);
    EXPECT_EQ(result->code, Errc::protocol);
  }
}

TEST_F(TlsTest, RefusesRenegotiation) {
  bool renegotiated = true;
  const Talk talk = [&](SSL* ssl) {
    SSL_renegotiate(ssl);
    renegotiated = SSL_do_handshake(ssl) == 1;
  };
  const Serve serve = [](Stream& stream) -> awaitable<void> { co_await read_once(stream); };
  const Seen seen = meet({.highest = TLS1_2_VERSION}, talk, serve);
  EXPECT_TRUE(seen.connected);
  EXPECT_FALSE(renegotiated);
}

// RFC 5077, RFC 8446 section 4.6.1
TEST_F(TlsTest, ResumesASessionByItsTicket) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    SSL_SESSION* session = nullptr;
    const Serve serve = [](Stream& stream) -> awaitable<void> {
      auto written = co_await write_text(stream, "x");
      must(std::move(written));
      co_await stream.shutdown();
    };
    const Talk first = [&](SSL* ssl) {
      EXPECT_EQ(ssl_read(ssl), "x");
      session = SSL_get1_session(ssl);
      // OpenSSL's client makes the session of a connection that it did not end in order one that cannot be resumed.
      SSL_shutdown(ssl);
    };
    meet({.lowest = version, .highest = version}, first, serve);
    ASSERT_NE(session, nullptr);
    bool reused = false;
    const Talk second = [&](SSL* ssl) { reused = SSL_session_reused(ssl) == 1; };
    meet({.lowest = version, .highest = version, .session = session}, second);
    SSL_SESSION_free(session);
    EXPECT_TRUE(reused) << version;
  }
}

TEST_F(TlsTest, SmallPiecesLeaveInOneRecordAndLargeOnesInFull) {
  std::string first;
  std::string rest;
  const std::string body(100000, 'b');
  const Talk talk = [&](SSL* ssl) {
    first = ssl_read(ssl);
    while (rest.size() < 4 + body.size()) rest += ssl_read(ssl);
  };
  const Serve serve = [&](Stream& stream) -> awaitable<void> {
    const std::string_view small[] = {"head: x\r\n", "", "\r\n", "body"};
    const std::span<const std::string_view> small_pieces(small);
    auto written = co_await stream.write(small_pieces);
    must(std::move(written));
    const std::string_view large[] = {"1\r\n", body, "\n"};
    const std::span<const std::string_view> large_pieces(large);
    auto all = co_await stream.write(large_pieces);
    must(std::move(all));
    co_await stream.shutdown();
  };
  meet({}, talk, serve);
  EXPECT_EQ(first, "head: x\r\n\r\nbody");
  EXPECT_EQ(rest, "1\r\n" + body + "\n");
}

TEST_F(TlsTest, ReadsAndWritesAtTheSameTime) {
  const std::string there(4 * 1024 * 1024, 't');
  const std::string back(4 * 1024 * 1024, 'b');
  std::string received;
  const Talk talk = [&](SSL* ssl) {
    std::size_t sent = 0;
    while (received.size() < there.size()) {
      received += ssl_read(ssl);
      if (sent == back.size()) continue;
      ssl_write(ssl, back.substr(sent, 65536));
      sent += 65536;
    }
    SSL_shutdown(ssl);
  };
  bool written = false;
  const auto writing = [&](Stream& stream) -> awaitable<void> {
    auto result_of_write = co_await write_text(stream, there);
    must(std::move(result_of_write));
    written = true;
  };
  const Serve serve = [&](Stream& stream) -> awaitable<void> {
    beside(io, writing(stream));
    const auto all = co_await read_all(stream);
    EXPECT_EQ(all, back);
  };
  meet({}, talk, serve);
  EXPECT_TRUE(written);
  EXPECT_EQ(received, there);
}

TEST_F(TlsTest, AnEndWithoutCloseNotifyIsClosedNotAnEnd) {
  const Serve cut_off = [](Stream& stream) -> awaitable<void> {
    const auto got = co_await read_once(stream);
    EXPECT_EQ(error_of(got), Errc::closed);
  };
  meet({}, [](SSL*) {}, cut_off);
  const Serve orderly = [](Stream& stream) -> awaitable<void> {
    auto got = co_await read_once(stream);
    EXPECT_EQ(must(std::move(got)), "");
  };
  meet({}, [](SSL* ssl) { SSL_shutdown(ssl); }, orderly);
}

TEST_F(TlsTest, ShutdownSendsCloseNotify) {
  int ended_by = SSL_ERROR_NONE;
  const Talk talk = [&](SSL* ssl) {
    char byte = 0;
    const int got = SSL_read(ssl, &byte, 1);
    ended_by = SSL_get_error(ssl, got);
  };
  const Serve serve = [](Stream& stream) -> awaitable<void> { co_await stream.shutdown(); };
  meet({}, talk, serve);
  EXPECT_EQ(ended_by, SSL_ERROR_ZERO_RETURN);
}

TEST_F(TlsTest, DataHeldInsideTlsIsReadableAndNotQuiet) {
  const Serve serve = [](Stream& stream) -> awaitable<void> {
    char byte = 0;
    const std::span<char> into(&byte, 1);
    auto got = co_await stream.read_some(into);
    EXPECT_EQ(must(std::move(got)), 1u);
    auto ready = co_await stream.wait_readable();
    must(std::move(ready));
    EXPECT_FALSE(stream.is_quiet());
    auto rest = co_await read_once(stream);
    EXPECT_EQ(must(std::move(rest)), "bc");
  };
  meet(
      {},
      [](SSL* ssl) {
        ssl_write(ssl, "abc");
        ssl_read(ssl);
      },
      serve);
}

TEST_F(TlsTest, QuietWhileNothingCame) {
  const Serve serve = [](Stream& stream) -> awaitable<void> {
    EXPECT_TRUE(stream.is_quiet());
    auto written = co_await write_text(stream, "go");
    must(std::move(written));
    // wait_readable() may be wrong.
    do {
      auto ready = co_await stream.wait_readable();
      must(std::move(ready));
    } while (stream.is_quiet());
    auto end = co_await read_once(stream);
    EXPECT_EQ(must(std::move(end)), "");
  };
  meet(
      {},
      [](SSL* ssl) {
        ssl_read(ssl);
        SSL_shutdown(ssl);
      },
      serve);
}

TEST_F(TlsTest, AWriteThatTimedOutLeavesNothingToWriteOn) {
  std::promise<void> written;
  const Talk talk = [&](SSL*) { written.get_future().wait(); };
  const Serve serve = [&](Stream& stream) -> awaitable<void> {
    stream.write_deadline(after(30ms));
    const auto stuck = co_await write_text(stream, std::string(64 * 1024 * 1024, 'x'));
    written.set_value();
    EXPECT_EQ(error_of(stuck), Errc::timed_out);
    stream.write_deadline(patience());
    const auto later = co_await write_text(stream, "y");
    EXPECT_EQ(error_of(later), Errc::closed);
  };
  meet({}, talk, serve);
}

TEST_F(TlsTest, DestroyingTheStreamEndsTheReadUnderWay) {
  Pair pair(io);
  std::thread client([&] { connect_client(pair.peer.native_handle(), {}, [](SSL* ssl) { ssl_read(ssl); }); });
  const auto test = [&]() -> awaitable<void> {
    auto tcp = std::move(pair.ours);
    auto accepted = co_await tls_accept(std::move(tcp), server, patience());
    auto stream = must(std::move(accepted));
    Stream& reading = *stream;
    asio::post(io, [&] { stream.reset(); });
    const auto got = co_await read_once(reading);
    EXPECT_EQ(error_of(got), Errc::cancelled);
  };
  run(io, test());
  client.join();
}

class TlsCancelReadTest : public TlsTest {
 protected:
  awaitable<void> cancelling(Stream& stream) {
    stream.cancel_read();
    co_return;
  }

  std::promise<void> cancelled;
  // For the client's thread; not for ever, so that a failure does not hang.
  void wait_until_cancelled() { cancelled.get_future().wait_for(10s); }
};

TEST_F(TlsCancelReadTest, EndsTheReadUnderWayAndTheNextGetsWhatComesLater) {
  const Talk talk = [&](SSL* ssl) {
    wait_until_cancelled();
    ssl_write(ssl, "later");
    ssl_read(ssl);
  };
  const Serve serve = [&](Stream& stream) -> awaitable<void> {
    beside(io, cancelling(stream));
    const auto waited = co_await stream.wait_readable();
    EXPECT_EQ(error_of(waited), Errc::cancelled);
    beside(io, cancelling(stream));
    const auto got = co_await read_once(stream);
    EXPECT_EQ(error_of(got), Errc::cancelled);
    cancelled.set_value();
    auto next = co_await read_once(stream);
    EXPECT_EQ(must(std::move(next)), "later");
  };
  meet({}, talk, serve);
}

TEST_F(TlsCancelReadTest, WithoutAReadUnderWayTheNextIsNotEnded) {
  const Talk talk = [&](SSL* ssl) {
    wait_until_cancelled();
    ssl_write(ssl, "later");
    ssl_read(ssl);
  };
  const auto release = [this]() -> awaitable<void> {
    cancelled.set_value();
    co_return;
  };
  const Serve serve = [&](Stream& stream) -> awaitable<void> {
    stream.cancel_read();
    beside(io, release());
    auto got = co_await read_once(stream);
    EXPECT_EQ(must(std::move(got)), "later");
  };
  meet({}, talk, serve);
}

TEST_F(TlsCancelReadTest, KeepsTheRecordThatHasComeInPart) {
  const Talk talk = [&](SSL* ssl) {
    BIO* memory = BIO_new(BIO_s_mem());
    SSL_set0_wbio(ssl, memory);
    ssl_write(ssl, "one record");
    char* bytes = nullptr;
    const auto size = static_cast<std::size_t>(BIO_get_mem_data(memory, &bytes));
    const int descriptor = SSL_get_rfd(ssl);
    ::send(descriptor, bytes, size / 2, MSG_NOSIGNAL);
    wait_until_cancelled();
    ::send(descriptor, bytes + size / 2, size - size / 2, MSG_NOSIGNAL);
    ssl_read(ssl);
  };
  const Serve serve = [&](Stream& stream) -> awaitable<void> {
    auto part = co_await stream.wait_readable();
    must(std::move(part));
    beside(io, cancelling(stream));
    const auto got = co_await read_once(stream);
    EXPECT_EQ(error_of(got), Errc::cancelled);
    cancelled.set_value();
    auto next = co_await read_once(stream);
    EXPECT_EQ(must(std::move(next)), "one record");
  };
  meet({}, talk, serve);
}

TEST_F(TlsCancelReadTest, LeavesAWriteUnderWayAlone) {
  const std::string text(16 * 1024 * 1024, 'x');
  std::string received;
  const Talk talk = [&](SSL* ssl) {
    wait_until_cancelled();
    while (received.size() < text.size()) {
      const std::string part = ssl_read(ssl);
      if (part.empty()) break;
      received += part;
    }
  };
  bool written = false;
  const auto reading = [&](Stream& stream) -> awaitable<void> {
    beside(io, cancelling(stream));
    const auto got = co_await read_once(stream);
    EXPECT_EQ(error_of(got), Errc::cancelled);
    EXPECT_FALSE(written);
    cancelled.set_value();
  };
  const Serve serve = [&](Stream& stream) -> awaitable<void> {
    beside(io, reading(stream));
    auto all = co_await write_text(stream, text);
    written = true;
    must(std::move(all));
  };
  meet({}, talk, serve);
  EXPECT_TRUE(received == text);
}

TEST_F(TlsTest, PlaintextIsNoTls) {
  Pair pair(io);
  const auto test = [&]() -> awaitable<void> {
    co_await send(pair.peer, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    auto tcp = std::move(pair.ours);
    const auto accepted = co_await tls_accept(std::move(tcp), server, patience());
    EXPECT_EQ(error_of(accepted), Errc::protocol);
  };
  run(io, test());
}

TEST_F(TlsTest, AHandshakeThatStopsHalfwayEndsAtTheDeadline) {
  Pair pair(io);
  const auto test = [&]() -> awaitable<void> {
    co_await send(pair.peer, std::string("\x16\x03\x01\x01\x00\x01", 6));
    auto tcp = std::move(pair.ours);
    const auto accepted = co_await tls_accept(std::move(tcp), server, after(20ms));
    EXPECT_EQ(error_of(accepted), Errc::timed_out);
  };
  run(io, test());
}

TEST_F(TlsTest, APeerThatLeavesInTheHandshakeIsClosed) {
  Pair pair(io);
  const auto test = [&]() -> awaitable<void> {
    pair.peer.close();
    auto tcp = std::move(pair.ours);
    const auto accepted = co_await tls_accept(std::move(tcp), server, patience());
    EXPECT_EQ(error_of(accepted), Errc::closed);
  };
  run(io, test());
}

TEST(TlsServer, ErrorsNameTheFileAndWhatIsWrong) {
  const TemporaryDirectory directory;
  const auto good = make_certificate(directory, "good", {"a.test"});
  const auto other = make_certificate(directory, "other", {"b.test"});
  const auto locked = make_certificate(directory, "locked", {"c.test"}, "secret");
  const std::string garbage = directory / "garbage.pem";
  std::ofstream(garbage) << "this is no certificate";
  const auto what = [](const CertificateFiles& files) {
    const auto loaded = TlsServer::load({files});
    return loaded ? std::string("loaded") : loaded.error().what;
  };
  EXPECT_EQ(what(good), "loaded");
  EXPECT_EQ(what({directory / "none.pem", good.key}),
            "cannot use the certificate " + (directory / "none.pem") + ": No such file or directory");
  EXPECT_EQ(what({garbage, good.key}), "cannot use the certificate " + garbage + ": no start line");
  EXPECT_EQ(what({good.certificate, directory / "none.key"}), "cannot use the key " + (directory / "none.key") +
                                                                  " with the certificate " + good.certificate +
                                                                  ": No such file or directory");
  EXPECT_EQ(what({good.certificate, other.key}),
            "cannot use the key " + other.key + " with the certificate " + good.certificate + ": key values mismatch");
  EXPECT_NE(what({locked.certificate, locked.key}).find(locked.key), std::string::npos);
  EXPECT_FALSE(TlsServer::load({}));
}

TEST(CertificateWatch, TellsOnceWhenAFileChangedAndIsQuietWhileOneIsAway) {
  const TemporaryDirectory directory;
  const auto files = make_certificate(directory, "site", {"a.test"});
  CertificateWatch watch({files});
  EXPECT_FALSE(watch.changed());
  const auto renewed = make_certificate(directory, "renewed", {"a.test"});
  std::filesystem::rename(renewed.certificate, files.certificate);
  EXPECT_TRUE(watch.changed());
  EXPECT_FALSE(watch.changed());
  std::filesystem::remove(files.key);
  EXPECT_FALSE(watch.changed());
  std::filesystem::rename(renewed.key, files.key);
  EXPECT_TRUE(watch.changed());
  EXPECT_FALSE(watch.changed());
}

}  // namespace
}  // namespace postern::net

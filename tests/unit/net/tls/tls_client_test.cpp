#include <gtest/gtest.h>

#include <fstream>

#include "net/tls/tls.hpp"
#include "unit/net/certificates.hpp"
#include "unit/net/support.hpp"

namespace postern::net {
namespace {

using namespace net_testing;

awaitable<void> greet(std::unique_ptr<TcpStream> tcp, std::shared_ptr<const TlsServer> tls) {
  const SteadyTime deadline = patience();
  auto accepted = co_await tls_accept(std::move(tcp), std::move(tls), deadline);
  if (!accepted) co_return;
  const auto stream = std::move(*accepted);
  co_await write_text(*stream, "hello");
  co_await stream->shutdown();
}

// A server whose certificate signs itself, and clients that trust it or not.
class TlsClientTest : public testing::Test {
 protected:
  // What the server says to a client that expects `host`, or why there is no connection.
  Result<std::string> connect(const TlsClientFiles& files, const std::string& host) {
    Pair pair(io_);
    beside(io_, greet(std::make_unique<TcpStream>(std::move(pair.peer)), server_));
    Result<std::string> said = fail(Errc::internal, "not run");
    const auto test = [&]() -> awaitable<void> {
      auto tcp = std::move(pair.ours);
      auto tls = must(TlsClient::load(files));
      std::string expected = host;
      const SteadyTime deadline = patience();
      auto connected = co_await tls_connect(std::move(tcp), std::move(tls), std::move(expected), deadline);
      if (!connected) {
        said = connected.error();
        co_return;
      }
      const auto stream = std::move(*connected);
      said = co_await read_all(*stream);
    };
    run(io_, test());
    return said;
  }

  TemporaryDirectory directory_;
  CertificateFiles files_ = make_certificate(directory_, "server", {"server.test", "*.wild.test"});
  std::shared_ptr<const TlsServer> server_ = must(TlsServer::load({files_}));
  TlsClientFiles trusting_{files_.certificate, {}};
  asio::io_context io_{1};
};

TEST_F(TlsClientTest, ConnectsToTheHostThatTheCertificateNames) {
  for (const char* host : {"server.test", "server.test.", "SERVER.test", "a.wild.test"}) {
    const auto said = connect(trusting_, host);
    ASSERT_TRUE(said) << host << ": " << said.error().what;
    EXPECT_EQ(*said, "hello");
  }
}

TEST_F(TlsClientTest, AnotherHostIsDenied) {
  for (const char* host :
       {"other.test", "server.test.evil.test", "a.b.wild.test", "wild.test", "server", "127.0.0.1", "[::1]"}) {
    const auto said = connect(trusting_, host);
    ASSERT_FALSE(said) << host;
    EXPECT_EQ(said.error().code, Errc::denied) << host;
    EXPECT_NE(said.error().what.find("mismatch"), std::string::npos) << said.error().what;
  }
}

TEST_F(TlsClientTest, ACommonNameIsNoName) {
  const auto nameless = make_certificate(directory_, "alone.test", {});
  server_ = must(TlsServer::load({nameless}));
  const auto said = connect({nameless.certificate, {}}, "alone.test");
  ASSERT_FALSE(said);
  EXPECT_EQ(said.error().code, Errc::denied);
  EXPECT_NE(said.error().what.find("hostname mismatch"), std::string::npos) << said.error().what;
}

TEST_F(TlsClientTest, ACertificateThatNobodyTrustedSignedIsDenied) {
  const auto other = make_certificate(directory_, "other", {"server.test"});
  for (const TlsClientFiles& files : {TlsClientFiles{}, TlsClientFiles{other.certificate, {}}}) {
    const auto said = connect(files, "server.test");
    ASSERT_FALSE(said);
    EXPECT_EQ(said.error().code, Errc::denied) << said.error().what;
  }
}

TEST_F(TlsClientTest, ASilentServerIsTimedOut) {
  Pair pair(io_);
  const auto test = [&]() -> awaitable<void> {
    auto tcp = std::move(pair.ours);
    auto tls = must(TlsClient::load(trusting_));
    const SteadyTime deadline = after(20ms);
    const auto connected = co_await tls_connect(std::move(tcp), std::move(tls), "server.test", deadline);
    EXPECT_EQ(error_of(connected), Errc::timed_out);
  };
  run(io_, test());
}

TEST_F(TlsClientTest, WhatIsNoTlsIsProtocol) {
  Pair pair(io_);
  beside(io_, send(pair.peer, "HTTP/1.1 400 Bad Request\r\n\r\n"));
  const auto test = [&]() -> awaitable<void> {
    auto tcp = std::move(pair.ours);
    auto tls = must(TlsClient::load(trusting_));
    const SteadyTime deadline = patience();
    const auto connected = co_await tls_connect(std::move(tcp), std::move(tls), "server.test", deadline);
    EXPECT_EQ(error_of(connected), Errc::protocol);
  };
  run(io_, test());
}

TEST_F(TlsClientTest, FilesThatCannotBeUsedAreNamed) {
  const std::string broken = directory_ / "broken.pem";
  std::ofstream(broken) << "no certificate";
  const auto other = make_certificate(directory_, "other", {"x.test"});
  const auto why = [](const TlsClientFiles& files) {
    const auto loaded = TlsClient::load(files);
    return loaded ? std::string() : loaded.error().what;
  };
  EXPECT_NE(why({broken, {}}).find("broken.pem"), std::string::npos);
  EXPECT_NE(why({directory_ / "none.pem", {}}).find("none.pem"), std::string::npos);
  EXPECT_NE(why({"", {broken, files_.key}}).find("broken.pem"), std::string::npos);
  EXPECT_NE(why({"", {files_.certificate, other.key}}).find("other.key"), std::string::npos);
  EXPECT_NE(why({"", {files_.certificate, ""}}), "");
  EXPECT_EQ(why({files_.certificate, files_}), "");
}

}  // namespace
}  // namespace postern::net

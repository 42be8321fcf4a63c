#include "app/process/generation.hpp"

#include <gmock/gmock.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "unit/app/process/running.hpp"

namespace postern::app {
namespace {

using testing::HasSubstr;

class GenerationTest : public Running {
 protected:
  // Why a document could not be fetched.
  static std::string refusal(upstream::Documents& documents, std::string url) {
    boost::asio::io_context io;
    std::string said = "nothing";
    const auto ask = [&]() -> net::awaitable<void> {
      const auto text = co_await documents.get(std::move(url));
      said = text ? "ok" : text.error().what;
    };
    boost::asio::co_spawn(io, ask(), boost::asio::detached);
    io.run();
    return said;
  }

  std::unique_ptr<Process> process_ = open(load());
};

TEST_F(GenerationTest, ServesWhatItsConfigurationSays) {
  const auto generation = serve(*process_, load("limits: {body: 4MiB}\n"));
  ASSERT_TRUE(generation);
  EXPECT_EQ(generation->limits().body, 4U * 1024 * 1024);
  EXPECT_EQ(generation->edge().limits.body, 4U * 1024 * 1024);
  ASSERT_EQ(generation->catalog().resources().size(), 1U);
  EXPECT_EQ(generation->catalog().resources().front()->serve, "http://localhost:8080/mcp");
}

TEST_F(GenerationTest, TheFormerOneStaysAsItWasForWhoeverHoldsIt) {
  const auto former = serve(*process_, load("limits: {body: 4MiB}\n"));
  const auto current = serve(*process_, load("limits: {body: 2MiB}\n"));
  EXPECT_EQ(former->limits().body, 4U * 1024 * 1024);
  EXPECT_EQ(current->limits().body, 2U * 1024 * 1024);
}

TEST_F(GenerationTest, CountersOfTheProcessGoOnWithTheNewLimit) {
  const auto now = std::chrono::steady_clock::now();
  const auto take = [&](const runtime::Generation& generation) {
    return process_->services.counters.rates.sign_in.take("192.0.2.1", now, generation.limits().sign_in);
  };
  const auto narrow = serve(*process_, load("limits: {rate: {sign_in: 1/m burst 1}}\n"));
  EXPECT_EQ(take(*narrow), 0);
  EXPECT_GT(take(*narrow), 0);
  const auto wide = serve(*process_, load("limits: {rate: {sign_in: 1/m burst 2}}\n"));
  EXPECT_GT(take(*wide), 0) << "what was used under the former limit counts";
}

TEST_F(GenerationTest, DocumentsAreFetchedWithWhatTheCurrentOneAllows) {
  const std::string document = "https://127.0.0.1:1/client.json";
  serve(*process_, load());
  EXPECT_THAT(refusal(process_->client_documents, document), HasSubstr("not a public address"));
  serve(*process_, load("fetch: {unsafe_allow_private: [127.0.0.0/8]}\n"));
  EXPECT_THAT(refusal(process_->client_documents, document), HasSubstr("refused"));
}

TEST_F(GenerationTest, SigningKeysAreThereBeforeItServes) {
  const std::string issuer = "http://localhost:8080";
  ASSERT_FALSE(process_->signing_keys.active(issuer));
  ASSERT_TRUE(make_generation(load("", "issuer: \"" + issuer + "\", access_token: {format: jwt}"), *process_));
  EXPECT_TRUE(process_->signing_keys.active(issuer));
}

TEST_F(GenerationTest, OneThatCannotBeMadeLeavesTheCurrentOneAlone) {
  const auto current = serve(*process_, load());
  const auto authority = net_testing::make_certificate(directory_, "authority", {"a.example.test"});
  auto loaded = load("fetch: {ca: authority.pem}\n");
  std::filesystem::remove(authority.certificate);
  const auto refused = make_generation(std::move(loaded), *process_);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().what, HasSubstr("authority.pem"));
  EXPECT_EQ(process_->current.get(), current);
}

TEST_F(GenerationTest, CertificatesForTheServersBehindAreItsOwn) {
  const auto authority = net_testing::make_certificate(directory_, "authority", {"back.example.test"});
  auto loaded = load();
  loaded.config.upstreams.front().urls = {"https://back.example.test/mcp"};
  loaded.config.upstreams.front().tls.authorities = authority.certificate;
  auto again = loaded;
  const auto first = make_generation(std::move(loaded), *process_);
  const auto second = make_generation(std::move(again), *process_);
  ASSERT_TRUE(first);
  ASSERT_TRUE(second);
  EXPECT_NE(first->upstream_tls->source("back")(), second->upstream_tls->source("back")());
}

}  // namespace
}  // namespace postern::app

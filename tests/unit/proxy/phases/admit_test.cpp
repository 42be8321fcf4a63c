#include "unit/proxy/world.hpp"

namespace postern::proxy {
namespace {

class Admit : public testing::Test {
 protected:
  std::string verdict(Sent sent, World& world) {
    sent.headers.emplace_back("Authorization", "Bearer " + world.token());
    const auto client = world.client(std::move(sent));
    auto x = world.exchange(*client);
    auto refused = world.phase([&]() -> net::awaitable<MaybeRefusal> {
      auto result = co_await authenticate(x);
      if (result) co_return result;
      result = co_await proxy::admit(x);
      co_return result;
    });
    outcome_ = x.outcome;
    retry_after_ = refused ? refused->retry_after : 0;
    return refused ? std::to_string(refused->status) + " " + refused->error : "admitted";
  }

  telemetry::Outcome outcome_ = telemetry::Outcome::ok;
  int retry_after_ = 0;
};

const Pairs kJson{{"Content-Type", "application/json"}};

TEST_F(Admit, MethodsOfMcpAndNoOthers) {
  World world;
  EXPECT_EQ(verdict({.headers = kJson, .body = kListTools}, world), "admitted");
  EXPECT_EQ(verdict({.method = "GET"}, world), "admitted");
  EXPECT_EQ(verdict({.method = "DELETE"}, world), "admitted");
  for (const std::string method : {"PUT", "PATCH", "HEAD", "PROPFIND"})
    EXPECT_EQ(verdict({.method = method}, world), "405 method_not_allowed") << method;
}

TEST_F(Admit, WhatThePolicyCannotReadIsRefused) {
  World world;
  for (const auto* type : {"text/plain", "application/json-patch+json", "application/x-www-form-urlencoded", ""})
    EXPECT_EQ(verdict({.headers = {{"Content-Type", type}}, .body = kListTools}, world), "415 unsupported_media_type")
        << type;
  EXPECT_EQ(verdict({.body = kListTools}, world), "415 unsupported_media_type") << "no type at all";
  EXPECT_EQ(verdict({.headers = {{"Content-Type", "application/json"}, {"Content-Type", "application/json"}},
                     .body = kListTools},
                    world),
            "415 unsupported_media_type");
  for (const auto* coding : {"gzip", "br", "identity, gzip"}) {
    EXPECT_EQ(
        verdict({.headers = {{"Content-Type", "application/json"}, {"Content-Encoding", coding}}, .body = kListTools},
                world),
        "415 unsupported_media_type")
        << coding << " of a body that would be JSON as it is";
  }
  EXPECT_EQ(verdict({.headers = {{"Content-Type", "application/json; charset=utf-8"}}, .body = kListTools}, world),
            "admitted");
}

TEST_F(Admit, ACallBeforeItsTurnWaitsForIt) {
  World world([](config::Config& config) { config.limits.call = {100, 1}; });
  // That it waits is seen by whoever leaves meanwhile, below.
  for (int i = 0; i < 3; ++i) EXPECT_EQ(verdict({.headers = kJson, .body = kListTools}, world), "admitted") << i;
}

TEST_F(Admit, ATurnThatIsFarAwayIsARefusal) {
  World world([](config::Config& config) { config.limits.call = {0.1, 1}; });
  EXPECT_EQ(verdict({.headers = kJson, .body = kListTools}, world), "admitted");
  EXPECT_EQ(verdict({.headers = kJson, .body = kListTools}, world), "429 rate_limited");
  EXPECT_GE(retry_after_, 9);
}

TEST_F(Admit, AClientThatLeavesWhileItWaitsGivesItsTurnBack) {
  World world([](config::Config& config) { config.limits.call = {1.0 / 0.9, 1}; });
  EXPECT_EQ(verdict({.headers = kJson, .body = kListTools}, world), "admitted");
  const auto token = world.token();
  const auto client = world.caller(token, kListTools);
  auto x = world.exchange(*client);
  boost::asio::post(world.io(), [&] { boost::asio::post(world.io(), [&] { client->leave(); }); });
  const auto refused = world.phase([&]() -> net::awaitable<MaybeRefusal> {
    auto result = co_await authenticate(x);
    if (result) co_return result;
    result = co_await proxy::admit(x);
    co_return result;
  });
  ASSERT_TRUE(refused);
  EXPECT_EQ(x.outcome, telemetry::Outcome::cancelled);
  EXPECT_FALSE(client->watched());
}

TEST_F(Admit, OriginsAreLookedAtBeforeTheToken) {
  World world([](config::Config& config) { config.origins = {"https://app.example.test"}; });
  const auto of = [&](Pairs headers) {
    const auto client = world.client({.headers = std::move(headers), .body = kListTools});
    auto x = world.exchange(*client);
    const auto refused = check_origin(x);
    return refused ? std::to_string(refused->status) + " " + refused->error : "admitted " + x.origin;
  };
  EXPECT_EQ(of({}), "admitted ");
  EXPECT_EQ(of({{"Origin", "https://app.example.test"}}), "admitted https://app.example.test");
  EXPECT_EQ(of({{"Origin", "https://ai.example.test"}}), "admitted https://ai.example.test") << "its own";
  for (const auto* origin : {"https://evil.test", "null", "https://app.example.test.evil.test"})
    EXPECT_EQ(of({{"Origin", origin}}), "403 origin_not_allowed") << origin;
  EXPECT_EQ(of({{"Origin", "https://app.example.test"}, {"Origin", "https://app.example.test"}}),
            "403 origin_not_allowed");
}

}  // namespace
}  // namespace postern::proxy

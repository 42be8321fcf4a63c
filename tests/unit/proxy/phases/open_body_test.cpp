#include "unit/proxy/world.hpp"

namespace postern::proxy {
namespace {

class OpenBody : public testing::Test {
 protected:
  // Of a caller whose token is good.
  std::string verdict(FakeClient& client) {
    auto x = world_.exchange(client);
    refused_ = world_.open(x);
    outcome_ = x.outcome;
    code_ = x.error_code;
    modern_ = x.modern;
    method_ = x.message ? x.message->method : "";
    return refused_ ? std::to_string(refused_->status) + " " + refused_->error : "opened";
  }
  std::string verdict(std::string body, Pairs headers = {}) {
    const auto client = world_.caller(world_.token(), std::move(body), std::move(headers));
    return verdict(*client);
  }

  World world_{[](config::Config& config) {
    config.limits.body = 1024;
    config.limits.body_memory = 256 * 1024;
  }};
  MaybeRefusal refused_;
  telemetry::Outcome outcome_{};
  int code_ = 0;
  bool modern_ = false;
  std::string method_;
};

TEST_F(OpenBody, IsOneStrictMessage) {
  EXPECT_EQ(verdict(kListTools), "opened");
  EXPECT_EQ(method_, "tools/list");
  EXPECT_FALSE(modern_);
  EXPECT_EQ(verdict("{"), "400 parse_error");
  EXPECT_EQ(code_, -32700);
  EXPECT_EQ(verdict("[]"), "400 invalid_request");
  EXPECT_EQ(code_, -32600);
  EXPECT_EQ(verdict(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","method":"tools/list"})").substr(0, 3), "400")
      << "two readings";
}

TEST_F(OpenBody, TheHeadersThatMirrorItMustAgree) {
  const std::string modern = R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read_link",)"
                             R"("arguments":{},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
                             R"("io.modelcontextprotocol/clientInfo":{"name":"x","version":"1"},)"
                             R"("io.modelcontextprotocol/clientCapabilities":{}}}})";
  const Pairs good{{"MCP-Protocol-Version", "2026-07-28"}, {"Mcp-Method", "tools/call"}, {"Mcp-Name", "read_link"}};
  EXPECT_EQ(verdict(modern, good), "opened");
  EXPECT_TRUE(modern_);
  for (std::size_t i = 0; i < good.size(); ++i) {
    auto other = good;
    other[i].second = "other";
    EXPECT_EQ(verdict(modern, other), "400 header_mismatch") << good[i].first;
    EXPECT_EQ(code_, -32020);
    auto twice = good;
    twice.push_back(good[i]);
    EXPECT_EQ(verdict(modern, twice), "400 header_mismatch") << good[i].first << " twice";
  }
}

TEST_F(OpenBody, ABodyThatIsTooLargeIsRefusedAsTheClientExchangeSays) {
  EXPECT_EQ(verdict(std::string(1025, ' ')), "413 body_too_large");
  const auto late = world_.caller(world_.token(), kListTools);
  late->body_fault = edge::BodyFault{503, "temporarily_unavailable", "later", 2};
  EXPECT_EQ(verdict(*late), "503 temporarily_unavailable");
  EXPECT_EQ(refused_->retry_after, 2);
}

TEST_F(OpenBody, AClientThatGoesBeforeItsBodyIsThereCancels) {
  const auto client = world_.caller(world_.token(), kListTools);
  client->body_fault = edge::BodyFault{};
  EXPECT_NE(verdict(*client), "opened");
  EXPECT_EQ(outcome_, telemetry::Outcome::cancelled);
}

TEST_F(OpenBody, AGetHasNone) {
  const auto client = world_.client(
      {.method = "GET",
       .headers = {{"Authorization", "Bearer " + world_.token()}, {"MCP-Protocol-Version", "2026-07-28"}}});
  EXPECT_EQ(verdict(*client), "opened");
  EXPECT_TRUE(modern_);
}

// What is made of a body may take more than there is, while others hold some.
TEST(OpenBodyMemory, WhatFindsNoRoomIsAskedToComeAgain) {
  World world([](config::Config& config) { config.limits.body_memory = 128 * 1024; });
  limits::BodyShare other(world.services().counters.bodies, world.generation->limits().body_memory);
  ASSERT_TRUE(other.grow_to(64 * 1024));
  const auto client =
      world.caller(world.token(), call_of("read_link", "{\"x\":\"" + std::string(40 * 1024, 'x') + "\"}"));
  auto x = world.exchange(*client);
  const auto refused = world.open(x);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 503);
  EXPECT_GT(refused->retry_after, 0);
}

}  // namespace
}  // namespace postern::proxy

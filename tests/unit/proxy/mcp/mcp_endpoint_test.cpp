#include "proxy/mcp/mcp_endpoint.hpp"

#include <gtest/gtest.h>

#include "unit/proxy/world.hpp"

namespace postern::proxy {
namespace {

TEST(McpEndpoint, ACallReachesTheServerBehindAndItsAnswerTheClient) {
  World world;
  world.behind().answers.push_back(json_answer(R"({"jsonrpc":"2.0","id":1,"result":{}})"));
  const auto client = world.caller(world.token(), call_of("read_link"));
  world.serve(*client);
  EXPECT_EQ(client->status, 200);
  EXPECT_EQ(client->text, R"({"jsonrpc":"2.0","id":1,"result":{}})");
  ASSERT_EQ(world.behind().requests.size(), 1u);
  EXPECT_EQ(world.behind().requests[0].body, call_of("read_link"));
  EXPECT_FALSE(world.behind().requests[0].headers.get("Authorization")) << "the token stays here";
  EXPECT_TRUE(world.log.has(R"("name":"read_link")")) << world.log.last();
  EXPECT_TRUE(world.log.has(R"("status":200)")) << world.log.last();
}

TEST(McpEndpoint, ARefusalBeforeTheBodyCarriesItsIdAllTheSame) {
  World world;
  const auto client = world.caller("mcpv1_unknown", call_of("read_link", "{}", R"("seven")"));
  world.serve(*client);
  EXPECT_EQ(client->status, 401);
  EXPECT_NE(client->text.find(R"("id":"seven")"), std::string::npos) << client->text;
  EXPECT_TRUE(client->headers.get("WWW-Authenticate"));
  EXPECT_TRUE(world.behind().requests.empty());
}

// RFC 9110 section 15.5.6
TEST(McpEndpoint, AMethodThatIsNotServedIsAnsweredWithThoseThatAre) {
  World world;
  const auto client = world.client({.method = "PUT", .headers = {{"Authorization", "Bearer " + world.token()}}});
  world.serve(*client);
  EXPECT_EQ(client->status, 405);
  EXPECT_EQ(client->headers.get("Allow").value_or(""), "GET, POST, DELETE, OPTIONS");
}

TEST(McpEndpoint, AClientThatIsGoneGetsNoAnswerAndHasAnAuditLine) {
  World world;
  const auto client = world.caller(world.token(), call_of("read_link"));
  client->body_fault = edge::BodyFault{};
  world.serve(*client);
  EXPECT_EQ(client->status, 0);
  EXPECT_TRUE(world.log.has(R"("outcome":"cancelled")")) << world.log.last();
  EXPECT_TRUE(world.behind().requests.empty());
}

}  // namespace
}  // namespace postern::proxy

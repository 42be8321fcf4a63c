#include "unit/proxy/world.hpp"

namespace postern::proxy {
namespace {

class PlanAnswer : public testing::Test {
 protected:
  std::unique_ptr<FakeClient> answered(Answer answer, Pairs headers = {}) {
    world_.behind().answers.push_back(std::move(answer));
    auto client = world_.caller(world_.token(), call_of("read_link"), std::move(headers));
    world_.serve(*client);
    return client;
  }
  std::string sealed(const std::string& id) {
    const Session session{.id = id,
                          .address = {},
                          .upstream = "tools",
                          .resource = kResource,
                          .tenant = "acme",
                          .user = "local:alice",
                          .client = {}};
    return seal_session(session, world_.services().seals.session);
  }

  World world_;
};

TEST_F(PlanAnswer, OnlyWhatClientsNeedOfTheHeadersPasses) {
  const auto client = answered({.headers = {{"Content-Type", "application/json"},
                                            {"Set-Cookie", "a=b"},
                                            {"WWW-Authenticate", "Basic"},
                                            {"Location", "http://inside.test/"},
                                            {"Access-Control-Allow-Origin", "*"},
                                            {"Server", "theirs"},
                                            {"Retry-After", "3"}},
                                .pieces = {"{}"}});
  for (const auto* name : {"Set-Cookie", "WWW-Authenticate", "Location", "Access-Control-Allow-Origin", "Server"})
    EXPECT_FALSE(client->headers.get(name)) << name;
  EXPECT_EQ(client->headers.get("Retry-After"), "3");
  EXPECT_EQ(client->headers.get("Cache-Control"), "no-store");
  EXPECT_EQ(client->headers.get("X-Request-Id"), "request-1");
}

TEST_F(PlanAnswer, WhatTheServerSaysOfCredentialsIsNotForTheClient) {
  for (const int status : {301, 302, 307, 401, 403, 407}) {
    const auto client = answered(json_answer("secret of theirs", status));
    EXPECT_EQ(client->status, 502) << status;
    EXPECT_EQ(client->text.find("secret of theirs"), std::string::npos) << status;
  }
}

TEST_F(PlanAnswer, ASessionThatBeginsLeavesSealed) {
  const auto client =
      answered({.headers = {{"Content-Type", "application/json"}, {"Mcp-Session-Id", "theirs"}}, .pieces = {"{}"}});
  const auto sent = client->headers.get("Mcp-Session-Id");
  ASSERT_TRUE(sent);
  EXPECT_EQ(sent->find("theirs"), std::string::npos);
  const auto session = open_session(*sent, world_.services().seals.session);
  ASSERT_TRUE(session);
  EXPECT_EQ(session->id, "theirs");
  EXPECT_EQ(session->user, "local:alice");
  EXPECT_EQ(session->tenant, "acme");
}

TEST_F(PlanAnswer, InMidSessionTheClientFindsTheIdThatItSentOrNone) {
  const auto mine = sealed("theirs");
  const auto same =
      answered({.headers = {{"Content-Type", "application/json"}, {"Mcp-Session-Id", "theirs"}}, .pieces = {"{}"}},
               {{"Mcp-Session-Id", mine}});
  EXPECT_EQ(same->headers.get("Mcp-Session-Id"), mine);
  const auto another =
      answered({.headers = {{"Content-Type", "application/json"}, {"Mcp-Session-Id", "another"}}, .pieces = {"{}"}},
               {{"Mcp-Session-Id", mine}});
  EXPECT_FALSE(another->headers.get("Mcp-Session-Id")) << "no answer but that to initialize changes the session";
}

TEST_F(PlanAnswer, ASessionThatHasEndedIsToldAsMcpHasIt) {
  const auto client = answered(json_answer("{}", 404), {{"Mcp-Session-Id", sealed("theirs")}});
  EXPECT_EQ(client->status, 404);
  EXPECT_EQ(world_.behind().requests.at(0).headers.get("Mcp-Session-Id"), "theirs");
}

TEST_F(PlanAnswer, AnAnswerThatIsCompressedThoughNobodyAskedForThatIsRefused) {
  const auto client =
      answered({.headers = {{"Content-Type", "application/json"}, {"Content-Encoding", "gzip"}}, .pieces = {"x"}});
  EXPECT_EQ(client->status, 502);
  EXPECT_FALSE(world_.behind().requests.at(0).headers.get("Accept-Encoding") == "gzip");
}

}  // namespace
}  // namespace postern::proxy

#include "proxy/phases/watched.hpp"
#include "unit/proxy/world.hpp"

namespace postern::proxy {
namespace {

constexpr auto* kElsewhere = "https://ai.example.test/elsewhere/mcp";

class Forward : public testing::Test {
 protected:
  MaybeRefusal run(McpExchange& x) {
    world_.bring_to_forward(x);
    return world_.phase([&] { return forward(x); });
  }
  std::string verdict(Answer answer) {
    world_.behind().answers.push_back(std::move(answer));
    const auto client = world_.caller(world_.token(), call_of("read_link"));
    auto x = world_.exchange(*client);
    const auto refused = run(x);
    EXPECT_FALSE(client->watched()) << "nobody is watched when it is over";
    return refused ? std::to_string(refused->status) + " " + refused->error : std::to_string(client->status);
  }

  World world_{[](config::Config& config) {
    config.upstreams[0].headers = {{"X-User", "{user.name}"}, {"X-Mail", "{user.email|-}"}};
    config.limits.calls_per_user = 2;
    config.resources.push_back(config.resources[0]);
    config.resources[1].serve = kElsewhere;
  }};
};

TEST_F(Forward, TheServerBehindIsToldWhoCallsAndNoCredential) {
  world_.behind().answers.push_back(json_answer("{}"));
  const auto client = world_.caller(world_.token(), call_of("read_link"),
                                    {{"X-User", "mallory"}, {"Cookie", "a=b"}, {"Accept-Language", "de"}});
  auto x = world_.exchange(*client);
  ASSERT_FALSE(run(x));
  const auto& request = world_.behind().requests.at(0);
  EXPECT_EQ(request.headers.get("X-User"), "alice");
  EXPECT_EQ(request.headers.get("X-Mail"), "-");
  for (const auto* name : {"Authorization", "Cookie"}) EXPECT_FALSE(request.headers.get(name)) << name;
}

// What is kept behind for a caller is for nobody else, nor for the same user in another place.
TEST_F(Forward, ACallerIsAUserInATenantAtAResource) {
  must(world_.store->tenants().apply({.members = {{"local:alice", "globex", "editor"}}}));
  world_.add_user("bob");
  must(world_.store->tenants().apply({.members = {{"local:bob", "acme", "editor"}}}));
  const auto caller_with = [&](const std::string& token, std::size_t resource) {
    world_.behind().answers.push_back(json_answer("{}"));
    const auto client = world_.caller(token, call_of("read_link"));
    auto x = world_.exchange(*client, resource);
    EXPECT_FALSE(run(x));
    return world_.behind().requests.back().caller;
  };
  const std::vector<std::string> scopes{"use", "read"};
  const auto first = caller_with(world_.token(scopes, "local:alice", "acme"), 0);
  EXPECT_EQ(caller_with(world_.token(scopes, "local:alice", "acme"), 0), first) << "whichever token it has";
  EXPECT_NE(caller_with(world_.token(scopes, "local:alice", "globex"), 0), first);
  EXPECT_NE(caller_with(world_.token(scopes, "local:bob", "acme"), 0), first);
  EXPECT_NE(caller_with(world_.token(scopes, "local:alice", "acme", kElsewhere), 1), first);
}

TEST_F(Forward, WhatGoesWrongBehindIsToldApart) {
  EXPECT_EQ(verdict({.instead = fail(Errc::timed_out, "late")}), "504 upstream_timeout");
  EXPECT_EQ(verdict({.instead = fail(Errc::unavailable, "refused")}), "502 upstream_unavailable");
  EXPECT_EQ(verdict({.instead = fail(Errc::protocol, "no HTTP")}), "502 upstream_error");
  EXPECT_EQ(verdict({.instead = fail(Errc::closed, "ended")}), "502 upstream_error");
  EXPECT_EQ(verdict({.instead = fail(Errc::busy, "full")}), "503 temporarily_unavailable");
  EXPECT_EQ(verdict(json_answer("{}")), "200") << "each of them has given its place back";
  EXPECT_TRUE(world_.log.has("upstream_failed"));
}

TEST_F(Forward, AClientThatLeavesEndsTheCallBehind) {
  const auto client = world_.caller(world_.token(), call_of("read_link"));
  auto x = world_.exchange(*client);
  world_.bring_to_forward(x);
  boost::asio::post(world_.io(), [&] { boost::asio::post(world_.io(), [&] { client->leave(); }); });
  EXPECT_FALSE(world_.phase([&] { return forward(x); })) << "nobody is there to be refused";
  EXPECT_EQ(x.outcome, telemetry::Outcome::cancelled);
  EXPECT_EQ(world_.behind().ended, 1);
  EXPECT_EQ(client->status, 0);
}

TEST_F(Forward, ARevocationWhileTheServerWorksEndsTheCallWithA401) {
  const auto client = world_.caller(world_.token(), call_of("read_link"));
  auto x = world_.exchange(*client);
  world_.bring_to_forward(x);
  boost::asio::post(world_.io(), [&] {
    boost::asio::post(world_.io(),
                      [&] { must(world_.store->grants().revoke(world_.last_grant(), "test", world_.clock.now())); });
  });
  const auto refused = world_.phase([&] { return forward(x); });
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 401);
  EXPECT_EQ(world_.behind().ended, 1);
}

TEST_F(Forward, TheRevocationOfAnotherGrantEndsNothing) {
  const auto other = world_.token();
  const auto others = world_.last_grant();
  Answer answer = json_answer("{}");
  answer.before = [&] { must(world_.store->grants().revoke(others, "test", world_.clock.now())); };
  EXPECT_EQ(verdict(std::move(answer)), "200");
}

TEST_F(Forward, NoUserHasMoreCallsUnderWayThanOneMayHave) {
  const limits::CallPlace first(world_.services().counters.calls, "local:alice\nacme", 2);
  EXPECT_EQ(verdict(json_answer("{}")), "200");
  const limits::CallPlace second(world_.services().counters.calls, "local:alice\nacme", 2);
  EXPECT_EQ(verdict(json_answer("{}")), "429 rate_limited");
  EXPECT_EQ(world_.behind().requests.size(), 1u) << "it never gets there";
}

TEST_F(Forward, AnAnswerThatWasWholeIsNotCancelledByAClientThatLeavesWithIt) {
  world_.behind().answers.push_back(json_answer("{}"));
  const auto client = world_.caller(world_.token(), call_of("read_link"));
  client->on_piece = [&] { client->leave(); };
  auto x = world_.exchange(*client);
  ASSERT_FALSE(run(x));
  EXPECT_NE(x.outcome, telemetry::Outcome::cancelled);
  EXPECT_EQ(client->text, "{}");
}

TEST_F(Forward, ABugBehindLeavesNobodyWatched) {
  const auto client = world_.caller(world_.token(), call_of("read_link"));
  auto x = world_.exchange(*client);
  world_.bring_to_forward(x);
  bool thrown = false;
  const auto task = [&]() -> net::awaitable<void> {
    Forwarding work = [](Running&) -> net::awaitable<MaybeRefusal> {
      throw std::runtime_error("a bug");
      co_return std::nullopt;
    };
    try {
      co_await watched(x, std::move(work));
    } catch (const std::runtime_error&) {
      thrown = true;
    }
  };
  world_.run(task());
  EXPECT_TRUE(thrown);
  EXPECT_FALSE(client->watched());
}

}  // namespace
}  // namespace postern::proxy

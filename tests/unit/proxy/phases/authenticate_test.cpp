#include "unit/proxy/world.hpp"

namespace postern::proxy {
namespace {

class Authenticate : public testing::Test {
 protected:
  MaybeRefusal refusal_of(Pairs headers, std::size_t resource = 0) {
    const auto client = world_.client({.headers = std::move(headers), .body = kListTools});
    auto x = world_.exchange(*client, resource);
    auto refused = world_.phase([&] { return authenticate(x); });
    principal_ = x.principal;
    return refused;
  }
  MaybeRefusal with(const std::string& token, Pairs more = {}, std::size_t resource = 0) {
    more.emplace_back("Authorization", "Bearer " + token);
    return refusal_of(std::move(more), resource);
  }
  static std::string text(const MaybeRefusal& refused) {
    if (!refused) return "admitted";
    return std::to_string(refused->status) + " " + refused->error + (refused->challenge ? " challenged" : "");
  }

  World world_{[](config::Config& config) {
    config.resources.push_back(config.resources[0]);
    config.resources[1].serve = "https://ai.example.test/other/mcp";
    config.resources.push_back(config.resources[0]);
    config.resources[2].serve = "https://ai.example.test/by-hand/mcp";
    config.resources[2].manual_tokens = true;
    config.resources.push_back(config.resources[0]);
    config.resources[3].serve = "https://ai.example.test/acme/mcp";
    config.resources[3].tenant = "acme";
  }};
  std::shared_ptr<const token::Principal> principal_;
};

TEST_F(Authenticate, WhatIsNoTokenIsToldApart) {
  EXPECT_EQ(text(refusal_of({})), "401 missing_bearer_token challenged");
  EXPECT_EQ(text(refusal_of({{"Authorization", "Basic YTpi"}})), "401 missing_bearer_token challenged");
  EXPECT_EQ(text(refusal_of({{"Authorization", "Bearer a"}, {"Authorization", "Bearer b"}})),
            "400 invalid_request challenged");
  EXPECT_EQ(text(with("ghp_notOfThisServer")), "401 invalid_token_format challenged");
  EXPECT_EQ(text(with(token::make_token("mcpv1_"))), "401 invalid_token challenged");
}

TEST_F(Authenticate, ATokenProvesWhoCalls) {
  EXPECT_EQ(text(with(world_.token({"use", "read"}))), "admitted");
  ASSERT_TRUE(principal_);
  EXPECT_EQ(principal_->user, "local:alice");
  EXPECT_EQ(principal_->tenant, "acme");
  EXPECT_EQ(principal_->role, "editor");
  EXPECT_EQ(principal_->scopes, (std::vector<std::string>{"use", "read"}));
}

TEST_F(Authenticate, ATokenHoldsForItsResourceAndTenantAlone) {
  const auto token = world_.token();
  EXPECT_EQ(text(with(token, {}, 1)), "401 invalid_token challenged");
  EXPECT_EQ(text(with(token)), "admitted");
  EXPECT_EQ(text(with(token, {}, 1)), "401 invalid_token challenged") << "although it is cached now";
  must(world_.store->tenants().apply({.members = {{"local:alice", "globex", ""}}}));
  const auto elsewhere = world_.token({"use"}, "local:alice", "globex", "https://ai.example.test/acme/mcp");
  EXPECT_EQ(text(with(elsewhere, {}, 3)), "401 invalid_token challenged") << "the address is another tenant's";
}

TEST_F(Authenticate, AnEndedTokenIsToldWithTheScopesToAskFor) {
  const auto token = world_.token({"use"});
  world_.clock.advance(5min);
  const auto marked = world_.store->grants().mark_step_up(world_.last_grant(),
                                                          {world_.clock.now(), world_.clock.now() + 30s, {"write"}});
  must(marked);
  world_.clock.advance(6min);
  const auto refused = with(token);
  EXPECT_EQ(text(refused), "401 invalid_token challenged");
  EXPECT_NE(refused->description.find("expired"), std::string::npos);
  EXPECT_EQ(refused->scopes, (std::vector<std::string>{"use", "write"}));
}

TEST_F(Authenticate, WhatEndsAGrantEndsItsTokensAtOnce) {
  const auto token = world_.token();
  EXPECT_EQ(text(with(token)), "admitted");
  must(world_.store->grants().revoke(world_.last_grant(), "test", world_.clock.now()));
  EXPECT_EQ(text(with(token)), "401 invalid_token challenged");
}

TEST_F(Authenticate, ARoleThatWasLoweredLowersTheToken) {
  const auto token = world_.token({"use", "read", "write"});
  EXPECT_EQ(text(with(token)), "admitted");
  EXPECT_EQ(principal_->scopes.size(), 3u);
  must(world_.store->tenants().apply({.members = {{"local:alice", "acme", "viewer"}}}));
  EXPECT_EQ(text(with(token)), "admitted");
  EXPECT_EQ(principal_->scopes, (std::vector<std::string>{"use", "read"}));
}

TEST_F(Authenticate, ATokenMadeByHandNeedsTheNameOfItsTenantOnce) {
  const auto token = world_.token({"use"}, "local:alice", "acme", "https://ai.example.test/by-hand/mcp");
  EXPECT_EQ(text(with(token, {{"X-Tenant", "acme"}}, 2)), "admitted");
  EXPECT_EQ(text(with(token, {}, 2)), "401 invalid_token challenged");
  EXPECT_EQ(text(with(token, {{"X-Tenant", "globex"}}, 2)), "401 invalid_token challenged");
  EXPECT_EQ(text(with(token, {{"X-Tenant", "acme"}, {"X-Tenant", "acme"}}, 2)), "401 invalid_token challenged");
  EXPECT_EQ(text(with(token, {{"X-Tenant", "globex"}, {"X-Tenant", "acme"}}, 2)), "401 invalid_token challenged");
}

TEST_F(Authenticate, AStoreThatIsAwayIsNoVerdictAboutTheToken) {
  const auto cached = world_.token();
  EXPECT_EQ(text(with(cached)), "admitted");
  const auto unknown = world_.token();
  world_.services().pools.store_read.stop();
  const auto refused = with(unknown);
  EXPECT_EQ(text(refused), "503 temporarily_unavailable") << "a client must not throw its tokens away";
  EXPECT_GT(refused->retry_after, 0);
  EXPECT_EQ(text(with(cached)), "admitted") << "what is known needs no store";
}

TEST_F(Authenticate, AChangeWhileTheBodyComesIsSeenBeforeTheCallGoesOn) {
  const auto client = world_.caller(world_.token(), kListTools);
  auto x = world_.exchange(*client);
  EXPECT_EQ(text(world_.phase([&] { return authenticate(x); })), "admitted");
  EXPECT_EQ(text(world_.phase([&] { return stay_authenticated(x); })), "admitted");
  must(world_.store->grants().revoke(world_.last_grant(), "test", world_.clock.now()));
  EXPECT_EQ(text(world_.phase([&] { return stay_authenticated(x); })), "401 invalid_token challenged");
}

}  // namespace
}  // namespace postern::proxy

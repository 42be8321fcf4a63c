#include <gmock/gmock.h>

#include "unit/oauth/fixture.hpp"

namespace postern::oauth {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class StepUpTest : public OAuthTest {
 protected:
  AuthorizationRequest request(const std::string& scope = "", const std::string& client = "client_a",
                               const std::string& resource = kResource) {
    Pairs pairs{{"client_id", client},       {"response_type", "code"},
                {"redirect_uri", kRedirect}, {"code_challenge", challenge_of(kVerifier)},
                {"resource", resource},      {"code_challenge_method", "S256"}};
    if (!scope.empty()) pairs.emplace_back("scope", scope);
    auto checked = check_authorization(form(pairs), context());
    EXPECT_TRUE(std::holds_alternative<AuthorizationRequest>(checked));
    return std::get<AuthorizationRequest>(std::move(checked));
  }
  AuthorizationRequest offered(AuthorizationRequest asked, const std::string& user = "local:alice") {
    EXPECT_TRUE(offer_step_up(asked, user, context()));
    return asked;
  }
  AuthorizationRequest offered(const std::string& scope = "") { return offered(request(scope)); }
  // As the resource does when a call needs `write`.
  void challenge(const std::string& access) {
    const auto now = clock_.now();
    ASSERT_TRUE(store_->grants().mark_step_up(grant_of(access), {now, now + 30s, {"connect", "read", "write"}}));
  }
  Consent page(const AuthorizationRequest& asked) {
    const auto made = make_consent(asked, "browser", "local:alice", context());
    return *open_consent(seal_consent(made, context()), {"browser"}, context());
  }
  Result<std::string> refuse(const Consent& consent, RefusedBy by = RefusedBy::user) {
    return refuse_consent(consent, by, oauth_error("access_denied", "Nothing was approved."), context());
  }
  // Policies whose plain challenge asks for that; with `connect` alone that is the full reach of a role.
  void default_scopes(std::vector<std::string> scopes) {
    policies_["policy"] = std::make_shared<tests::TestPolicy>(
        "policy", tests::TestPolicy::Scopes{{"connect", "Connect"}, {"read", "Read"}, {"write", "Write"}},
        std::move(scopes));
    catalog_ = std::make_unique<tenant::Catalog>(config_, policies_);
  }
};

TEST_F(StepUpTest, Compat19APlainRequestIsOfferedWhatTheRefusedCallNeeded) {
  EXPECT_THAT(offered().offered, IsEmpty()) << "nothing is pending yet";
  const json tokens = new_tokens();
  challenge(tokens["access_token"]);
  for (const char* scope : {"", "connect read", "read connect openid offline_access"}) {
    const auto asked = offered(scope);
    EXPECT_THAT(asked.scopes, ElementsAre("connect", "read", "write")) << scope;
    EXPECT_THAT(asked.offered, ElementsAre("write")) << scope;
    EXPECT_THAT(asked.missing, ElementsAre("write")) << scope;
    EXPECT_TRUE(asked.narrowed) << scope;
  }
}

TEST_F(StepUpTest, Compat19TheRefusedRefreshDoesNotUseItUp) {
  const json tokens = new_tokens();
  challenge(tokens["access_token"]);
  EXPECT_EQ(error_of(token_request(refresh_request(tokens["refresh_token"]))), "400 invalid_grant");
  EXPECT_THAT(offered().offered, ElementsAre("write"));
}

TEST_F(StepUpTest, Compat19ARequestForOtherScopesIsLeftAsItIs) {
  challenge(new_tokens()["access_token"]);
  for (const char* scope : {"connect", "read"}) {
    const auto asked = offered(scope);
    EXPECT_THAT(asked.scopes, ElementsAre(scope));
    EXPECT_THAT(asked.offered, IsEmpty());
  }
  EXPECT_THAT(offered("connect read write").offered, IsEmpty()) << "it was asked for";
}

TEST_F(StepUpTest, Compat19AnExplicitRequestForItIsAnAnswerToo) {
  challenge(new_tokens()["access_token"]);
  ASSERT_TRUE(refuse(page(offered("connect read write"))));
  EXPECT_THAT(offered().offered, IsEmpty());
}

TEST_F(StepUpTest, Compat19WhatTheAppHasAlreadyIsOfferedButWasNotMissing) {
  challenge(new_tokens("local:alice", {"connect", "write"})["access_token"]);
  const auto asked = offered();
  EXPECT_THAT(asked.offered, ElementsAre("write"));
  EXPECT_THAT(asked.missing, IsEmpty());
}

TEST_F(StepUpTest, Compat19APageFromBeforeTheChallengeLeavesItPending) {
  const json tokens = new_tokens();
  const auto before = page(offered());
  challenge(tokens["access_token"]);
  ASSERT_TRUE(approve(before, "acme", context()));
  EXPECT_THAT(offered().offered, ElementsAre("write"));
}

TEST_F(StepUpTest, Compat19ItIsOfThatUserClientAndResourceAndOfTenMinutes) {
  challenge(new_tokens()["access_token"]);
  EXPECT_THAT(offered(request(), "local:bob").offered, IsEmpty());
  EXPECT_THAT(offered(request("", "client_b")).offered, IsEmpty());
  EXPECT_THAT(offered(request("", "client_a", kOtherResource)).offered, IsEmpty());
  clock_.advance(10min - 1ms);
  EXPECT_THAT(offered().offered, ElementsAre("write"));
  clock_.advance(1ms);
  EXPECT_THAT(offered().offered, IsEmpty());
}

TEST_F(StepUpTest, Compat19ItEndsWhenItIsGranted) {
  challenge(new_tokens()["access_token"]);
  const auto location = approve(page(offered()), "acme", context());
  ASSERT_TRUE(location) << location.error().what;
  const json tokens = granted(token_request(code_request(parameter(*location, "code"))));
  EXPECT_EQ(tokens["scope"], "connect read write");
  EXPECT_THAT(offered().offered, IsEmpty());
}

TEST_F(StepUpTest, Compat19ItEndsWhenItIsDenied) {
  challenge(new_tokens()["access_token"]);
  ASSERT_TRUE(refuse(page(offered())));
  EXPECT_THAT(offered().offered, IsEmpty());
}

TEST_F(StepUpTest, Compat19APageThatCannotBeDecidedAnyMoreLeavesItPending) {
  challenge(new_tokens()["access_token"]);
  ASSERT_TRUE(refuse(page(offered()), RefusedBy::gateway));
  EXPECT_THAT(offered().offered, ElementsAre("write"));
}

TEST_F(StepUpTest, Compat19AnAnswerToAPageThatDidNotShowItLeavesItPending) {
  challenge(new_tokens()["access_token"]);
  ASSERT_TRUE(approve(page(offered("read")), "acme", context()));
  ASSERT_TRUE(refuse(page(offered("read"))));
  EXPECT_THAT(offered().offered, ElementsAre("write"));
}

TEST_F(StepUpTest, Compat19ItIsNotGrantedBeyondTheRole) {
  const json tokens = new_tokens("local:bob");
  challenge(tokens["access_token"]);
  const auto asked = offered(request(), "local:bob");
  const auto made = make_consent(asked, "browser", "local:bob", context());
  EXPECT_THAT(grantable_scopes(made, "viewer", context()), ElementsAre("connect", "read"));
  const auto location = approve(made, "acme", context());
  ASSERT_TRUE(location);
  EXPECT_EQ(granted(token_request(code_request(parameter(*location, "code"))))["scope"], "connect read");
  EXPECT_THAT(offered(request(), "local:bob").offered, ElementsAre("write")) << "it was not granted";
}

// With `scope_mode: narrow` a grant for `connect` alone has the full reach of its role, which asking for more ends.
TEST_F(StepUpTest, Compat19TheFullReachOfARoleIsNotNarrowedByWhatAnotherGrantWants) {
  default_scopes({"connect"});
  challenge(new_tokens()["access_token"]);
  for (const char* scope : {"", "connect"}) {
    const auto asked = offered(scope);
    EXPECT_THAT(asked.scopes, ElementsAre("connect"));
    EXPECT_FALSE(asked.narrowed);
    EXPECT_THAT(asked.offered, IsEmpty());
  }
  ASSERT_TRUE(approve(page(offered()), "acme", context()));
  EXPECT_THAT(store_->grants().wanted_between({"local:alice", "client_a", kResource}, clock_.now()).value().wanted,
              IsEmpty())
      << "that reach has all of it";
}

TEST_F(StepUpTest, Compat19AClientOfCertainScopesIsOfferedNoOthers) {
  auto limited = public_client("client_limited");
  limited.dynamic = false;
  limited.scope = "connect read";
  ASSERT_TRUE(store_->clients().add(limited));
  const json tokens = granted(token_request(code_request(new_code("client_limited"), "client_limited")));
  challenge(tokens["access_token"]);
  const auto asked = offered(request("", "client_limited"));
  EXPECT_THAT(asked.scopes, ElementsAre("connect", "read"));
  EXPECT_THAT(asked.offered, IsEmpty());
}

}  // namespace
}  // namespace postern::oauth

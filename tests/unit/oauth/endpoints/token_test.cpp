#include "unit/oauth/fixture.hpp"

#include <thread>

namespace postern::oauth {
namespace {

class TokenTest : public OAuthTest {
 protected:
  static Pairs changed(Pairs pairs, const std::string& name, const std::string& value) {
    for (auto& pair : pairs) {
      if (pair.first == name) pair.second = value;
    }
    return pairs;
  }
  static Pairs without(Pairs pairs, const std::string& name) {
    std::erase_if(pairs, [&name](const auto& pair) { return pair.first == name; });
    return pairs;
  }
};

// Requests as such.

TEST_F(TokenTest, OnlyAFormPostIsTaken) {
  const auto code = new_code();
  auto request = post(code_request(code));
  request.method = "GET";
  EXPECT_EQ(error_of(token(request, context())), "405 invalid_request");
  EXPECT_EQ(token(request, context()).headers.get("Allow"), "POST");

  request = post(code_request(code));
  request.fields[0].second = "application/json";
  EXPECT_EQ(error_of(token(request, context())), "400 invalid_request");
  request.fields.clear();
  EXPECT_EQ(error_of(token(request, context())), "400 invalid_request");

  request = post(code_request(code));
  request.query = "grant_type=authorization_code";
  EXPECT_EQ(error_of(token(request, context())), "400 invalid_request");
  EXPECT_EQ(error_of(token_request({})), "400 invalid_request");

  request = post({});
  request.body = "code=%zz";
  EXPECT_EQ(error_of(token(request, context())), "400 invalid_request");
  request.body = std::string(300'000, 'a');
  EXPECT_EQ(error_of(token(request, context())), "413 invalid_request");

  granted(token_request(code_request(code)));  // none of it used the code up
}

TEST_F(TokenTest, ARepeatedParameterIsInvalid) {
  auto pairs = code_request(new_code());
  pairs.emplace_back("code_verifier", kOtherVerifier);
  EXPECT_EQ(error_of(token_request(pairs)), "400 invalid_request");
}

TEST_F(TokenTest, TheGrantTypeMustBeServedAndRegistered) {
  EXPECT_EQ(error_of(token_request({{"client_id", "client_a"}})), "400 invalid_request");
  for (const char* type : {"password", "implicit", "urn:ietf:params:oauth:grant-type:device_code"}) {
    EXPECT_EQ(error_of(token_request({{"client_id", "client_a"}, {"grant_type", type}})), "400 unsupported_grant_type")
        << type;
  }
  EXPECT_EQ(error_of(token_request({{"client_id", "client_a"}, {"grant_type", "client_credentials"}})),
            "400 unauthorized_client");
  auto client = public_client("client_c");
  client.grant_types = {"authorization_code"};
  ASSERT_TRUE(store_->clients().add(client));
  EXPECT_EQ(error_of(token_request(refresh_request("mcpr1_x", "client_c"))), "400 unauthorized_client");
}

TEST_F(TokenTest, TheStoreBeingAwayIsNotTheClientsFault) {
  const auto response = error_response(store_error(fail(Errc::unavailable, "disk gone")));
  EXPECT_EQ(error_of(response), "503 temporarily_unavailable");
  EXPECT_TRUE(response.headers.get("Retry-After"));
  EXPECT_EQ(response.body.find("disk"), std::string::npos);
}

// The authorization code.

TEST_F(TokenTest, ACodeYieldsTokens) {
  const auto response = token_request(code_request(new_code()));
  const json body = granted(response);
  EXPECT_EQ(response.headers.get("Cache-Control"), "no-store");
  EXPECT_EQ(response.headers.get("Content-Type"), "application/json");
  EXPECT_TRUE(body["access_token"].get<std::string>().starts_with("mcpv1_"));
  EXPECT_TRUE(body["refresh_token"].get<std::string>().starts_with("mcpr1_"));
  EXPECT_EQ(body["token_type"], "Bearer");
  EXPECT_EQ(body["expires_in"], 600);
  EXPECT_EQ(body["scope"], "connect read");
  EXPECT_EQ(body.size(), 5U);
  EXPECT_EQ(log_.audited("token_issued"), 1);
  EXPECT_EQ(log_.text().find(body["access_token"].get<std::string>()), std::string::npos);
  EXPECT_EQ(log_.text().find(body["refresh_token"].get<std::string>()), std::string::npos);
}

TEST_F(TokenTest, AClientWithoutTheRefreshGrantGetsNoRefreshToken) {
  auto client = public_client("client_c");
  client.grant_types = {"authorization_code"};
  ASSERT_TRUE(store_->clients().add(client));
  const json body = granted(token_request(code_request(new_code("client_c"), "client_c")));
  EXPECT_FALSE(body.contains("refresh_token"));
}

TEST_F(TokenTest, AReplayedCodeEndsEverythingThatCameOfIt) {
  const auto code = new_code();
  const json first = granted(token_request(code_request(code)));
  ASSERT_TRUE(access_lives(first["access_token"]));
  EXPECT_EQ(error_of(token_request(code_request(code))), "400 invalid_grant");
  EXPECT_FALSE(access_lives(first["access_token"]));
  EXPECT_EQ(error_of(token_request(refresh_request(first["refresh_token"]))), "400 invalid_grant");
  EXPECT_EQ(log_.audited("code_replay"), 1);
}

TEST_F(TokenTest, AReplayIsSeenAfterTheCodesEndToo) {
  const auto code = new_code();
  const json first = granted(token_request(code_request(code)));
  clock_.advance(5min);
  EXPECT_EQ(error_of(token_request(code_request(code))), "400 invalid_grant");
  EXPECT_FALSE(access_lives(first["access_token"]));
}

TEST_F(TokenTest, AReplayByAStrangerEndsNothing) {
  const auto code = new_code();
  const json first = granted(token_request(code_request(code)));
  EXPECT_EQ(error_of(token_request(code_request(code, "client_b"))), "400 invalid_grant");
  EXPECT_EQ(error_of(token_request(changed(code_request(code), "code_verifier", kOtherVerifier))), "400 invalid_grant");
  EXPECT_TRUE(access_lives(first["access_token"]));
  EXPECT_EQ(log_.audited("code_replay"), 0);
}

TEST_F(TokenTest, OfManyParallelRedemptionsExactlyOneSucceeds) {
  const auto code = new_code();
  std::atomic<int> granted_count{0};
  std::atomic<int> refused{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 64; ++i) {
    threads.emplace_back([&] {
      const auto response = token_request(code_request(code));
      if (response.status == 200) ++granted_count;
      if (error_of(response) == "400 invalid_grant") ++refused;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(granted_count, 1);
  EXPECT_EQ(refused, 63);
}

TEST_F(TokenTest, AWrongVerifierDoesNotUseTheCodeUp) {
  const auto code = new_code();
  EXPECT_EQ(error_of(token_request(changed(code_request(code), "code_verifier", kOtherVerifier))), "400 invalid_grant");
  granted(token_request(code_request(code)));
}

TEST_F(TokenTest, TriesOfWrongVerifiersAreCapped) {
  const auto code = new_code();
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(error_of(token_request(changed(code_request(code), "code_verifier", kOtherVerifier))),
              "400 invalid_grant");
  }
  EXPECT_EQ(error_of(token_request(code_request(code))), "400 invalid_grant");
}

TEST_F(TokenTest, TheVerifierMustBeThereAndWellFormed) {
  const auto code = new_code();
  EXPECT_EQ(error_of(token_request(without(code_request(code), "code_verifier"))), "400 invalid_request");
  for (const std::string& bad :
       {std::string(42, 'a'), std::string(129, 'a'), std::string(43, '+'), std::string(43, ' ')}) {
    EXPECT_EQ(error_of(token_request(changed(code_request(code), "code_verifier", bad))), "400 invalid_request") << bad;
  }
  granted(token_request(code_request(code)));
}

TEST_F(TokenTest, TheRedirectUriMayBeAbsentAndMustMatchWherePresent) {
  const auto code = new_code();
  EXPECT_EQ(error_of(token_request(changed(code_request(code), "redirect_uri", "https://evil.example/cb"))),
            "400 invalid_grant");
  granted(token_request(without(code_request(code), "redirect_uri")));
}

TEST_F(TokenTest, ACodeOfAnotherClientIsRefusedAndUnharmed) {
  const auto code = new_code();
  EXPECT_EQ(error_of(token_request(code_request(code, "client_b"))), "400 invalid_grant");
  granted(token_request(code_request(code)));
}

TEST_F(TokenTest, ACodeIsForOneResource) {
  const auto code = new_code();
  EXPECT_EQ(error_of(token_request(changed(code_request(code), "resource", kOtherResource))), "400 invalid_target");
  EXPECT_EQ(error_of(token_request(changed(code_request(code), "resource", "https://evil.example/"))),
            "400 invalid_target");
  auto both = code_request(code);
  both.emplace_back("resource", kOtherResource);
  EXPECT_EQ(error_of(token_request(both)), "400 invalid_target");
  granted(token_request(changed(code_request(code), "resource", "https://AI.example.test/mcp/")));
  granted(token_request(without(code_request(new_code()), "resource")));
}

TEST_F(TokenTest, Case37ACodeIsGoodASecondBeforeItsEndAndNotAfter) {
  const auto good = new_code();
  const auto ended = new_code();
  const auto late = new_code();
  clock_.advance(59s);
  granted(token_request(code_request(good)));
  clock_.advance(1s);
  EXPECT_EQ(error_of(token_request(code_request(ended))), "400 invalid_grant");
  clock_.advance(1s);
  EXPECT_EQ(error_of(token_request(code_request(late))), "400 invalid_grant");
}

// No request makes such a code, PKCE is demanded of every client: should the store hold one, no verifier opens it.
TEST_F(TokenTest, Case33AVerifierForACodeWithoutAChallengeIsInvalid) {
  const auto add = [this](const std::string& name, const std::string& challenge) {
    store::Approval approval;
    approval.consent_id = name;
    approval.consent_expires_at = clock_.now() + 1min;
    approval.grant.id = name;
    approval.grant.user = "local:alice";
    approval.grant.tenant = "acme";
    approval.grant.client = "client_a";
    approval.grant.resource = kResource;
    approval.grant.scopes = {"connect"};
    approval.grant.created_at = clock_.now();
    approval.grant.expires_at = clock_.now() + 1h;
    approval.code.hash = crypto::sha256_string(name);
    approval.code.grant = name;
    approval.code.client = "client_a";
    approval.code.redirect_uri = kRedirect;
    approval.code.challenge = challenge;
    approval.code.expires_at = clock_.now() + 1min;
    ASSERT_TRUE(store_->grants().approve(approval));
  };
  add("bare", "");
  EXPECT_EQ(error_of(token_request(code_request("bare"))), "400 invalid_grant");
  EXPECT_EQ(error_of(token_request(changed(code_request("bare"), "code_verifier", ""))), "400 invalid_request");
  add("bound", challenge_of(kVerifier));
  granted(token_request(code_request("bound")));
}

TEST_F(TokenTest, AnUnknownCodeIsRefused) {
  EXPECT_EQ(error_of(token_request(code_request("mcpc1_" + std::string(43, 'a')))), "400 invalid_grant");
  EXPECT_EQ(error_of(token_request(code_request(std::string(60'000, 'a')))), "400 invalid_grant");
  EXPECT_EQ(error_of(token_request(code_request(""))), "400 invalid_request");
}

TEST_F(TokenTest, ACodeOfWhoMayNoLongerIsRefused) {
  const auto code = new_code();
  ASSERT_TRUE(store_->users().set_disabled("local:alice", true));
  EXPECT_EQ(error_of(token_request(code_request(code))), "400 invalid_grant");
}

// The refresh token.

TEST_F(TokenTest, ARefreshRotates) {
  const json first = new_tokens();
  const auto response = token_request(refresh_request(first["refresh_token"]));
  const json second = granted(response);
  EXPECT_EQ(response.headers.get("Cache-Control"), "no-store");
  EXPECT_NE(second["refresh_token"], first["refresh_token"]);
  EXPECT_NE(second["access_token"], first["access_token"]);
  EXPECT_EQ(second["scope"], "connect read");
  EXPECT_TRUE(access_lives(second["access_token"]));
  EXPECT_EQ(log_.audited("token_refreshed"), 1);
  EXPECT_EQ(log_.text().find(second["refresh_token"].get<std::string>()), std::string::npos);
  granted(token_request(refresh_request(second["refresh_token"])));
}

TEST_F(TokenTest, ARetryWithinTheGraceGetsTheSameSuccessor) {
  const json first = new_tokens();
  const json second = granted(token_request(refresh_request(first["refresh_token"])));
  clock_.advance(30s);
  const json again = granted(token_request(refresh_request(first["refresh_token"])));
  EXPECT_EQ(again["refresh_token"], second["refresh_token"]);
  EXPECT_NE(again["access_token"], second["access_token"]);
  EXPECT_TRUE(access_lives(again["access_token"]));
}

TEST_F(TokenTest, ReuseAfterTheGraceEndsTheFamily) {
  const json first = new_tokens();
  const json second = granted(token_request(refresh_request(first["refresh_token"])));
  clock_.advance(30s + 1ms);
  EXPECT_EQ(error_of(token_request(refresh_request(first["refresh_token"]))), "400 invalid_grant");
  EXPECT_EQ(error_of(token_request(refresh_request(second["refresh_token"]))), "400 invalid_grant");
  EXPECT_FALSE(access_lives(second["access_token"]));
  EXPECT_EQ(log_.audited("refresh_reuse"), 1);
}

TEST_F(TokenTest, Attack13AClockThatJumpsAheadEndsNoFamily) {
  const json first = new_tokens();
  const json second = granted(token_request(refresh_request(first["refresh_token"])));
  clock_.jump(40 * 24h);
  EXPECT_EQ(error_of(token_request(refresh_request(first["refresh_token"]))), "400 invalid_grant");
  clock_.jump(-40 * 24h);
  EXPECT_EQ(log_.audited("refresh_reuse"), 0);
  EXPECT_TRUE(access_lives(second["access_token"]));
  granted(token_request(refresh_request(second["refresh_token"])));
  clock_.advance(31s);
  EXPECT_EQ(error_of(token_request(refresh_request(first["refresh_token"]))), "400 invalid_grant");
  EXPECT_EQ(log_.audited("refresh_reuse"), 1) << "time that has passed counts";
}

TEST_F(TokenTest, Attack13AClockThatGoesBackMakesNoRotatedTokenGoodAgain) {
  const json first = new_tokens();
  const json second = granted(token_request(refresh_request(first["refresh_token"])));
  clock_.jump(-1h);
  EXPECT_EQ(error_of(token_request(refresh_request(first["refresh_token"]))), "400 invalid_grant");
  EXPECT_EQ(log_.audited("refresh_reuse"), 0) << "how long ago it was rotated cannot be told";
  granted(token_request(refresh_request(second["refresh_token"])));
}

TEST_F(TokenTest, ParallelRefreshesAllEndWithOneSuccessor) {
  const json first = new_tokens();
  std::mutex mutex;
  std::set<std::string> successors;
  std::atomic<int> granted_count{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 50; ++i) {
    threads.emplace_back([&] {
      const auto response = token_request(refresh_request(first["refresh_token"]));
      if (response.status != 200) return;
      ++granted_count;
      const std::lock_guard lock(mutex);
      successors.insert(json::parse(response.body)["refresh_token"]);
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(granted_count, 50);
  EXPECT_EQ(successors.size(), 1U);
}

TEST_F(TokenTest, AnotherClientsRefreshIsRefusedAndTheFamilyUntouched) {
  const json first = new_tokens();
  EXPECT_EQ(error_of(token_request(refresh_request(first["refresh_token"], "client_b"))), "400 invalid_grant");
  const json second = granted(token_request(refresh_request(first["refresh_token"])));
  clock_.advance(1min);
  EXPECT_EQ(error_of(token_request(refresh_request(first["refresh_token"], "client_b"))), "400 invalid_grant");
  granted(token_request(refresh_request(second["refresh_token"])));
}

TEST_F(TokenTest, GarbageIsInvalidGrant) {
  for (const std::string& value : {std::string("x"), "mcpr1_" + std::string(43, 'a'), std::string(65'000, 'a')}) {
    EXPECT_EQ(error_of(token_request(refresh_request(value))), "400 invalid_grant");
  }
  EXPECT_EQ(error_of(token_request(refresh_request(""))), "400 invalid_request");
  EXPECT_EQ(error_of(token_request(refresh_request(new_tokens()["access_token"]))), "400 invalid_grant");
}

TEST_F(TokenTest, Compat13ScopesOfOpenIdConnectAloneLeaveARefreshAsItIs) {
  auto pairs = refresh_request(new_tokens("local:alice", {"connect", "read"})["refresh_token"]);
  pairs.emplace_back("scope", "openid offline_access");
  EXPECT_EQ(granted(token_request(pairs))["scope"], "connect read");
}

TEST_F(TokenTest, ScopeMayOnlyNarrow) {
  const json first = new_tokens("local:alice", {"connect", "read"});
  auto pairs = refresh_request(first["refresh_token"]);
  pairs.emplace_back("scope", "connect write");
  EXPECT_EQ(error_of(token_request(pairs)), "400 invalid_scope");
  pairs.back().second = "unheard-of";
  EXPECT_EQ(error_of(token_request(pairs)), "400 invalid_scope");
  pairs.back().second = "read";
  const json narrow = granted(token_request(pairs));
  EXPECT_EQ(narrow["scope"], "read");
  // The grant itself is not narrowed (RFC 6749 section 6).
  EXPECT_EQ(granted(token_request(refresh_request(narrow["refresh_token"])))["scope"], "connect read");
}

TEST_F(TokenTest, AClientThatRepeatsItsScopesIsRefreshed) {
  auto pairs = refresh_request(new_tokens()["refresh_token"]);
  pairs.emplace_back("scope", "connect read offline_access");
  EXPECT_EQ(granted(token_request(pairs))["scope"], "connect read");
}

TEST_F(TokenTest, AShrunkenRoleNarrowsTheNextRefresh) {
  const json first = new_tokens("local:alice", {"connect", "write"});
  EXPECT_EQ(first["scope"], "connect write");
  config_.tenants[0].members[0].role = "viewer";
  build();
  auto pairs = refresh_request(first["refresh_token"]);
  pairs.emplace_back("scope", "connect write");
  EXPECT_EQ(granted(token_request(pairs))["scope"], "connect");
}

TEST_F(TokenTest, WhoMayNoLongerIsNotRefreshed) {
  const json left = new_tokens();
  config_.tenants[0].members.erase(config_.tenants[0].members.begin());
  build();
  EXPECT_EQ(error_of(token_request(refresh_request(left["refresh_token"]))), "400 invalid_grant");
  const json disabled = new_tokens("local:bob");
  ASSERT_TRUE(store_->users().set_disabled("local:bob", true));
  EXPECT_EQ(error_of(token_request(refresh_request(disabled["refresh_token"]))), "400 invalid_grant");
}

TEST_F(TokenTest, ADeletedClientIsTold) {
  const json first = new_tokens();
  ASSERT_TRUE(store_->clients().remove("client_a"));
  EXPECT_EQ(error_of(token_request(refresh_request(first["refresh_token"]))), "401 invalid_client");
}

TEST_F(TokenTest, ARefreshIsForTheSameResource) {
  auto pairs = refresh_request(new_tokens()["refresh_token"]);
  pairs.emplace_back("resource", kOtherResource);
  EXPECT_EQ(error_of(token_request(pairs)), "400 invalid_target");
  pairs.back().second = kResource;
  granted(token_request(pairs));
}

TEST_F(TokenTest, Case42ARefreshTokenEndsWhenIdle) {
  const json first = new_tokens();
  clock_.advance(server().refresh_token.idle);
  EXPECT_EQ(error_of(token_request(refresh_request(first["refresh_token"]))), "400 invalid_grant");
}

TEST_F(TokenTest, AFamilyEndsHoweverOftenItIsRefreshed) {
  server().refresh_token.lifetime = 1h;
  json tokens = new_tokens();
  clock_.advance(55min);
  tokens = granted(token_request(refresh_request(tokens["refresh_token"])));
  EXPECT_EQ(tokens["expires_in"], 300);
  clock_.advance(5min);
  EXPECT_EQ(error_of(token_request(refresh_request(tokens["refresh_token"]))), "400 invalid_grant");
}

TEST_F(TokenTest, AfterAStepUpChallengeOneRefreshIsRefusedAndTheFamilyLivesOn) {
  const json first = new_tokens();
  ASSERT_TRUE(store_->grants().mark_step_up(grant_of(first["access_token"]), {clock_.now(), clock_.now() + 30s, {}}));
  // Neither a stranger nor a mistake takes the mark.
  EXPECT_EQ(error_of(token_request(refresh_request(first["refresh_token"], "client_b"))), "400 invalid_grant");
  auto wider = refresh_request(first["refresh_token"]);
  wider.emplace_back("scope", "write");
  EXPECT_EQ(error_of(token_request(wider)), "400 invalid_scope");

  EXPECT_EQ(error_of(token_request(refresh_request(first["refresh_token"]))), "400 invalid_grant");
  EXPECT_TRUE(access_lives(first["access_token"]));
  granted(token_request(refresh_request(first["refresh_token"])));
}

TEST_F(TokenTest, TheStepUpRefusalEndsAfterItsTimeAndCanBeSwitchedOff) {
  json tokens = new_tokens();
  const auto grant = grant_of(tokens["access_token"]);
  ASSERT_TRUE(store_->grants().mark_step_up(grant, {clock_.now(), clock_.now() + 30s, {}}));
  clock_.advance(31s);
  tokens = granted(token_request(refresh_request(tokens["refresh_token"])));
  ASSERT_TRUE(store_->grants().mark_step_up(grant, {clock_.now(), clock_.now() + 30s, {}}));
  server().step_up_refresh_refusal = false;
  granted(token_request(refresh_request(tokens["refresh_token"])));
}

TEST_F(TokenTest, ANewAuthorizationDoesNotEndAnEarlierOne) {
  const json first = new_tokens();
  const json second = new_tokens();
  EXPECT_NE(grant_of(first["access_token"]), grant_of(second["access_token"]));
  granted(token_request(refresh_request(first["refresh_token"])));
  granted(token_request(refresh_request(second["refresh_token"])));
}

}  // namespace
}  // namespace postern::oauth

// A store that fails under an endpoint: a client that is told invalid_grant throws its tokens away, so it must hear
// that the fault is ours, and what it holds must be as good afterwards as it was before.
#include <gmock/gmock.h>

#include <functional>

#include "unit/oauth/fixture.hpp"
#include "unit/store/failing_store.hpp"

namespace postern::oauth {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// Alice and the client that acts by itself belong to a tenant of the store, so that the store is asked about it too.
class StoreFailureTest : public OAuthTest, public testing::WithParamInterface<Errc> {
 protected:
  StoreFailureTest() {
    EXPECT_TRUE(store_->tenants().apply(
        {.tenants = {{"stored", "Stored", "business"}}, .members = {{"local:alice", "stored", "editor"}}}));
    add_confidential_client("checker", "s3cret", false);
  }

  Context failing() {
    return Context{server(), *catalog_, failing_directory_, failing_store_, seal_, clock_, log_, failing_keys_};
  }
  http::Response ask_token(const Pairs& pairs) { return token(post(pairs), failing()); }
  std::string code() { return new_code("client_a", "local:alice", {"connect", "read"}, "stored"); }
  json tokens() { return granted(token_request(code_request(code()))); }
  Pairs checker(const std::string& value) const {
    return {{"token", value}, {"client_id", "checker"}, {"client_secret", "s3cret"}};
  }

  // Asks until nothing has failed, and has each call of the store fail once, in the order in which they are made. Each
  // time the answer must be that the server is away, and `unharmed` must hold. The last answer is in `answer_`.
  std::vector<std::string> fail_each(
      const std::function<http::Response()>& ask, const std::function<void()>& unharmed = [] {}) {
    constexpr int kMostCalls = 50;
    std::vector<std::string> failed;
    for (int call = 1; call < kMostCalls; ++call) {
      failures_.fail_call(call, GetParam());
      answer_ = ask();
      if (failures_.failed().empty()) return failed;
      failed.push_back(failures_.failed());
      const testing::ScopedTrace trace(__FILE__, __LINE__, failed.back());
      EXPECT_EQ(error_of(answer_), "503 temporarily_unavailable");
      EXPECT_EQ(answer_.headers.get("Retry-After"), "5");
      EXPECT_THAT(answer_.body, Not(HasSubstr("disk")));
      unharmed();
    }
    ADD_FAILURE() << "there is no end to the calls";
    return failed;
  }

  store::Code code_of(const std::string& value) {
    return store_->grants().find_code(crypto::sha256_string(value)).value().value().code;
  }
  store::RefreshToken refresh_of(const std::string& value) {
    return store_->grants().find_refresh(crypto::sha256_string(value)).value().value().token;
  }

  std::size_t every_grant() {
    store::GrantFilter all;
    all.revoked_too = true;
    return store_->grants().list(all)->size();
  }

  store::FailingStore failing_store_{*store_};
  store::Failures& failures_ = failing_store_.failures();
  tenant::Directory failing_directory_{config_, failing_store_};
  token::SigningKeys failing_keys_{failing_store_.keys(), std::string(32, 'm'), clock_};
  http::Response answer_;
};
INSTANTIATE_TEST_SUITE_P(Store, StoreFailureTest, testing::Values(Errc::unavailable, Errc::busy),
                         [](const auto& tested) { return std::string(to_string(tested.param)); });

TEST_P(StoreFailureTest, ACodeIsAsGoodAfterItAsBefore) {
  const auto value = code();
  EXPECT_THAT(fail_each([&] { return ask_token(code_request(value)); },
                        [&] {
                          EXPECT_FALSE(code_of(value).used_at);
                          EXPECT_EQ(code_of(value).failures, 0);
                        }),
              ElementsAre("clients.find", "grants.find_code", "users.find", "tenants.membership", "tenants.find",
                          "grants.redeem_code"));
  const json reply = granted(answer_);
  EXPECT_TRUE(access_lives(reply["access_token"]));
  EXPECT_EQ(log_.audited("token_issued"), 1);
  granted(token_request(refresh_request(reply["refresh_token"])));
}

TEST_P(StoreFailureTest, ACodeIsAsGoodWhereTheKeyThatSignsCannotBeRead) {
  server().access_token.format = config::TokenFormat::jwt;
  ASSERT_TRUE(keys_.prepare(kIssuer, "ES256", server().access_token.lifetime));
  const auto value = code();
  const auto ask = [&] {
    failing_keys_.forget();
    return ask_token(code_request(value));
  };
  EXPECT_THAT(fail_each(ask, [&] { EXPECT_FALSE(code_of(value).used_at); }),
              ElementsAre("clients.find", "grants.find_code", "users.find", "tenants.membership", "tenants.find",
                          "keys.list", "grants.redeem_code"));
  EXPECT_TRUE(access_lives(granted(answer_)["access_token"]));
}

TEST_P(StoreFailureTest, ARefreshTokenIsAsGoodAfterItAsBefore) {
  const std::string value = tokens()["refresh_token"];
  EXPECT_THAT(fail_each([&] { return ask_token(refresh_request(value)); },
                        [&] {
                          EXPECT_FALSE(refresh_of(value).rotated_at);
                          EXPECT_EQ(refresh_of(value).successor_hash, "");
                        }),
              ElementsAre("clients.find", "grants.find_refresh", "users.find", "tenants.membership", "tenants.find",
                          "grants.take_step_up", "grants.rotate_refresh"));
  const json reply = granted(answer_);
  EXPECT_TRUE(access_lives(reply["access_token"]));
  EXPECT_EQ(log_.audited("token_refreshed"), 1);
  granted(token_request(refresh_request(reply["refresh_token"])));
}

TEST_P(StoreFailureTest, ARetriedRefreshHasTheSameSuccessorAfterIt) {
  const std::string value = tokens()["refresh_token"];
  const json first = granted(token_request(refresh_request(value)));
  EXPECT_THAT(fail_each([&] { return ask_token(refresh_request(value)); }),
              ElementsAre("clients.find", "grants.find_refresh", "users.find", "tenants.membership", "tenants.find",
                          "grants.take_step_up", "grants.add_access"));
  const json reply = granted(answer_);
  EXPECT_EQ(reply["refresh_token"], first["refresh_token"]);
  EXPECT_TRUE(access_lives(reply["access_token"]));
}

// The store does not know whether it is stored: the client tries again with what it has.
TEST_P(StoreFailureTest, ARotationThatWasStoredAllTheSameIsAnsweredAtTheNextTry) {
  const std::string value = tokens()["refresh_token"];
  failures_.fail_call(7, GetParam(), store::Failures::When::made);
  EXPECT_EQ(error_of(ask_token(refresh_request(value))), "503 temporarily_unavailable");
  ASSERT_EQ(failures_.failed(), "grants.rotate_refresh");
  ASSERT_TRUE(refresh_of(value).rotated_at);
  const json reply = granted(ask_token(refresh_request(value)));
  EXPECT_EQ(crypto::sha256_string(reply["refresh_token"].get<std::string>()), refresh_of(value).successor_hash);
  granted(ask_token(refresh_request(reply["refresh_token"])));
}

TEST_P(StoreFailureTest, WhoeverLostTheRaceAndCannotLookAgainTriesAgain) {
  const std::string value = tokens()["refresh_token"];
  json winner;
  failures_.before("grants.rotate_refresh", [&] { winner = granted(token_request(refresh_request(value))); });
  failures_.fail_call(8, GetParam());
  EXPECT_EQ(error_of(ask_token(refresh_request(value))), "503 temporarily_unavailable");
  EXPECT_EQ(failures_.failed(), "grants.find_refresh");
  EXPECT_EQ(granted(ask_token(refresh_request(value)))["refresh_token"], winner["refresh_token"]);
}

TEST_P(StoreFailureTest, AReplayIsNotAnsweredBeforeWhatCameOfTheCodeHasEnded) {
  const auto value = code();
  const json first = granted(token_request(code_request(value)));
  EXPECT_THAT(fail_each([&] { return ask_token(code_request(value)); },
                        [&] {
                          EXPECT_TRUE(access_lives(first["access_token"]));
                          EXPECT_EQ(log_.audited("code_replay"), 0);
                        }),
              ElementsAre("clients.find", "grants.find_code", "grants.revoke"));
  EXPECT_EQ(error_of(answer_), "400 invalid_grant");
  EXPECT_FALSE(access_lives(first["access_token"]));
  EXPECT_EQ(log_.audited("code_replay"), 1);
}

TEST_P(StoreFailureTest, AReuseIsNotAnsweredBeforeTheFamilyHasEnded) {
  const std::string value = tokens()["refresh_token"];
  const json second = granted(token_request(refresh_request(value)));
  clock_.advance(31s);
  EXPECT_THAT(fail_each([&] { return ask_token(refresh_request(value)); },
                        [&] {
                          EXPECT_TRUE(access_lives(second["access_token"]));
                          EXPECT_EQ(log_.audited("refresh_reuse"), 0);
                        }),
              ElementsAre("clients.find", "grants.find_refresh", "grants.revoke"));
  EXPECT_EQ(error_of(answer_), "400 invalid_grant");
  EXPECT_FALSE(access_lives(second["access_token"]));
  EXPECT_EQ(log_.audited("refresh_reuse"), 1);
}

TEST_P(StoreFailureTest, AWrongVerifierIsNotAnsweredBeforeItIsCounted) {
  const auto value = code();
  auto wrong = code_request(value);
  wrong.back().second = kOtherVerifier;
  EXPECT_THAT(fail_each([&] { return ask_token(wrong); }, [&] { EXPECT_EQ(code_of(value).failures, 0); }),
              ElementsAre("clients.find", "grants.find_code", "grants.count_code_failure"));
  EXPECT_EQ(error_of(answer_), "400 invalid_grant");
  EXPECT_EQ(code_of(value).failures, 1);
}

TEST_P(StoreFailureTest, AClientThatActsByItselfTriesAgain) {
  auto client = machine();
  client.tenant = "stored";
  client.scope = "connect";
  ASSERT_TRUE(store_->clients().add(client));
  const auto asked = machine_request();
  EXPECT_THAT(fail_each([&] { return ask_token(asked); }, [&] { EXPECT_EQ(every_grant(), 0U); }),
              ElementsAre("clients.find", "clients.find", "tenants.find", "grants.add_minted"));
  EXPECT_TRUE(access_lives(granted(answer_)["access_token"]));
}

// RFC 7009 section 2.2.1: a client that is answered with 200 takes the token for dead.
TEST_P(StoreFailureTest, NoTokenIsCalledRevokedBeforeItIs) {
  const json held = tokens();
  const auto lives = [&] { EXPECT_TRUE(access_lives(held["access_token"])); };
  const auto revoke_token = [&](const char* name) {
    return revoke(post({{"token", held[name]}, {"client_id", "client_a"}}), failing());
  };
  EXPECT_THAT(fail_each([&] { return revoke_token("access_token"); }, lives),
              ElementsAre("clients.find", "grants.find_access", "grants.revoke_access"));
  EXPECT_EQ(answer_.status, 200);
  EXPECT_FALSE(access_lives(held["access_token"]));

  const json family = tokens();
  const auto revoke_family = [&] {
    return revoke(post({{"token", family["refresh_token"]}, {"client_id", "client_a"}}), failing());
  };
  EXPECT_THAT(fail_each(revoke_family, [&] { EXPECT_TRUE(access_lives(family["access_token"])); }),
              ElementsAre("clients.find", "grants.find_refresh", "grants.revoke"));
  EXPECT_EQ(answer_.status, 200);
  EXPECT_FALSE(access_lives(family["access_token"]));
}

TEST_P(StoreFailureTest, NoTokenIsCalledInactiveBecauseOfIt) {
  const std::string value = tokens()["access_token"];
  EXPECT_THAT(fail_each([&] { return introspect(post(checker(value)), failing()); }),
              ElementsAre("clients.find", "grants.find_access", "users.find", "tenants.membership", "tenants.find"));
  EXPECT_EQ(granted(answer_)["active"], true);
}

TEST_P(StoreFailureTest, AConsentPageCanBeApprovedAfterIt) {
  AuthorizationRequest request;
  request.client.id = "client_a";
  request.redirect_uri = kRedirect;
  request.challenge = challenge_of(kVerifier);
  request.scopes = {"connect", "read"};
  request.resource = catalog_->by_indicator(kResource);
  const Consent page = make_consent(request, "browser", "local:alice", failing());
  const std::vector<std::string> calls{"clients.find", "users.find", "tenants.membership", "tenants.find",
                                       "grants.approve"};
  for (std::size_t made = 0; made < calls.size(); ++made) {
    failures_.fail_call(static_cast<int>(made) + 1, GetParam());
    const auto refused = approve(page, "stored", failing());
    EXPECT_EQ(failures_.failed(), calls[made]);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, GetParam()) << "denied would say that the account is at fault";
    EXPECT_EQ(every_grant(), 0U);
  }
  EXPECT_EQ(log_.audited("consent_approved"), 0);
  failures_.fail_call(static_cast<int>(calls.size()) + 1, GetParam());
  const auto location = approve(page, "stored", failing());
  ASSERT_TRUE(location) << failures_.failed();
  granted(token_request(code_request(parameter(*location, "code"))));
}

}  // namespace
}  // namespace postern::oauth

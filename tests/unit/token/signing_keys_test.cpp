#include "token/signing_keys.hpp"

#include <gtest/gtest.h>

#include "crypto/jws.hpp"
#include "unit/tenant/test_store.hpp"
#include "unit/token/manual_clock.hpp"

namespace postern::token {
namespace {

using namespace std::chrono_literals;
using States = std::vector<KeyState>;

constexpr auto* kIssuer = "https://ai.example.test";
constexpr Time kNow = Time(1'800'000'000s);

store::SigningKey key_from(Time active_at, Duration life = 10min, Time until = Time{}) {
  store::SigningKey key;
  key.active_at = active_at;
  key.token_life = life;
  key.tokens_until = until;
  return key;
}

TEST(KeyStates, AKeyIsPendingThenActiveThenRetiringThenGone) {
  const std::vector keys = {key_from(kNow), key_from(kNow + 1h)};
  EXPECT_EQ(states_of(keys, kNow), (States{KeyState::active, KeyState::pending}));
  EXPECT_EQ(states_of(keys, kNow + 1h - 1ms), (States{KeyState::active, KeyState::pending}));
  EXPECT_EQ(states_of(keys, kNow + 1h), (States{KeyState::retiring, KeyState::active}));
  EXPECT_EQ(states_of(keys, kNow + 1h + 10min + kClockSkew - 1ms), (States{KeyState::retiring, KeyState::active}));
  EXPECT_EQ(states_of(keys, kNow + 1h + 10min + kClockSkew), (States{KeyState::gone, KeyState::active}));
}

TEST(KeyStates, SeveralMayRetireAtOnce) {
  const std::vector keys = {key_from(kNow), key_from(kNow + 1min), key_from(kNow + 2min), key_from(kNow + 30min)};
  EXPECT_EQ(states_of(keys, kNow + 2min),
            (States{KeyState::retiring, KeyState::retiring, KeyState::active, KeyState::pending}));
  EXPECT_EQ(states_of(keys, kNow + 12min),
            (States{KeyState::gone, KeyState::retiring, KeyState::active, KeyState::pending}));
}

TEST(KeyStates, TheFirstKeySignsAlsoWhereTheClockIsBehind) {
  EXPECT_EQ(states_of({key_from(kNow + 1s), key_from(kNow + 1h)}, kNow), (States{KeyState::active, KeyState::pending}));
  EXPECT_EQ(states_of({}, kNow), States{});
}

TEST(KeyStates, ALongLivedTokenKeepsItsKey) {
  const std::vector keys = {key_from(kNow, 10min, kNow + 24h), key_from(kNow + 1h)};
  EXPECT_EQ(states_of(keys, kNow + 24h).front(), KeyState::retiring);
  EXPECT_EQ(states_of(keys, kNow + 24h + kClockSkew).front(), KeyState::gone);
}

class SigningKeysTest : public testing::Test {
 protected:
  Result<void> prepare() { return keys_.prepare(kIssuer, "ES256", 10min); }
  std::string active() { return keys_.active(kIssuer).value().kid; }
  std::vector<std::string> published(SigningKeys& keys) {
    std::vector<std::string> kids;
    for (const auto& key : keys.published(kIssuer).value()) kids.push_back(key.kid);
    return kids;
  }
  std::vector<std::string> published() { return published(keys_); }
  SigningKeys process() { return SigningKeys(store_->keys(), std::string(32, 'm'), clock_); }

  tests::ManualClock clock_;
  tests::TestStore store_;
  SigningKeys keys_{store_->keys(), std::string(32, 'm'), clock_};
};

TEST_F(SigningKeysTest, TheFirstStartMakesAKeyAndTheNextUsesIt) {
  EXPECT_EQ(keys_.active(kIssuer).error().code, Errc::not_found);
  ASSERT_TRUE(prepare());
  const auto first = active();
  EXPECT_EQ(published(), std::vector{first});
  SigningKeys again(store_->keys(), std::string(32, 'm'), clock_);
  ASSERT_TRUE(again.prepare(kIssuer, "RS256", 10min));
  EXPECT_EQ(again.active(kIssuer)->kid, first) << "the algorithm counts for new keys";
}

TEST_F(SigningKeysTest, EveryAlgorithmHasItsKindOfKeyNamedByItsThumbprint) {
  for (const auto* algorithm : {"ES256", "EdDSA", "RS256"}) {
    const std::string issuer = std::string(kIssuer) + "/" + algorithm;
    ASSERT_TRUE(keys_.prepare(issuer, algorithm, 10min));
    const auto signer = keys_.active(issuer);
    ASSERT_TRUE(signer);
    EXPECT_EQ(crypto::to_string(signer->algorithm), algorithm);
    EXPECT_EQ(signer->kid, signer->key.public_key().thumbprint());
    const auto published = keys_.published(issuer).value();
    ASSERT_EQ(published.size(), 1U);
    EXPECT_EQ(published[0].algorithm, signer->algorithm);
    EXPECT_EQ(published[0].key, signer->key.public_key());
  }
}

TEST_F(SigningKeysTest, ANewKeyIsPublishedBeforeItSignsAndTheOldOneAfter) {
  ASSERT_TRUE(prepare());
  const auto old = active();
  const auto next = keys_.rotate(kIssuer, "ES256", 10min, kPendingFor);
  ASSERT_TRUE(next);
  EXPECT_EQ(active(), old);
  EXPECT_EQ(published(), (std::vector{old, next->id}));
  clock_.advance(kPendingFor);
  EXPECT_EQ(active(), next->id);
  EXPECT_EQ(published(), (std::vector{old, next->id}));
  clock_.advance(10min + kClockSkew);
  EXPECT_EQ(published(), std::vector{next->id});
}

TEST_F(SigningKeysTest, OneRotationAtATime) {
  ASSERT_TRUE(prepare());
  ASSERT_TRUE(keys_.rotate(kIssuer, "ES256", 10min, 1min));
  EXPECT_EQ(keys_.rotate(kIssuer, "ES256", 10min, 1min).error().code, Errc::conflict);
  clock_.advance(1min);
  EXPECT_TRUE(keys_.rotate(kIssuer, "ES256", 10min, 1min));
}

TEST_F(SigningKeysTest, ReplacingLeavesTheNewKeyAlone) {
  ASSERT_TRUE(prepare());
  const auto next = keys_.replace(kIssuer, "ES256", 10min);
  ASSERT_TRUE(next);
  EXPECT_EQ(active(), next->id);
  EXPECT_EQ(published(), std::vector{next->id});
}

TEST_F(SigningKeysTest, AnotherProcessSeesAChangeWhenItForgetsOrMeetsAnUnknownKey) {
  ASSERT_TRUE(prepare());
  auto other = process();
  const auto old = published(other);
  const auto next = keys_.replace(kIssuer, "ES256", 10min).value().id;
  EXPECT_EQ(published(other), old);
  EXPECT_EQ(other.published_with(kIssuer, old.front()).value().front().kid, old.front()) << "no need to ask";
  EXPECT_EQ(other.published_with(kIssuer, next).value().front().kid, next);
  const auto third = keys_.replace(kIssuer, "ES256", 10min).value().id;
  other.forget();
  EXPECT_EQ(published(other), std::vector{third});
}

TEST_F(SigningKeysTest, AChangeOfOneServersKeysForgetsNoOthers) {
  constexpr auto* kOther = "https://other.example.test";
  ASSERT_TRUE(prepare());
  ASSERT_TRUE(keys_.prepare(kOther, "ES256", 10min));
  auto other = process();
  const auto old = published(other);
  ASSERT_TRUE(other.published(kOther));
  ASSERT_TRUE(keys_.replace(kIssuer, "ES256", 10min));
  other.forget(kOther);
  EXPECT_EQ(published(other), old);
  other.forget(kIssuer);
  EXPECT_NE(published(other), old);
}

TEST_F(SigningKeysTest, UnknownKeysMakeItAskOnceASecondAtMost) {
  ASSERT_TRUE(prepare());
  auto other = process();
  ASSERT_TRUE(other.published_with(kIssuer, "unknown"));
  const auto next = keys_.replace(kIssuer, "ES256", 10min).value().id;
  EXPECT_NE(other.published_with(kIssuer, next).value().front().kid, next);
  clock_.advance(1s);
  EXPECT_EQ(other.published_with(kIssuer, next).value().front().kid, next);
}

TEST_F(SigningKeysTest, AKeyStaysForTheLongestTokenItSigned) {
  ASSERT_TRUE(prepare());
  const auto old = active();
  ASSERT_TRUE(store_->keys().raise_tokens_until(old, clock_.now() + 24h));
  keys_.forget();
  ASSERT_TRUE(keys_.rotate(kIssuer, "ES256", 10min, 0s));
  clock_.advance(24h);
  EXPECT_EQ(published().front(), old);
  clock_.advance(kClockSkew);
  EXPECT_NE(published().front(), old);
}

TEST_F(SigningKeysTest, ALongerLifeInTheConfigurationKeepsKeysLonger) {
  ASSERT_TRUE(prepare());
  const auto old = active();
  ASSERT_TRUE(keys_.prepare(kIssuer, "ES256", 2h));
  ASSERT_TRUE(keys_.rotate(kIssuer, "ES256", 2h, 0s));
  clock_.advance(2h);
  EXPECT_EQ(published().front(), old);
}

TEST_F(SigningKeysTest, WithoutTheStoresKeyFileNothingIsSignedAndTheSentenceSaysWhatToDo) {
  ASSERT_TRUE(prepare());
  SigningKeys stranger(store_->keys(), std::string(32, 'x'), clock_);
  const auto refused = stranger.prepare(kIssuer, "ES256", 10min);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().what.find("postern keys rotate --now"), std::string::npos);
  EXPECT_FALSE(stranger.active(kIssuer));
  EXPECT_FALSE(stranger.published(kIssuer));
  ASSERT_TRUE(stranger.replace(kIssuer, "ES256", 10min));
  EXPECT_TRUE(stranger.active(kIssuer));
}

TEST_F(SigningKeysTest, ThePrivateKeyIsNotInTheStore) {
  ASSERT_TRUE(prepare());
  const auto pem = keys_.active(kIssuer)->key.to_pem();
  const auto sealed = store_->keys().list(kIssuer).value().front().sealed;
  EXPECT_EQ(sealed.find("PRIVATE KEY"), std::string::npos);
  EXPECT_EQ(sealed.find(std::string(pem.reveal().substr(30, 20))), std::string::npos);
}

TEST_F(SigningKeysTest, AKeyMovedToAnotherServerDoesNotOpen) {
  ASSERT_TRUE(prepare());
  auto stolen = store_->keys().list(kIssuer).value().front();
  stolen.id += "x";
  stolen.issuer = "https://other.example.test";
  ASSERT_TRUE(store_->keys().add_first(stolen));
  EXPECT_FALSE(keys_.active("https://other.example.test"));
}

}  // namespace
}  // namespace postern::token

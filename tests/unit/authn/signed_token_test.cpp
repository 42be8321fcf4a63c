#include "authn/signed_token.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "crypto/jws.hpp"
#include "token/access_jwt.hpp"
#include "token/opaque.hpp"
#include "unit/tenant/test_store.hpp"
#include "unit/token/manual_clock.hpp"

namespace postern::authn {
namespace {

using namespace std::chrono_literals;

constexpr auto* kIssuer = "https://ai.example.test";
constexpr auto* kResource = "https://ai.example.test/mcp";

class SignedTokenTest : public testing::Test {
 protected:
  SignedTokenTest() {
    EXPECT_TRUE(keys_.prepare(kIssuer, "ES256", 10min));
    EXPECT_TRUE(store_->tenants().apply({.tenants = {{"acme", "Acme Inc.", "business"}}}));
    store::User user;
    user.key = "local:alice";
    EXPECT_TRUE(store_->users().add(user));
    EXPECT_TRUE(store_->tenants().apply({.members = {{"local:alice", "acme", "admin"}}}));
  }

  std::string make(const std::string& audience, bool typed = true) {
    const auto signer = keys_.active(kIssuer).value();
    const token::AccessClaims claims{.issuer = kIssuer,
                                     .subject = "local:alice",
                                     .audience = audience,
                                     .client = "",
                                     .scope = "connect",
                                     .tenant = "acme",
                                     .issued_at = clock_.now(),
                                     .expires_at = clock_.now() + 10min};
    const auto access = token::make_access_jwt(claims, signer);
    if (typed) return access;
    const auto payload = crypto::Jws::read(access, crypto::kEveryJwsAlgorithm)->payload();
    return crypto::sign_jws(signer.key, signer.algorithm, "JWT", signer.kid, payload);
  }
  // In the store, as a token of a grant for kResource.
  void keep(const std::string& value) {
    store::Grant grant;
    grant.id = "grant-" + hex_encode(token::token_hash(value));
    grant.kind = store::GrantKind::minted;
    grant.user = "local:alice";
    grant.tenant = "acme";
    grant.resource = kResource;
    grant.scopes = {"connect"};
    grant.created_at = clock_.now();
    grant.expires_at = clock_.now() + 24h;
    ASSERT_TRUE(store_->grants().add_minted(
        grant, {token::token_hash(value), grant.id, {"connect"}, clock_.now(), clock_.now() + 10min}));
  }
  Errc refusal(const std::string& value) {
    const auto principal = verify_signed(value, {kIssuer, kIssuer}, keys_, verifier_, clock_.now());
    return principal ? Errc::internal : principal.error().code;
  }

  tests::ManualClock clock_;
  tests::TestStore store_;
  config::Config config_;
  tenant::Directory directory_{config_, *store_};
  Verifier verifier_{*store_, directory_};
  token::SigningKeys keys_{store_->keys(), std::string(32, 'm'), clock_};
};

TEST_F(SignedTokenTest, ProvesWhoCallsWhenItIsSignedAndInTheStore) {
  const auto value = make(kResource);
  EXPECT_EQ(refusal(value), Errc::not_found);
  keep(value);
  const auto principal = verify_signed(value, {kIssuer, kIssuer}, keys_, verifier_, clock_.now());
  ASSERT_TRUE(principal) << principal.error().what;
  EXPECT_EQ((*principal)->user, "local:alice");
  EXPECT_EQ((*principal)->key_ring, kIssuer);
  EXPECT_EQ((*principal)->role, "admin");
  EXPECT_EQ((*principal)->resource, kResource);
}

TEST_F(SignedTokenTest, BeingInTheStoreDoesNotMakeUpForAFault) {
  for (const auto& value : {make("https://ai.example.test/other"), make(""), make(kResource, false)}) {
    keep(value);
    EXPECT_EQ(refusal(value), Errc::denied);
  }
  const auto good = make(kResource);
  keep(good);
  auto changed = good;
  changed[changed.size() - 10] = changed[changed.size() - 10] == 'A' ? 'B' : 'A';
  keep(changed);
  EXPECT_EQ(refusal(changed), Errc::denied);
  EXPECT_EQ(refusal(good), Errc::internal) << "only the changed one is refused";
}

TEST_F(SignedTokenTest, RevokingTheGrantAndReplacingTheKeyEndIt) {
  const auto value = make(kResource);
  keep(value);
  ASSERT_TRUE(store_->grants().revoke(store_->grants().list({}).value().front().id, "test", clock_.now()));
  EXPECT_EQ(refusal(value), Errc::denied);
  const auto other = make(kResource);
  keep(other);
  ASSERT_TRUE(keys_.replace(kIssuer, "ES256", 10min));
  EXPECT_EQ(refusal(other), Errc::denied);
}

TEST_F(SignedTokenTest, ExpiresByTheStoresClockWithoutGrace) {
  const auto value = make(kResource);
  keep(value);
  clock_.advance(10min);
  EXPECT_EQ(refusal(value), Errc::expired);
}

}  // namespace
}  // namespace postern::authn

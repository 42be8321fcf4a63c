#include "authn/verifier.hpp"

#include <gtest/gtest.h>

#include "token/opaque.hpp"
#include "unit/tenant/test_store.hpp"

namespace postern::authn {
namespace {

using namespace std::chrono_literals;

constexpr Time kNow = Time{1'800'000'000'000ms};

class VerifierTest : public testing::Test {
 protected:
  VerifierTest() : directory_(config_, *store_), verifier_(*store_, directory_) {
    EXPECT_TRUE(store_->tenants().apply({.tenants = {{"acme", "Acme Inc.", "business"}}}));
    store::User user;
    user.key = "local:alice";
    user.name = "alice";
    user.email = "alice@example.test";
    EXPECT_TRUE(store_->users().add(user));
    EXPECT_TRUE(store_->tenants().apply({.members = {{"local:alice", "acme", "admin"}}}));
    store::Client client;
    client.id = "client_1";
    client.name = "Inspector";
    EXPECT_TRUE(store_->clients().add(client));

    grant_.id = "g1";
    grant_.kind = store::GrantKind::minted;
    grant_.user = "local:alice";
    grant_.tenant = "acme";
    grant_.client = "client_1";
    grant_.resource = "https://ai.example.test/mcp";
    grant_.scopes = {"connect", "read"};
    grant_.created_at = kNow;
    grant_.expires_at = kNow + 24h;
    access_.hash = token::token_hash("mcpv1_x");
    access_.grant = "g1";
    access_.scopes = {"connect"};
    access_.created_at = kNow;
    access_.expires_at = kNow + 10min;
  }

  void add() { ASSERT_TRUE(store_->grants().add_minted(grant_, access_)); }
  Errc refused(Time now = kNow + 1s) {
    const auto principal = verifier_.verify(access_.hash, now);
    return principal ? Errc::internal : principal.error().code;
  }

  tests::TestStore store_;
  config::Config config_;
  tenant::Directory directory_;
  Verifier verifier_;
  store::Grant grant_;
  store::AccessToken access_;
};

TEST_F(VerifierTest, ATokenProvesWhoCalls) {
  add();
  const auto principal = verifier_.verify(access_.hash, kNow);
  ASSERT_TRUE(principal) << principal.error().what;
  const token::Principal& p = **principal;
  EXPECT_EQ(p.grant, "g1");
  EXPECT_EQ(p.user, "local:alice");
  EXPECT_EQ(p.user_name, "alice");
  EXPECT_EQ(p.user_email, "alice@example.test");
  EXPECT_EQ(p.tenant, "acme");
  EXPECT_EQ(p.tenant_name, "Acme Inc.");
  EXPECT_EQ(p.plan, "business");
  EXPECT_EQ(p.role, "admin");
  EXPECT_EQ(p.client, "client_1");
  EXPECT_EQ(p.client_name, "Inspector");
  EXPECT_EQ(p.resource, "https://ai.example.test/mcp");
  EXPECT_EQ(p.scopes, std::vector<std::string>{"connect"});
  EXPECT_EQ(p.expires_at, kNow + 10min);
}

TEST_F(VerifierTest, AGrantItselfIsItsPrincipalWithAllItsScopes) {
  add();
  const auto principal = verifier_.of_grant("g1", kNow);
  ASSERT_TRUE(principal) << principal.error().what;
  EXPECT_EQ((*principal)->grant, "g1");
  EXPECT_EQ((*principal)->user, "local:alice");
  EXPECT_EQ((*principal)->user_name, "alice");
  EXPECT_EQ((*principal)->role, "admin");
  EXPECT_EQ((*principal)->client_name, "Inspector");
  EXPECT_EQ((*principal)->scopes, (std::vector<std::string>{"connect", "read"}));
  EXPECT_EQ((*principal)->expires_at, kNow + 24h);
  EXPECT_EQ(verifier_.of_grant("g2", kNow).error().code, Errc::not_found);
  EXPECT_EQ(verifier_.of_grant("g1", kNow + 24h).error().code, Errc::expired);
  ASSERT_TRUE(store_->users().set_disabled("local:alice", true));
  EXPECT_EQ(verifier_.of_grant("g1", kNow).error().code, Errc::denied);
}

TEST_F(VerifierTest, AnUnknownTokenIsNotFound) { EXPECT_EQ(refused(), Errc::not_found); }

TEST_F(VerifierTest, ATokenEndsAtItsExpiry) {
  add();
  EXPECT_TRUE(verifier_.verify(access_.hash, kNow + 10min - 1ms));
  EXPECT_EQ(refused(kNow + 10min), Errc::expired);
}

TEST_F(VerifierTest, ATokenEndsWithItsGrant) {
  grant_.expires_at = kNow + 5min;
  add();
  EXPECT_EQ((*verifier_.verify(access_.hash, kNow))->expires_at, kNow + 5min);
  EXPECT_EQ(refused(kNow + 5min), Errc::expired);
}

TEST_F(VerifierTest, ARevokedGrantIsDenied) {
  add();
  ASSERT_TRUE(store_->grants().revoke("g1", "test", kNow));
  EXPECT_EQ(refused(), Errc::denied);
}

TEST_F(VerifierTest, Attack6ARevokedTokenIsNotFoundAndAnotherOfItsGrantIsGood) {
  add();
  auto second = access_;
  second.hash = token::token_hash("mcpv1_y");
  ASSERT_TRUE(store_->grants().add_access(second, kNow));
  ASSERT_TRUE(store_->grants().revoke_access(access_.hash));
  EXPECT_EQ(refused(), Errc::not_found);
  EXPECT_TRUE(verifier_.verify(second.hash, kNow));
}

TEST_F(VerifierTest, ADisabledUserIsDenied) {
  add();
  ASSERT_TRUE(store_->users().set_disabled("local:alice", true));
  EXPECT_EQ(refused(), Errc::denied);
}

TEST_F(VerifierTest, WhoLeftTheTenantIsDenied) {
  add();
  ASSERT_TRUE(store_->tenants().remove_member("local:alice", "acme"));
  EXPECT_EQ(refused(), Errc::denied);
}

TEST_F(VerifierTest, ARemovedTenantIsDenied) {
  add();
  ASSERT_TRUE(store_->tenants().remove("acme"));
  EXPECT_EQ(refused(), Errc::denied);
}

TEST_F(VerifierTest, ARemovedClientIsDenied) {
  add();
  ASSERT_TRUE(store_->clients().remove("client_1"));
  EXPECT_EQ(refused(), Errc::denied);
}

TEST_F(VerifierTest, AMintedTokenMayStandForNoClient) {
  grant_.client = "";
  add();
  const auto principal = verifier_.verify(access_.hash, kNow);
  ASSERT_TRUE(principal) << principal.error().what;
  EXPECT_EQ((*principal)->client_name, "");
}

TEST_F(VerifierTest, AClientThatActsByItselfIsThePrincipal) {
  store::Client client;
  client.id = "machine";
  client.name = "Nightly";
  client.tenant = "acme";
  EXPECT_TRUE(store_->clients().add(client));
  grant_.kind = store::GrantKind::client_credentials;
  grant_.user = store::client_user("machine");
  grant_.client = "machine";
  add();
  const auto principal = verifier_.verify(access_.hash, kNow);
  ASSERT_TRUE(principal) << principal.error().what;
  EXPECT_EQ((*principal)->user, "client:machine");
  EXPECT_EQ((*principal)->user_name, "Nightly");
  EXPECT_EQ((*principal)->user_email, "");
  EXPECT_EQ((*principal)->client, "machine");
  EXPECT_EQ((*principal)->tenant, "acme");
  EXPECT_EQ((*principal)->plan, "business");
  EXPECT_EQ((*principal)->role, "");
  ASSERT_TRUE(store_->tenants().remove("acme"));
  EXPECT_EQ(refused(), Errc::denied);
}

TEST_F(VerifierTest, AClientThatActsByItselfHasTheRoleItWasGivenAndEndsWithIt) {
  store::Client client;
  client.id = "machine";
  client.tenant = "acme";
  client.role = "editor";
  EXPECT_TRUE(store_->clients().add(client));
  grant_.kind = store::GrantKind::client_credentials;
  grant_.user = store::client_user("machine");
  grant_.client = "machine";
  add();
  EXPECT_EQ(verifier_.verify(access_.hash, kNow).value()->role, "editor");
  ASSERT_TRUE(store_->clients().remove("machine"));
  EXPECT_EQ(refused(), Errc::denied);
}

}  // namespace
}  // namespace postern::authn

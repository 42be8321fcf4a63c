#include "idp/provider_user.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace postern::idp {
namespace {

using nlohmann::json;

class ProviderUserTest : public testing::Test {
 protected:
  ProviderUserTest() { provider_.name = "entra"; }

  Result<ProviderUser> read(const json& claims) const {
    return provider_user(crypto::Claims::read(claims.dump()).value(), provider_, from_millis(7));
  }
  // "acme:viewer globex:viewer"
  std::string memberships(const json& claims) const {
    std::string text;
    const auto user = read(claims);
    for (const auto& each : user->memberships) {
      EXPECT_EQ(each.user, "entra:a");
      text += (text.empty() ? "" : " ") + each.tenant + ":" + each.role;
    }
    return text;
  }

  config::Provider provider_;
};

TEST_F(ProviderUserTest, IsNamedByProviderAndSubjectAndNothingElse) {
  const auto user = read({{"sub", "AbC"}, {"email", "root@example.test"}, {"name", "Root"}})->user;
  EXPECT_EQ(user.key, "entra:AbC");
  EXPECT_EQ(user.name, "Root");
  EXPECT_EQ(user.email, "root@example.test");
  EXPECT_EQ(user.password_hash, "");
  EXPECT_EQ(user.created_at, from_millis(7));
  EXPECT_EQ(read({{"sub", "local:alice"}})->user.key, "entra:local:alice");
  for (const json& sub : {json(nullptr), json(""), json("a b"), json(7)}) EXPECT_FALSE(read({{"sub", sub}})) << sub;
}

TEST_F(ProviderUserTest, HasItsSubjectForANameWhereTheProviderSaysNone) {
  EXPECT_EQ(read({{"sub", "a"}})->user.name, "a");
  EXPECT_EQ(read({{"sub", "a"}, {"name", "x\ny"}})->user.name, "a");
  EXPECT_EQ(read({{"sub", "a"}, {"email", "a@example.test"}, {"email_verified", false}})->user.email, "");
}

TEST_F(ProviderUserTest, IsAMemberOnlyWhereClaimsAreAskedForIt) {
  EXPECT_EQ(memberships({{"sub", "a"}, {"groups", {"acme"}}, {"tenants", {"acme"}}}), "");
  provider_.claims.tenants = "groups";
  EXPECT_EQ(memberships({{"sub", "a"}, {"groups", {"acme", "acme", "No Handle", "globex"}}}), "acme: globex:");
  EXPECT_EQ(memberships({{"sub", "a"}, {"groups", "acme"}}), "acme:");
  EXPECT_EQ(memberships({{"sub", "a"}}), "");
}

TEST_F(ProviderUserTest, AMapSaysWhichTenantIsMeantAndNoOtherIs) {
  provider_.claims.tenants = "groups";
  provider_.claims.tenant_map = {{"g-1", "acme"}};
  EXPECT_EQ(memberships({{"sub", "a"}, {"groups", {"g-1", "acme", "globex"}}}), "acme:");
}

TEST_F(ProviderUserTest, TheRoleIsTheFirstThatCouldBeOne) {
  provider_.claims.tenants = "groups";
  provider_.claims.role = "role";
  EXPECT_EQ(memberships({{"sub", "a"}, {"groups", {"acme"}}, {"role", "viewer"}}), "acme:viewer");
  EXPECT_EQ(memberships({{"sub", "a"}, {"groups", {"acme"}}, {"role", {"no role", "editor", "x"}}}), "acme:editor");
  EXPECT_EQ(memberships({{"sub", "a"}, {"groups", {"acme"}}, {"role", 7}}), "acme:");
}

}  // namespace
}  // namespace postern::idp

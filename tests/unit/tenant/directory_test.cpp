#include "tenant/directory.hpp"

#include <gtest/gtest.h>

#include "unit/tenant/test_store.hpp"

namespace postern::tenant {
namespace {

class DirectoryTest : public testing::Test {
 protected:
  DirectoryTest() {
    config::TenantEntry acme;
    acme.handle = "acme";
    acme.name = "Acme Inc.";
    acme.plan = "business";
    acme.members = {{"alice", "admin", {}}, {"entra:42", "viewer", {}}};
    config_.tenants.push_back(acme);
    config_.identity.providers.emplace_back().name = "entra";
    put_tenant("globex");
    add_user("local:alice");
    add_user("local:bob");
  }

  void put_tenant(const std::string& handle, const std::string& plan = "team") {
    ASSERT_TRUE(store_->tenants().apply({.tenants = {{handle, handle + " in the store", plan}}}));
  }
  void add_user(const std::string& key) {
    store::User user;
    user.key = key;
    ASSERT_TRUE(store_->users().add(user));
  }
  void put_member(const std::string& user, const std::string& tenant, const std::string& role) {
    ASSERT_TRUE(store_->tenants().apply({.members = {{user, tenant, role}}}));
  }

  config::Config config_;
  tests::TestStore store_;
};

TEST_F(DirectoryTest, FindsTenantsOfTheFileAndOfTheStore) {
  const Directory directory(config_, *store_);
  EXPECT_EQ((*directory.find("acme"))->name, "Acme Inc.");
  EXPECT_EQ((*directory.find("globex"))->plan, "team");
  EXPECT_FALSE(*directory.find("initech"));
}

TEST_F(DirectoryTest, TheFileWinsOverTheStore) {
  put_tenant("acme", "team");
  put_member("local:alice", "acme", "viewer");
  const Directory directory(config_, *store_);
  const auto membership = *directory.membership("local:alice", "acme");
  ASSERT_TRUE(membership);
  EXPECT_EQ(membership->tenant.name, "Acme Inc.");
  EXPECT_EQ(membership->tenant.plan, "business");
  EXPECT_EQ(membership->role, "admin");
}

TEST_F(DirectoryTest, MembersOfTheFileAreUserKeys) {
  const Directory directory(config_, *store_);
  EXPECT_EQ((*directory.membership("local:alice", "acme"))->role, "admin");
  EXPECT_EQ((*directory.membership("entra:42", "acme"))->role, "viewer");
  EXPECT_FALSE(*directory.membership("alice", "acme"));
  EXPECT_FALSE(*directory.membership("entra:43", "acme"));
  EXPECT_FALSE(*directory.membership("google:alice", "acme"));
}

TEST_F(DirectoryTest, AMemberAddedInTheStoreCountsForATenantOfTheFile) {
  put_tenant("acme");
  put_member("local:bob", "acme", "viewer");
  const Directory directory(config_, *store_);
  const auto membership = *directory.membership("local:bob", "acme");
  ASSERT_TRUE(membership);
  EXPECT_EQ(membership->tenant.plan, "business");
  EXPECT_EQ(membership->role, "viewer");
}

TEST_F(DirectoryTest, NobodyIsAMemberOfATenantThatDoesNotExist) {
  const Directory directory(config_, *store_);
  EXPECT_FALSE(*directory.membership("local:alice", "initech"));
  EXPECT_FALSE(*directory.membership("local:bob", "acme"));
}

TEST_F(DirectoryTest, MembershipsAreSortedAndEachTenantStandsOnce) {
  put_tenant("acme");
  put_tenant("aaa");
  put_member("local:alice", "globex", "viewer");
  put_member("local:alice", "acme", "viewer");
  put_member("local:alice", "aaa", "");
  const Directory directory(config_, *store_);
  const auto memberships = *directory.memberships("local:alice");
  ASSERT_EQ(memberships.size(), 3U);
  EXPECT_EQ(memberships[0].tenant.handle, "aaa");
  EXPECT_EQ(memberships[1].tenant.handle, "acme");
  EXPECT_EQ(memberships[1].role, "admin");
  EXPECT_EQ(memberships[2].tenant.handle, "globex");
  EXPECT_TRUE((*directory.memberships("local:nobody")).empty());
}

TEST_F(DirectoryTest, UsersOfAProviderThatIsNotNamedAnyMoreAreMembersOfNothing) {
  put_member("entra:42", "globex", "viewer");
  EXPECT_EQ(Directory(config_, *store_).memberships("entra:42")->size(), 2U);
  config_.identity.providers.clear();
  const Directory without(config_, *store_);
  EXPECT_TRUE(without.memberships("entra:42")->empty());
  EXPECT_FALSE(*without.membership("entra:42", "globex"));
  EXPECT_FALSE(*without.membership("entra:42", "acme"));
  EXPECT_TRUE(*without.membership("local:alice", "acme"));
}

TEST_F(DirectoryTest, UsersOfAnExternalAuthorizationServerAreKnownByItsName) {
  config_.identity.providers.clear();
  config::AuthorizationServer server;
  server.name = "entra";
  config_.authorization_servers.push_back(server);
  EXPECT_FALSE(*Directory(config_, *store_).membership("entra:42", "acme")) << "it makes its tokens here";
  config_.authorization_servers.back().external.emplace();
  EXPECT_TRUE(*Directory(config_, *store_).membership("entra:42", "acme"));
}

TEST_F(DirectoryTest, UsersOfAProviderAreMembersWhereTheyMayBe) {
  put_member("entra:42", "globex", "viewer");
  config_.identity.providers.front().allowed_tenants = {"globex"};
  const Directory directory(config_, *store_);
  EXPECT_FALSE(*directory.membership("entra:42", "acme"));
  EXPECT_TRUE(*directory.membership("entra:42", "globex"));
  const auto memberships = *directory.memberships("entra:42");
  ASSERT_EQ(memberships.size(), 1U);
  EXPECT_EQ(memberships.front().tenant.handle, "globex");
  EXPECT_TRUE(*directory.membership("local:alice", "acme")) << "who is not of that provider is as before";
}

}  // namespace
}  // namespace postern::tenant

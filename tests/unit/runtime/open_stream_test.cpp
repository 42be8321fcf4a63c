#include <gtest/gtest.h>

#include "runtime/worker.hpp"

namespace postern::runtime {
namespace {

const auto kToken = crypto::sha256("token");

OpenStream of_grant(std::optional<crypto::Digest> token = kToken) {
  return {.grant = "g1", .user = "local:alice", .token = token, .end = {}};
}

token::Touched touching(const char* grant, const char* user, const crypto::Digest& token) {
  token::Touched touched;
  touched.grants.insert(grant);
  touched.users.insert(user);
  touched.tokens.insert(token);
  return touched;
}

TEST(OpenStream, Attack6EndsWithItsTokenAndNotWithAnotherOfItsGrant) {
  EXPECT_TRUE(of_grant().is_over(touching("g2", "local:bob", kToken)));
  EXPECT_FALSE(of_grant().is_over(touching("g2", "local:bob", crypto::sha256("another"))));
  EXPECT_FALSE(of_grant(std::nullopt).is_over(touching("g2", "local:bob", kToken))) << "begun without a token";
}

TEST(OpenStream, EndsWithItsGrantAndNotWithWhateverChangesOfItsUser) {
  EXPECT_TRUE(of_grant().is_over(touching("g1", "local:bob", {})));
  EXPECT_FALSE(of_grant().is_over(touching("g2", "local:alice", {})));
}

TEST(OpenStream, OfATokenMadeElsewhereEndsWithWhateverChangesOfItsUser) {
  const OpenStream stream{.grant = "", .user = "entra:1", .token = kToken, .end = {}};
  EXPECT_TRUE(stream.is_over(touching("g1", "entra:1", {})));
  EXPECT_FALSE(stream.is_over(touching("g1", "entra:2", {})));
}

TEST(OpenStream, ATenantThatChangesEndsNone) {
  token::Touched touched;
  touched.tenants.insert("acme");
  touched.everything = true;
  EXPECT_FALSE(of_grant().is_over(touched));
}

}  // namespace
}  // namespace postern::runtime

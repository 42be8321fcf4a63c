#include "authn/challenge.hpp"

#include <gtest/gtest.h>

#include "authn/resource_metadata.hpp"
#include "unit/tenant/test_policy.hpp"

namespace postern::authn {
namespace {

using nlohmann::json;

Refusal missing_bearer_token() { return {.error = "missing_bearer_token", .description = "sign in"}; }

Refusal invalid_token() {
  return {.error = "invalid_token", .description = "sign in again", .challenge_error = "invalid_token"};
}

class ChallengeTest : public testing::Test {
 protected:
  ChallengeTest() {
    server_.issuer = "https://ai.example.test";
    resource_.url = "https://ai.example.test/mcp";
    resource_.metadata_url = "https://ai.example.test/.well-known/oauth-protected-resource/mcp";
    resource_.name = "Tools";
    resource_.policy = std::make_shared<tests::TestPolicy>("p");
    resource_.server = std::make_shared<config::AuthorizationServer>(server_);
  }

  config::AuthorizationServer server_;
  tenant::Resource resource_;
};

TEST_F(ChallengeTest, WithoutATokenTheChallengeHasNoError) {
  EXPECT_EQ(www_authenticate(missing_bearer_token(), resource_),
            "Bearer resource_metadata=\"https://ai.example.test/.well-known/oauth-protected-resource/mcp\", "
            "scope=\"connect read\"");
}

TEST_F(ChallengeTest, ABadTokenIsNamedAsSuch) {
  Refusal refusal = invalid_token();
  refusal.description = "It has expired.";
  EXPECT_EQ(www_authenticate(refusal, resource_),
            "Bearer error=\"invalid_token\", error_description=\"It has expired.\", "
            "resource_metadata=\"https://ai.example.test/.well-known/oauth-protected-resource/mcp\", "
            "scope=\"connect read\"");
}

TEST_F(ChallengeTest, AStepUpNamesTheScopesOfTheCall) {
  Refusal refusal;
  refusal.status = 403;
  refusal.error = refusal.challenge_error = "insufficient_scope";
  refusal.scopes = {"connect", "write"};
  const auto challenge = www_authenticate(refusal, resource_);
  EXPECT_TRUE(challenge.starts_with("Bearer error=\"insufficient_scope\", ")) << challenge;
  EXPECT_TRUE(challenge.ends_with(", scope=\"connect write\"")) << challenge;
}

TEST_F(ChallengeTest, AScopeIsLeftOutWhereThePolicyAsksForNone) {
  resource_.policy =
      std::make_shared<tests::TestPolicy>("p", tests::TestPolicy::Scopes{{"a", "A"}}, std::vector<std::string>{});
  EXPECT_EQ(www_authenticate(missing_bearer_token(), resource_).find("scope="), std::string::npos);
}

TEST_F(ChallengeTest, QuotesBackslashesAndLineEndsCannotLeaveTheQuotedValue) {
  Refusal refusal = invalid_token();
  refusal.description = "a\" , error=\"x\\\" b\r\nSet-Cookie: c=d \xC3\xA4";
  const auto challenge = www_authenticate(refusal, resource_);
  EXPECT_TRUE(http::is_field_value(challenge)) << challenge;
  EXPECT_EQ(challenge.find('\\'), std::string::npos);
  EXPECT_NE(challenge.find("error_description=\"a' , error='x/' b??Set-Cookie: c=d ??\""), std::string::npos)
      << challenge;
}

TEST_F(ChallengeTest, TheAnswerIsJsonWithTheChallengeAndIsNotStored) {
  const auto response = refusal_response(missing_bearer_token(), &resource_, "req-1", nullptr);
  EXPECT_EQ(response.status, 401);
  EXPECT_EQ(response.headers.get("Content-Type"), "application/json");
  EXPECT_EQ(response.headers.get("Cache-Control"), "no-store");
  EXPECT_EQ(response.headers.get("WWW-Authenticate"), www_authenticate(missing_bearer_token(), resource_));
  EXPECT_FALSE(response.headers.get("Retry-After"));
  const json body = json::parse(response.body);
  EXPECT_EQ(body["error"], "missing_bearer_token");
  EXPECT_EQ(body["error_description"], missing_bearer_token().description);
  EXPECT_EQ(body["request_id"], "req-1");
  EXPECT_EQ(body.size(), 3U);
}

TEST_F(ChallengeTest, ForAJsonRpcRequestTheBodyIsAJsonRpcErrorAtTheSameStatus) {
  Refusal refusal{.status = 403, .error = "access_denied", .description = "Not for you.", .challenge = false};
  const json id = 7;
  const auto response = refusal_response(refusal, &resource_, "req-1", &id);
  EXPECT_EQ(response.status, 403);
  EXPECT_FALSE(response.headers.get("WWW-Authenticate"));
  EXPECT_EQ(json::parse(response.body), (json{{"jsonrpc", "2.0"},
                                              {"id", 7},
                                              {"error",
                                               {{"code", -32003},
                                                {"message", "Not for you."},
                                                {"data", {{"error", "access_denied"}, {"request_id", "req-1"}}}}}}));
  EXPECT_EQ(json::parse(refusal_response(refusal, nullptr, "r", &id, -32020).body)["error"]["code"], -32020);
}

TEST_F(ChallengeTest, TheTimeToWaitIsSaid) {
  Refusal refusal{
      .status = 429, .error = "rate_limited", .description = "Slower.", .challenge = false, .retry_after = 3};
  EXPECT_EQ(refusal_response(refusal, &resource_, "r", nullptr).headers.get("Retry-After"), "3");
}

TEST_F(ChallengeTest, BytesThatAreNoTextDoNotBreakTheBody) {
  Refusal refusal = invalid_token();
  refusal.description = "bad \xFF byte";
  EXPECT_TRUE(json::accept(refusal_response(refusal, &resource_, "r", nullptr).body));
}

TEST_F(ChallengeTest, MetadataNamesTheResourceByteForByte) {
  const json document = json::parse(resource_metadata(resource_));
  EXPECT_EQ(document, (json{{"resource", "https://ai.example.test/mcp"},
                            {"authorization_servers", {"https://ai.example.test"}},
                            {"scopes_supported", {"connect", "read"}},
                            {"bearer_methods_supported", {"header"}},
                            {"resource_name", "Tools"}}));
}

TEST_F(ChallengeTest, MetadataNeverAsksForOfflineAccessAndHasNoEmptyList) {
  resource_.policy = std::make_shared<tests::TestPolicy>("p", tests::TestPolicy::Scopes{{"offline_access", "Stay"}},
                                                         std::vector<std::string>{"offline_access"});
  EXPECT_FALSE(json::parse(resource_metadata(resource_)).contains("scopes_supported"));
}

}  // namespace
}  // namespace postern::authn

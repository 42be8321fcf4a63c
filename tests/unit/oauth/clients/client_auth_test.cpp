#include "unit/oauth/fixture.hpp"

namespace postern::oauth {
namespace {

class ClientAuthTest : public OAuthTest {
 protected:
  ClientAuthTest() { add_confidential_client("client_s", "se-cret_1"); }

  // What the token endpoint says to a request without grant_type: "400 invalid_request" means the client passed.
  http::Response answer(const Pairs& pairs, const std::vector<std::string>& authorization = {}) {
    auto request = post(pairs);
    for (const auto& value : authorization) request.fields.emplace_back("Authorization", value);
    request.body += request.body.empty() ? "grant_type=none" : "&grant_type=none";
    return token(request, context());
  }
  std::string outcome(const Pairs& pairs, const std::vector<std::string>& authorization = {}) {
    const auto error = error_of(answer(pairs, authorization));
    return error == "400 unsupported_grant_type" ? "passed" : error;
  }
  static std::string basic(const std::string& credentials) { return "Basic " + base64_encode(credentials); }
};

TEST_F(ClientAuthTest, APublicClientNamesItself) {
  EXPECT_EQ(outcome({{"client_id", "client_a"}}), "passed");
  EXPECT_EQ(outcome({{"client_id", "client_a"}, {"client_secret", ""}}), "passed");
  EXPECT_EQ(outcome({}, {basic("client_a:")}), "passed");
}

TEST_F(ClientAuthTest, AnUnknownClientIs401InvalidClient) {
  EXPECT_EQ(outcome({{"client_id", "client_gone"}}), "401 invalid_client");
  EXPECT_EQ(outcome({}, {basic("client_gone:x")}), "401 invalid_client");
  EXPECT_EQ(outcome({{"client_id", std::string(5000, 'x')}}), "401 invalid_client");
  EXPECT_EQ(outcome({}), "400 invalid_request");
}

TEST_F(ClientAuthTest, Case15AClientOfAnotherIssuerIsUnknown) {
  auto client = public_client("elsewhere");
  client.issuer = "https://other.example.test";
  ASSERT_TRUE(store_->clients().add(client));
  EXPECT_EQ(error_of(token_request({{"client_id", "elsewhere"}, {"grant_type", "refresh_token"}})),
            "401 invalid_client");
  server().issuer = "https://other.example.test";
  EXPECT_EQ(error_of(token_request({{"client_id", "elsewhere"}, {"grant_type", "refresh_token"}})),
            "400 invalid_request");
}

TEST_F(ClientAuthTest, ASecretIsTakenFromBasicOrFromTheForm) {
  EXPECT_EQ(outcome({}, {basic("client_s:se-cret_1")}), "passed");
  EXPECT_EQ(outcome({}, {"basic " + base64_encode("client_s:se-cret_1")}), "passed");
  EXPECT_EQ(outcome({{"client_id", "client_s"}, {"client_secret", "se-cret_1"}}), "passed");
  EXPECT_EQ(outcome({{"client_id", "client_s"}}, {basic("client_s:se-cret_1")}), "passed");
}

TEST_F(ClientAuthTest, BasicMayBeFormEncodedOrNot) {
  EXPECT_EQ(outcome({}, {basic("client%5Fs:se%2Dcret%5F1")}), "passed");
  EXPECT_EQ(outcome({{"client_id", "client_s"}}, {basic("client%5Fs:se%2Dcret_1")}), "passed");
  add_confidential_client("client_p", "100%a+b");
  EXPECT_EQ(outcome({}, {basic("client_p:100%a+b")}), "passed");
  EXPECT_EQ(outcome({}, {basic("client_p:100%25a%2Bb")}), "passed");
}

TEST_F(ClientAuthTest, AWrongOrMissingSecretIsRefusedWithTheSchemeUsed) {
  const auto refused = answer({}, {basic("client_s:wrong")});
  EXPECT_EQ(error_of(refused), "401 invalid_client");
  EXPECT_EQ(refused.headers.get("WWW-Authenticate"), "Basic realm=\"token\"");
  EXPECT_EQ(refused.headers.get("Cache-Control"), "no-store");
  EXPECT_FALSE(answer({{"client_id", "client_s"}, {"client_secret", "x"}}).headers.get("WWW-Authenticate"));
  EXPECT_EQ(outcome({{"client_id", "client_s"}, {"client_secret", "x"}}), "401 invalid_client");
  EXPECT_EQ(outcome({{"client_id", "client_s"}}), "401 invalid_client");
  EXPECT_EQ(outcome({}, {basic("client_s:")}), "401 invalid_client");
}

TEST_F(ClientAuthTest, ASecretForAPublicClientIsRefused) {
  EXPECT_EQ(outcome({{"client_id", "client_a"}, {"client_secret", "x"}}), "401 invalid_client");
  EXPECT_EQ(outcome({}, {basic("client_a:x")}), "401 invalid_client");
}

TEST_F(ClientAuthTest, TwoWaysAtOnceAreRefused) {
  EXPECT_EQ(outcome({{"client_secret", "se-cret_1"}}, {basic("client_s:se-cret_1")}), "400 invalid_request");
  EXPECT_EQ(outcome({{"client_id", "client_a"}}, {basic("client_s:se-cret_1")}), "400 invalid_request");
  EXPECT_EQ(outcome({}, {basic("client_s:se-cret_1"), basic("client_s:se-cret_1")}), "400 invalid_request");
}

TEST_F(ClientAuthTest, WhatIsNoBasicCredentialIsRefused) {
  for (const std::string value : {"Bearer abc", "Basic", "Basic !!!", "Basic ", "Basic Y2xpZW50X3M="}) {
    EXPECT_EQ(outcome({{"client_id", "client_a"}}, {value}), "401 invalid_client") << value;
  }
  EXPECT_EQ(outcome({{"client_id", "client_a"}}, {basic(std::string(5000, 'x') + ":y")}), "401 invalid_client");
  EXPECT_EQ(outcome({{"client_id", "client_a"}, {"client_assertion", "x"}}), "400 invalid_request");
}

}  // namespace
}  // namespace postern::oauth

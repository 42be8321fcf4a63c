#include "idp/authorization.hpp"

#include <gtest/gtest.h>

#include "base/encoding.hpp"
#include "crypto/hash.hpp"
#include "http/form.hpp"

namespace postern::idp {
namespace {

constexpr auto* kCallback = "https://ai.example.test/oauth/callback";

class AuthorizationTest : public testing::Test {
 protected:
  AuthorizationTest() {
    metadata_.authorization_endpoint = "https://login.example/authorize?p=x";
    provider_.client_id = "a client";
    provider_.client_secret = Secret("s:+/ %");
    sign_in_ = begin_sign_in("entra");
    sign_in_.resource = "https://ai.example.test/mcp";
  }
  http::Form asked(bool again = false) const {
    const auto url = authorization_url(metadata_, provider_, kCallback, sign_in_, "the-state", again);
    EXPECT_TRUE(url.starts_with("https://login.example/authorize?p=x&"));
    return http::Form::parse(std::string_view(url).substr(url.find('?') + 1)).value();
  }
  http::Form posted() const {
    return http::Form::parse(code_request(provider_, kCallback, sign_in_, "the-code").form).value();
  }

  ProviderMetadata metadata_;
  config::Provider provider_;
  SignInAtProvider sign_in_;
};

TEST_F(AuthorizationTest, EverySignInHasNonceAndVerifierOfItsOwn) {
  const auto other = begin_sign_in("entra");
  EXPECT_NE(other.nonce, sign_in_.nonce);
  EXPECT_NE(other.verifier, sign_in_.verifier);
  EXPECT_NE(other.nonce, other.verifier);
}

TEST_F(AuthorizationTest, AsksForACodeWithNonceStateAndChallenge) {
  const auto form = asked();
  EXPECT_EQ(form.get_or_empty("response_type"), "code");
  EXPECT_EQ(form.get_or_empty("client_id"), "a client");
  EXPECT_EQ(form.get_or_empty("redirect_uri"), kCallback);
  EXPECT_EQ(form.get_or_empty("scope"), "openid profile email");
  EXPECT_EQ(form.get_or_empty("state"), "the-state");
  EXPECT_EQ(form.get_or_empty("nonce"), sign_in_.nonce);
  EXPECT_EQ(form.get_or_empty("code_challenge"), base64url_encode(crypto::sha256_string(sign_in_.verifier)));
  EXPECT_EQ(form.get_or_empty("code_challenge_method"), "S256");
  EXPECT_FALSE(form.get("prompt"));
  EXPECT_EQ(asked(true).get_or_empty("prompt"), "login");
}

// Entra refuses requests with `resource`.
TEST_F(AuthorizationTest, TheResourceIsSentOnlyToThoseWhoWantIt) {
  EXPECT_FALSE(asked().get("resource"));
  EXPECT_FALSE(posted().get("resource"));
  provider_.send_resource = true;
  EXPECT_EQ(asked().get_or_empty("resource"), sign_in_.resource);
  EXPECT_EQ(posted().get_or_empty("resource"), sign_in_.resource);
}

// RFC 6749 section 2.3.1.
TEST_F(AuthorizationTest, EachWayToProveItself) {
  using Authentication = config::Provider::Authentication;
  auto request = code_request(provider_, kCallback, sign_in_, "the-code");
  EXPECT_EQ(request.authorization, "Basic " + base64_encode("a%20client:s%3A%2B%2F%20%25"));
  EXPECT_FALSE(posted().get("client_id"));
  EXPECT_FALSE(posted().get("client_secret"));
  EXPECT_EQ(posted().get_or_empty("code"), "the-code");
  EXPECT_EQ(posted().get_or_empty("code_verifier"), sign_in_.verifier);
  EXPECT_EQ(posted().get_or_empty("redirect_uri"), kCallback);

  provider_.authentication = Authentication::post;
  EXPECT_EQ(code_request(provider_, kCallback, sign_in_, "c").authorization, "");
  EXPECT_EQ(posted().get_or_empty("client_id"), "a client");
  EXPECT_EQ(posted().get_or_empty("client_secret"), "s:+/ %");

  provider_.authentication = Authentication::none;
  EXPECT_EQ(posted().get_or_empty("client_id"), "a client");
  EXPECT_FALSE(posted().get("client_secret"));
}

TEST_F(AuthorizationTest, OfAnAnswerOnlyTheIdTokenOrTheErrorsCodeIsTaken) {
  EXPECT_EQ(id_token_of(R"({"access_token":"a","id_token":"i"})").value(), "i");
  EXPECT_EQ(id_token_of(R"({"error":"invalid_client","error_description":"x"})").error().what,
            "the token endpoint says invalid_client");
  for (const char* bad : {"", "[]", "{}", R"({"id_token":7})", R"({"id_token":"a","id_token":"b"})"}) {
    EXPECT_FALSE(id_token_of(bad)) << bad;
  }
  for (const char* text : {"", "<script>", "Invalid Client", "a\nb"})
    EXPECT_EQ(error_code(text), "an error of its own");
  EXPECT_EQ(error_code(std::string(65, 'a')), "an error of its own");
}

}  // namespace
}  // namespace postern::idp

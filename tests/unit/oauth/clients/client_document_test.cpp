#include "oauth/clients/client_document.hpp"

#include <gmock/gmock.h>

#include "oauth/clients/find_client.hpp"
#include "unit/oauth/fixture.hpp"

namespace postern::oauth {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string kUrl = "https://app.example.test/oauth/client.json";

json document() {
  return {{"client_id", kUrl},
          {"client_name", "Desk"},
          {"redirect_uris", {"https://app.example.test/cb", "http://localhost/callback"}},
          {"token_endpoint_auth_method", "none"}};
}

Result<store::Client, OAuthError> read(const json& body, const config::Registration& registration = {}) {
  return read_client_document(body.dump(), kUrl, registration);
}

std::string fault(const json& body, const config::Registration& registration = {}) {
  const auto client = read(body, registration);
  if (client) return "";
  EXPECT_EQ(client.error().error, "invalid_client");
  EXPECT_EQ(client.error().status, 401);
  return client.error().description;
}

TEST(ClientDocument, DescribesAPublicClientNamedByItsUrl) {
  const auto client = read(document());
  ASSERT_TRUE(client) << client.error().description;
  EXPECT_EQ(client->id, kUrl);
  EXPECT_EQ(client->name, "Desk");
  EXPECT_EQ(client->auth, store::ClientAuth::none);
  EXPECT_EQ(client->secret_hash, "");
  EXPECT_THAT(client->redirect_uris, ElementsAre("https://app.example.test/cb", "http://localhost/callback"));
  EXPECT_THAT(client->grant_types, ElementsAre("authorization_code", "refresh_token"));
  EXPECT_TRUE(client->dynamic) << "what it says of its scopes binds nobody";
}

TEST(ClientDocument, NamesItselfByteForByte) {
  for (const json& id : {json(kUrl + "/"), json("https://app.example.test/oauth/Client.json"), json(nullptr), json(1),
                         json("https://app.example.test:443/oauth/client.json"), json::array({kUrl})}) {
    auto body = document();
    body["client_id"] = id;
    EXPECT_THAT(fault(body), HasSubstr("byte for byte")) << id;
  }
  auto body = document();
  body.erase("client_id");
  EXPECT_THAT(fault(body), HasSubstr("byte for byte"));
}

TEST(ClientDocument, NameAndRedirectUrisAreRequired) {
  for (const json& name : {json(nullptr), json(""), json("  "), json(7)}) {
    auto body = document();
    body["client_name"] = name;
    EXPECT_THAT(fault(body), HasSubstr("client_name")) << name;
  }
  for (const json& uris : {json(nullptr), json::array(), json("https://app.example.test/cb"), json::array({1})}) {
    auto body = document();
    body["redirect_uris"] = uris;
    EXPECT_THAT(fault(body), HasSubstr("redirect_uris")) << uris;
  }
}

TEST(ClientDocument, Compat9UrisThatAreNotAllowedAreLeftOut) {
  config::Registration registration;
  registration.redirect_domains = {"localhost"};
  const auto client = read(document(), registration);
  ASSERT_TRUE(client) << client.error().description;
  EXPECT_THAT(client->redirect_uris, ElementsAre("http://localhost/callback"));
  registration.redirect_domains = {"chatgpt.com"};
  EXPECT_THAT(fault(document(), registration), HasSubstr("https://app.example.test/cb, http://localhost/callback"));
  EXPECT_THAT(fault(document(), registration), HasSubstr("registration.redirect_domains"));
}

TEST(ClientDocument, ASecretThatEverybodyCanReadIsNone) {
  for (const char* member : {"client_secret", "client_secret_expires_at"}) {
    auto body = document();
    body[member] = "hunter2";
    EXPECT_THAT(fault(body), HasSubstr("must not hold a client_secret"));
    EXPECT_THAT(fault(body), testing::Not(HasSubstr("hunter2")));
  }
}

TEST(ClientDocument, OnlyMethodsWithoutASharedSecretAreTaken) {
  for (const char* method : {"client_secret_basic", "client_secret_post", "client_secret_jwt", "tls_client_auth", ""}) {
    auto body = document();
    body["token_endpoint_auth_method"] = method;
    EXPECT_NE(fault(body), "") << method;
  }
  for (const json& method : {json(1), json::array({"none"})}) {
    auto body = document();
    body["token_endpoint_auth_method"] = method;
    EXPECT_NE(fault(body), "") << method;
  }
  auto body = document();
  body.erase("token_endpoint_auth_method");
  EXPECT_EQ(fault(body), "") << "the default is none here";
}

TEST(ClientDocument, Compat13WhatIsNullIsNotThereAndWhatDecidesNothingCostsItselfAlone) {
  auto body = document();
  for (const char* member : {"token_endpoint_auth_method", "token_endpoint_auth_methods_supported", "client_secret",
                             "client_secret_expires_at", "jwks", "scope"}) {
    body[member] = nullptr;
  }
  EXPECT_EQ(fault(body), "");
  body["jwks"] = {{"keys", json::array()}};
  body["application_type"] = "spa";
  body["scope"] = json::array({"openid"});
  const auto client = read(body);
  ASSERT_TRUE(client) << client.error().description;
  EXPECT_EQ(client->application_type, "native");
  EXPECT_EQ(client->jwks, "");
  body["token_endpoint_auth_method"] = "private_key_jwt";
  EXPECT_THAT(fault(body), HasSubstr("jwks")) << "it relies on them";
}

TEST(ClientDocument, AListThatOffersNoneIsEnoughWhateverIsPreferred) {
  auto body = document();
  body["token_endpoint_auth_method"] = "private_key_jwt";
  body["token_endpoint_auth_methods_supported"] = {"none", "private_key_jwt"};
  body["jwks_uri"] = "https://app.example.test/jwks.json";
  const auto client = read(body);
  ASSERT_TRUE(client) << client.error().description;
  EXPECT_EQ(client->auth, store::ClientAuth::none);
  EXPECT_EQ(client->jwks_uri, "https://app.example.test/jwks.json") << "it may sign as well";
  for (const json& list : {json("none"), json::array({1}), json::object()}) {
    body["token_endpoint_auth_methods_supported"] = list;
    EXPECT_NE(fault(body), "") << list;
  }
}

TEST(ClientDocument, AClientThatSignsHasKeys) {
  auto body = document();
  body["token_endpoint_auth_method"] = "private_key_jwt";
  EXPECT_THAT(fault(body), HasSubstr("jwks"));
  body["jwks_uri"] = "https://app.example.test/jwks.json";
  const auto client = read(body);
  ASSERT_TRUE(client) << client.error().description;
  EXPECT_EQ(client->auth, store::ClientAuth::private_key_jwt);
  EXPECT_EQ(client->jwks_uri, "https://app.example.test/jwks.json");
  body["token_endpoint_auth_method"] = "none";
  EXPECT_EQ(read(body)->jwks_uri, "") << "it never said that it signs";
  body["token_endpoint_auth_method"] = "private_key_jwt";
  body["jwks_uri"] = "http://app.example.test/jwks.json";
  EXPECT_THAT(fault(body), HasSubstr("jwks_uri"));
}

TEST(ClientDocument, TheRulesOfRegisteredRedirectUrisHold) {
  for (const char* uri : {"javascript:alert(1)", "http://evil.example.test/cb", "https://a.example.test/#x"}) {
    auto body = document();
    body["redirect_uris"] = {uri};
    EXPECT_NE(fault(body), "") << uri;
  }
  config::Registration registration;
  registration.redirect_domains = {"localhost"};
  const auto client = read(document(), registration);
  ASSERT_TRUE(client);
  EXPECT_THAT(client->redirect_uris, ElementsAre("http://localhost/callback"));
  registration.redirect_domains = {"claude.ai"};
  EXPECT_THAT(fault(document(), registration), HasSubstr("registration.redirect_domains"));
}

TEST(ClientDocument, WhatIsNoSingleObjectIsRefused) {
  for (const char* text : {"", "[]", "null", "{", "\"x\"", "{\"client_id\":1,\"client_id\":2}", "\xff"}) {
    EXPECT_FALSE(read_client_document(text, kUrl, {})) << text;
  }
}

TEST(DocumentUrl, IsAPlainHttpsUrlWithAPath) {
  for (const char* good : {"https://app.example.test/c", "https://app.example.test:8443/a/b.json",
                           "https://app.example.test/c?v=1", "https://127.0.0.1/c", "https://[2001:db8::1]/c"}) {
    EXPECT_EQ(document_url_fault(good), std::nullopt) << good;
  }
  for (const char* bad :
       {"https://app.example.test", "https://app.example.test/", "https://app.example.test?x", "https:///c",
        "https://a@app.example.test/c", "https://app.example.test/c#", "https://app.example.test/a/../c",
        "https://app.example.test/a/%2e%2e/c", "https://app.example.test//c", "https://app.example.test/a%2Fc",
        "https://App.example.test/c", "https://app.example.test:443/c", "https://0x7f.1/c", "https://2130706433/c",
        "https://127.1/c", "https://localhost./c", "https://app.example.test/\\c", "https://app.example.test/c d",
        "http://a.example.test/c"}) {
    EXPECT_NE(document_url_fault(bad), std::nullopt) << bad;
  }
  EXPECT_NE(document_url_fault("https://a.example.test/" + std::string(500, 'x')), std::nullopt);
}

class FindClient : public OAuthTest {
 protected:
  using Text = Result<DocumentText>;
  // As the gateway does it: what is wanted is brought, and the client looked for again.
  Result<store::Client, OAuthError> find(const std::string& id, const Text& text = fail(Errc::protocol, "404")) {
    documents_ = {};
    auto client = find_client(id, context());
    wanted_ = documents_.wanted();
    if (!wanted_) return client;
    EXPECT_EQ(client.error().status, 503);
    documents_.bring(text);
    return find_client(id, context());
  }
  static Text held(const std::string& text) { return std::make_shared<const std::string>(text); }

  std::optional<WantedDocument> wanted_;  // by the last find()
};

TEST_F(FindClient, TheDocumentOfThatUrlIsWantedAndDescribesIt) {
  const auto client = find(kUrl, held(document().dump()));
  ASSERT_TRUE(client);
  EXPECT_EQ(client->name, "Desk");
  EXPECT_EQ(wanted_, (WantedDocument{DocumentKind::client, kUrl, false}));
}

TEST_F(FindClient, WhatIsAtHandIsNotWanted) {
  documents_ = ForeignDocuments([](const WantedDocument& wanted) -> std::optional<DocumentText> {
    if (wanted.url != kUrl) return std::nullopt;
    return std::make_shared<const std::string>(document().dump());
  });
  EXPECT_EQ(find_client(kUrl, context())->name, "Desk");
  EXPECT_FALSE(documents_.wanted());
  EXPECT_FALSE(find_client("https://app.example.test/oauth/other.json", context()));
  EXPECT_TRUE(documents_.wanted());
}

TEST_F(FindClient, AFailedFetchIsOneSentenceWhateverTheReason) {
  std::set<std::string> said;
  for (const Errc code : {Errc::denied, Errc::unavailable, Errc::timed_out, Errc::protocol, Errc::too_large}) {
    const auto client = find(kUrl, fail(code, "10.0.0.1 is private"));
    EXPECT_EQ(client.error().status, 401);
    EXPECT_THAT(client.error().detail, HasSubstr("10.0.0.1"));
    said.insert(client.error().description);
  }
  EXPECT_EQ(said.size(), 1U);
  EXPECT_EQ(find(kUrl, fail(Errc::busy, "full")).error().error, "temporarily_unavailable");
}

TEST_F(FindClient, SwitchedOffOrUntrustedNothingIsWanted) {
  const auto good = held(document().dump());
  server().registration.metadata_document_domains = {"claude.ai"};
  EXPECT_THAT(find(kUrl, good).error().description, HasSubstr("this domain"));
  EXPECT_FALSE(wanted_);
  server().registration.metadata_document_domains = {"app.example.test"};
  EXPECT_TRUE(find(kUrl, good));
  server().registration.metadata_documents = false;
  EXPECT_FALSE(find(kUrl, good));
  EXPECT_FALSE(wanted_);
}

TEST_F(FindClient, OnlyAUrlOfTheRightFormIsWanted) {
  for (const char* id : {"client_a", "http://app.example.test/c", "https://app.example.test/", ""}) {
    find(id);
    EXPECT_FALSE(wanted_) << id;
  }
}

TEST_F(FindClient, WithoutAPlaceToFetchFromTheAnswerIsNotYes) {
  Context none = context();
  none.documents = nullptr;
  EXPECT_EQ(find_client(kUrl, none).error().status, 503);
}

TEST_F(FindClient, RegisteredClientsAreFoundAsBefore) {
  EXPECT_EQ(find("client_a")->id, "client_a");
  EXPECT_EQ(find("client_z").error().error, "invalid_client");
  EXPECT_FALSE(find(std::string(300, 'x')));
}

}  // namespace
}  // namespace postern::oauth

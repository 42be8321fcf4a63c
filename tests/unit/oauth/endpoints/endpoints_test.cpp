#include "unit/oauth/fixture.hpp"

#include "token/opaque.hpp"

namespace postern::oauth {
namespace {

class RevokeTest : public OAuthTest {
 protected:
  http::Response revoked(const std::string& value, const std::string& client = "client_a",
                         const std::string& hint = "") {
    Pairs pairs{{"token", value}, {"client_id", client}};
    if (!hint.empty()) pairs.emplace_back("token_type_hint", hint);
    return revoke(post(pairs), context());
  }
};

TEST_F(RevokeTest, ARefreshTokenTakesItsGrantWithIt) {
  const json tokens = new_tokens();
  const auto response = revoked(tokens["refresh_token"]);
  EXPECT_EQ(response.status, 200);
  EXPECT_TRUE(response.body.empty());
  EXPECT_FALSE(access_lives(tokens["access_token"]));
  EXPECT_EQ(error_of(token_request(refresh_request(tokens["refresh_token"]))), "400 invalid_grant");
  EXPECT_EQ(log_.audited("token_revoked"), 1);
}

TEST_F(RevokeTest, AnAccessTokenGoesAlone) {
  const json tokens = new_tokens();
  EXPECT_EQ(revoked(tokens["access_token"]).status, 200);
  EXPECT_FALSE(access_lives(tokens["access_token"]));
  granted(token_request(refresh_request(tokens["refresh_token"])));
  EXPECT_EQ(log_.audited("token_revoked"), 1);
}

TEST_F(RevokeTest, AWrongHintStillWorks) {
  const json tokens = new_tokens();
  EXPECT_EQ(revoked(tokens["refresh_token"], "client_a", "access_token").status, 200);
  EXPECT_FALSE(access_lives(tokens["access_token"]));
  const json others = new_tokens();
  EXPECT_EQ(revoked(others["access_token"], "client_a", "nonsense").status, 200);
  EXPECT_FALSE(access_lives(others["access_token"]));
}

TEST_F(RevokeTest, AForeignClientsTokenIsLeftAlone) {
  const json tokens = new_tokens();
  EXPECT_EQ(revoked(tokens["access_token"], "client_b").status, 200);
  EXPECT_EQ(revoked(tokens["refresh_token"], "client_b").status, 200);
  EXPECT_TRUE(access_lives(tokens["access_token"]));
  EXPECT_EQ(log_.audited("token_revoked"), 0);
}

TEST_F(RevokeTest, AnUnknownTokenIsAnsweredTheSame) {
  EXPECT_EQ(revoked("whatever").status, 200);
  EXPECT_EQ(revoked(token::make_token("mcpv1_")).status, 200);
  EXPECT_EQ(revoked(token::make_token(token::kRefreshPrefix)).status, 200);
}

TEST_F(RevokeTest, TheClientMustSayWhoItIs) {
  EXPECT_EQ(error_of(revoke(post({{"token", "x"}}), context())), "400 invalid_request");
  EXPECT_EQ(error_of(revoked("x", "client_gone")), "401 invalid_client");
  EXPECT_EQ(error_of(revoked("")), "400 invalid_request");
}

class IntrospectTest : public OAuthTest {
 protected:
  IntrospectTest() {
    add_confidential_client("client_rs", "secret", false);
    add_confidential_client("client_dyn", "secret", true);
  }
  http::Response ask(const std::string& value, const std::string& client = "client_rs") {
    return introspect(post({{"token", value}, {"client_id", client}, {"client_secret", "secret"}}), context());
  }
  bool active(const std::string& value, const std::string& client = "client_rs") {
    const json body = granted(ask(value, client));
    if (!body["active"]) EXPECT_EQ(body.size(), 1U) << "an inactive token says nothing of itself";
    return body["active"];
  }
};

TEST_F(IntrospectTest, AnActiveTokenIsDescribed) {
  const json tokens = new_tokens();
  EXPECT_EQ(granted(ask(tokens["access_token"])), (json{{"active", true},
                                                        {"scope", "connect read"},
                                                        {"client_id", "client_a"},
                                                        {"username", "alice"},
                                                        {"token_type", "Bearer"},
                                                        {"exp", to_seconds(clock_.now() + 10min)},
                                                        {"iat", to_seconds(clock_.now())},
                                                        {"sub", "local:alice"},
                                                        {"aud", kResource},
                                                        {"iss", kIssuer},
                                                        {"tenant", "acme"}}));
}

TEST_F(IntrospectTest, OnlyClientsWithASecretAreAnswered) {
  const json tokens = new_tokens();
  const std::string value = tokens["access_token"];
  EXPECT_EQ(error_of(introspect(post({{"token", value}, {"client_id", "client_a"}}), context())), "401 invalid_client");
  EXPECT_EQ(error_of(introspect(post({{"token", value}, {"client_id", "client_rs"}}), context())),
            "401 invalid_client");
  EXPECT_EQ(error_of(introspect(post({{"token", value}}), context())), "400 invalid_request");
}

TEST_F(IntrospectTest, AClientThatRegisteredItselfLearnsNothingOfOthersTokens) {
  EXPECT_FALSE(active(new_tokens()["access_token"], "client_dyn"));
}

TEST_F(IntrospectTest, WhatTheResourceWouldRefuseIsInactive) {
  const json expired = new_tokens();
  clock_.advance(10min);
  EXPECT_FALSE(active(expired["access_token"]));
  EXPECT_FALSE(active(expired["refresh_token"]));
  EXPECT_FALSE(active("nonsense"));
  EXPECT_FALSE(active(token::make_token("mcpv1_")));

  const json revoked = new_tokens();
  ASSERT_TRUE(store_->grants().revoke(grant_of(revoked["access_token"]), "test", clock_.now()));
  EXPECT_FALSE(active(revoked["access_token"]));

  const json disabled = new_tokens("local:bob");
  ASSERT_TRUE(active(disabled["access_token"]));
  ASSERT_TRUE(store_->users().set_disabled("local:bob", true));
  EXPECT_FALSE(active(disabled["access_token"]));
}

class ResourceServerTest : public IntrospectTest {
 protected:
  ResourceServerTest() {
    add_resource("https://{tenant}.example.test/tools");
    build();
    add_resource_server("client_mcp", {kResource});
    add_resource_server("client_other", {kOtherResource, "https://{tenant}.example.test/tools"});
  }
  void add_resource_server(const std::string& id, std::vector<std::string> resources) {
    store::Client client;
    client.id = client.name = id;
    client.auth = store::ClientAuth::secret_basic;
    client.secret_hash = crypto::sha256_string("secret");
    client.introspects = std::move(resources);
    EXPECT_TRUE(store_->clients().add(client));
  }
  std::string minted(const std::string& resource) {
    store::Grant grant;
    grant.user = "local:alice";
    grant.tenant = "acme";
    grant.resource = resource;
    grant.scopes = {"connect", "read"};
    const auto token = mint_token(grant, 1h, context());
    EXPECT_TRUE(token) << token.error().what;
    return token ? *token : "";
  }
};

// RFC 7662 section 2.1.
TEST_F(ResourceServerTest, Compat21ItMayAskAboutItsUsersTokensWhicheverClientGotThem) {
  const json described = granted(ask(new_tokens()["access_token"], "client_mcp"));
  EXPECT_EQ(described["active"], true);
  EXPECT_EQ(described["sub"], "local:alice");
  EXPECT_EQ(described["client_id"], "client_a");
  EXPECT_EQ(described["aud"], kResource);
}

TEST_F(ResourceServerTest, Compat21TokensOfOtherResourcesAreInactiveToIt) {
  const std::string mine = new_tokens()["access_token"];
  const std::string other = minted(kOtherResource);
  const std::string of_acme = minted("https://acme.example.test/tools");
  EXPECT_TRUE(active(mine, "client_mcp"));
  EXPECT_FALSE(active(mine, "client_other"));
  EXPECT_FALSE(active(other, "client_mcp"));
  EXPECT_TRUE(active(other, "client_other"));
  EXPECT_FALSE(active(of_acme, "client_mcp"));
  EXPECT_TRUE(active(of_acme, "client_other")) << "named with {tenant}, it is that of every tenant";
}

TEST_F(ResourceServerTest, Compat21NamedForOneTenantItKnowsNoOther) {
  add_resource_server("client_team", {"https://team.example.test/tools"});
  EXPECT_FALSE(active(minted("https://acme.example.test/tools"), "client_team"));
}

TEST_F(ResourceServerTest, Compat21ItGetsNoTokensAndNobodyIsSentToIt) {
  for (const char* type : {"client_credentials", "authorization_code", "refresh_token"}) {
    EXPECT_EQ(error_of(token_request({{"grant_type", type}, {"client_id", "client_mcp"}, {"client_secret", "secret"}})),
              "400 unauthorized_client")
        << type;
  }
  for (const Pairs& more : {Pairs{}, Pairs{{"redirect_uri", kRedirect}}}) {
    Pairs request{{"client_id", "client_mcp"}, {"response_type", "code"}};
    request.insert(request.end(), more.begin(), more.end());
    EXPECT_TRUE(std::holds_alternative<PageError>(check_authorization(form(request), context())));
  }
}

TEST_F(ResourceServerTest, Compat21ItMustProveWhoItIs) {
  const std::string value = new_tokens()["access_token"];
  EXPECT_EQ(error_of(introspect(post({{"token", value}, {"client_id", "client_mcp"}}), context())),
            "401 invalid_client");
  EXPECT_EQ(error_of(introspect(post({{"token", value}, {"client_id", "client_mcp"}, {"client_secret", "wrong"}}),
                                context())),
            "401 invalid_client");
}

class MetadataTest : public OAuthTest {
 protected:
  json document() {
    const auto response = server_metadata({}, context());
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.headers.get("Content-Type"), "application/json");
    return json::parse(response.body);
  }
};

TEST_F(MetadataTest, NamesTheIssuerExactlyAndEveryEndpointAbsolutely) {
  server().issuer = "https://ai.example.test/t1";
  server().endpoints.token = "/custom/token";
  const json document = this->document();
  EXPECT_EQ(document["issuer"], "https://ai.example.test/t1");
  EXPECT_EQ(document["authorization_endpoint"], "https://ai.example.test/oauth/authorize");
  EXPECT_EQ(document["token_endpoint"], "https://ai.example.test/custom/token");
  EXPECT_EQ(document["registration_endpoint"], "https://ai.example.test/oauth/register");
  EXPECT_EQ(document["revocation_endpoint"], "https://ai.example.test/oauth/revoke");
  EXPECT_EQ(document["introspection_endpoint"], "https://ai.example.test/oauth/introspect");
}

TEST_F(MetadataTest, SaysWhatIsServedAndNothingElse) {
  const json document = this->document();
  EXPECT_EQ(document["response_types_supported"], json::array({"code"}));
  EXPECT_EQ(document["response_modes_supported"], json::array({"query"}));
  EXPECT_EQ(document["grant_types_supported"],
            json::array({"authorization_code", "refresh_token", "client_credentials"}));
  EXPECT_EQ(document["code_challenge_methods_supported"], json::array({"S256"}));
  const json methods = json::array({"none", "client_secret_basic", "client_secret_post", "private_key_jwt"});
  EXPECT_EQ(document["token_endpoint_auth_methods_supported"], methods);
  EXPECT_EQ(document["revocation_endpoint_auth_methods_supported"], methods);
  EXPECT_EQ(document["introspection_endpoint_auth_methods_supported"],
            json::array({"client_secret_basic", "client_secret_post", "private_key_jwt"}));
  for (const auto* endpoint : {"token", "revocation", "introspection"}) {
    EXPECT_EQ(document[std::string(endpoint) + "_endpoint_auth_signing_alg_values_supported"],
              json::array({"RS256", "PS256", "ES256", "EdDSA"}));
  }
  EXPECT_EQ(document["scopes_supported"], json::array({"connect", "read", "write"}));
  EXPECT_EQ(document["authorization_response_iss_parameter_supported"], true);
  EXPECT_FALSE(document.contains("jwks_uri"));
}

TEST_F(MetadataTest, HasNoNullAndNoEmptyList) {
  config_.resources.clear();
  build();
  const json document = this->document();
  EXPECT_FALSE(document.contains("scopes_supported"));
  for (const auto& [name, value] : document.items()) {
    EXPECT_FALSE(value.is_null()) << name;
    EXPECT_FALSE(value.empty()) << name;
  }
}

// OpenID Connect Discovery 1.0 section 3: its parsers refuse a document without these.
TEST_F(MetadataTest, Compat18TheOpenIdDocumentIsTheSameWithWhatItsParsersRequire) {
  const json plain = this->document();
  json openid = json::parse(openid_configuration({}, context()).body);
  EXPECT_EQ(openid["subject_types_supported"], json::array({"public"}));
  EXPECT_EQ(openid["id_token_signing_alg_values_supported"], json::array({"RS256", "ES256"}));
  EXPECT_EQ(openid["jwks_uri"], "https://ai.example.test/.well-known/jwks.json");
  for (const char* name : {"subject_types_supported", "id_token_signing_alg_values_supported", "jwks_uri"}) {
    EXPECT_FALSE(plain.contains(name)) << name;
    openid.erase(name);
  }
  EXPECT_EQ(openid, plain);
}

TEST_F(MetadataTest, Compat18TheAlgorithmOfOurTokensIsAmongThoseOfTheOpenIdDocument) {
  const auto algorithms = [this] {
    return json::parse(openid_configuration({}, context()).body)["id_token_signing_alg_values_supported"];
  };
  server().access_token.algorithm = "EdDSA";
  EXPECT_EQ(algorithms(), json::array({"RS256", "ES256"})) << "opaque tokens are signed with none";
  server().access_token.format = config::TokenFormat::jwt;
  EXPECT_EQ(algorithms(), json::array({"RS256", "ES256", "EdDSA"}));
  server().access_token.algorithm = "RS256";
  EXPECT_EQ(algorithms(), json::array({"RS256", "ES256"}));
}

TEST_F(MetadataTest, WithoutKeysTheSetIsEmptyAndNamedByItsIssuer) {
  server().issuer = "https://ai.example.test/t1";
  const json openid = json::parse(openid_configuration({}, context()).body);
  EXPECT_EQ(openid["jwks_uri"], "https://ai.example.test/.well-known/jwks.json/t1");
  EXPECT_EQ(json::parse(jwks({}, context()).body), (json{{"keys", json::array()}}));
}

TEST_F(MetadataTest, ClosedRegistrationIsNotAdvertised) {
  server().registration.open = false;
  EXPECT_FALSE(document().contains("registration_endpoint"));
}

class MintTest : public OAuthTest {
 protected:
  static store::Grant wanted() {
    store::Grant grant;
    grant.user = "local:alice";
    grant.tenant = "acme";
    grant.resource = std::string(kResource) + "/";
    grant.scopes = {"connect", "write"};
    return grant;
  }
  Errc refused(const store::Grant& grant) {
    const auto minted = mint_token(grant, 1h, context());
    return minted ? Errc::internal : minted.error().code;
  }
};

TEST_F(MintTest, AnOperatorsTokenLivesAsLongAsWasAsked) {
  const auto value = mint_token(wanted(), 24h, context());
  ASSERT_TRUE(value) << value.error().what;
  EXPECT_TRUE(token::has_token_shape(*value, "mcpv1_"));
  const auto found = *store_->grants().find_access(crypto::sha256_string(*value));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->token.expires_at, clock_.now() + 24h);
  EXPECT_EQ(found->grant.kind, store::GrantKind::minted);
  EXPECT_EQ(found->grant.resource, kResource);
  EXPECT_EQ(found->token.scopes, (std::vector<std::string>{"connect", "write"}));
  EXPECT_TRUE(found->grant.narrowed);
  EXPECT_EQ(log_.text().find(*value), std::string::npos);
}

TEST_F(MintTest, ATokenForConnectAloneIsNarrowedWhereThatIsWanted) {
  auto grant = wanted();
  grant.scopes = {"connect"};
  for (const bool narrowed : {false, true}) {
    grant.narrowed = narrowed;
    const auto value = mint_token(grant, 1h, context());
    ASSERT_TRUE(value) << value.error().what;
    EXPECT_EQ((*store_->grants().find_access(crypto::sha256_string(*value)))->grant.narrowed, narrowed);
  }
}

TEST_F(MintTest, NobodyGetsMoreThanTheirRoleOrATokenForNothing) {
  auto grant = wanted();
  grant.user = "local:bob";
  EXPECT_EQ(refused(grant), Errc::denied);
  grant = wanted();
  grant.scopes = {"connect", "unknown"};
  EXPECT_EQ(refused(grant), Errc::invalid);
  grant = wanted();
  grant.tenant = "globex";
  EXPECT_EQ(refused(grant), Errc::denied);
  grant = wanted();
  grant.resource = "https://evil.example/mcp";
  EXPECT_EQ(refused(grant), Errc::invalid);
}

}  // namespace
}  // namespace postern::oauth

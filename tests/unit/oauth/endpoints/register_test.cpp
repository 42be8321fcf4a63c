#include "unit/oauth/fixture.hpp"

#include <thread>

namespace postern::oauth {
namespace {

class RegisterTest : public OAuthTest {
 protected:
  static json good() {
    return {{"client_name", "Inspector"},
            {"redirect_uris", {kRedirect}},
            {"grant_types", {"authorization_code", "refresh_token"}},
            {"response_types", {"code"}},
            {"token_endpoint_auth_method", "none"}};
  }
  static json with(const std::string& name, const json& value) {
    json document = good();
    document[name] = value;
    return document;
  }
  static json without(const std::string& name) {
    json document = good();
    document.erase(name);
    return document;
  }
  http::Response answer(const std::string& body, const std::string& type = "application/json") {
    http::Request request;
    request.method = "POST";
    request.fields = {{"Content-Type", type}};
    request.body = body;
    return register_client(request, context());
  }
  std::string refused(const json& document) { return error_of(answer(document.dump())); }
  json registered(const json& document) {
    const auto response = answer(document.dump());
    EXPECT_EQ(response.status, 201) << response.body;
    return json::parse(response.body);
  }
};

TEST_F(RegisterTest, APublicClientIsRegisteredAndEchoed) {
  const auto response = answer(good().dump());
  ASSERT_EQ(response.status, 201) << response.body;
  EXPECT_EQ(response.headers.get("Content-Type"), "application/json");
  EXPECT_EQ(response.headers.get("Cache-Control"), "no-store");
  json body = json::parse(response.body);
  const std::string id = body["client_id"];
  EXPECT_EQ(id.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"),
            std::string::npos);
  EXPECT_EQ(body["client_id_issued_at"], to_seconds(clock_.now()));
  body.erase("client_id");
  body.erase("client_id_issued_at");
  EXPECT_EQ(body, with("application_type", "web"));

  const auto stored = *store_->clients().find(id);
  ASSERT_TRUE(stored);
  EXPECT_TRUE(stored->dynamic);
  EXPECT_EQ(stored->auth, store::ClientAuth::none);
  EXPECT_TRUE(stored->secret_hash.empty());
  EXPECT_EQ(log_.audited("client_registered"), 1);
}

TEST_F(RegisterTest, AConfidentialClientGetsASecretOnceAndOnlyItsHashIsStored) {
  for (const char* method : {"client_secret_basic", "client_secret_post"}) {
    const json body = registered(with("token_endpoint_auth_method", method));
    EXPECT_EQ(body["token_endpoint_auth_method"], method);
    EXPECT_EQ(body["client_secret_expires_at"], 0);
    const std::string secret = body["client_secret"];
    EXPECT_EQ(secret.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"),
              std::string::npos);
    const auto stored = *store_->clients().find(body["client_id"].get<std::string>());
    EXPECT_EQ(stored->secret_hash, crypto::sha256_string(secret));
    EXPECT_EQ(log_.text().find(secret), std::string::npos);
  }
  EXPECT_EQ(registered(without("token_endpoint_auth_method"))["token_endpoint_auth_method"], "client_secret_basic");
}

TEST_F(RegisterTest, NoMemberIsNullOrEmptyAndAPublicClientHasNoSecret) {
  json document = good();
  for (const char* name : {"client_uri", "logo_uri", "scope", "tos_uri", "jwks", "software_id"})
    document[name] = nullptr;
  const json body = registered(document);
  EXPECT_FALSE(body.contains("client_secret"));
  EXPECT_FALSE(body.contains("client_secret_expires_at"));
  for (const auto& [name, value] : body.items()) {
    EXPECT_FALSE(value.is_null()) << name;
    EXPECT_NE(value, "") << name;
  }
}

TEST_F(RegisterTest, EqualPublicRegistrationsShareOneClient) {
  std::mutex mutex;
  std::set<std::string> ids;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      const json body = json::parse(answer(good().dump()).body);
      const std::lock_guard lock(mutex);
      ids.insert(body["client_id"]);
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(ids.size(), 1U);
  clock_.advance(1h);
  EXPECT_TRUE(ids.contains(registered(good())["client_id"].get<std::string>()));
  EXPECT_FALSE(ids.contains(registered(with("client_name", "Other"))["client_id"].get<std::string>()));
  EXPECT_FALSE(
      ids.contains(registered(with("redirect_uris", {"https://app.example.test/2"}))["client_id"].get<std::string>()));
}

TEST_F(RegisterTest, Case15AClientBelongsToTheIssuerWhereItRegistered) {
  const std::string id = registered(good())["client_id"];
  EXPECT_EQ((*store_->clients().find(id))->issuer, kIssuer);
  server().issuer = "https://other.example.test";
  EXPECT_NE(registered(good())["client_id"], id) << "equal metadata at another issuer is another client";
}

TEST_F(RegisterTest, ConfidentialRegistrationsAreNeverShared) {
  const json document = with("token_endpoint_auth_method", "client_secret_post");
  EXPECT_NE(registered(document)["client_id"], registered(document)["client_id"]);
}

TEST_F(RegisterTest, BadRedirectUrisAreRefused) {
  for (const json& uris : std::vector<json>{{"javascript:alert(1)"},
                                            {"http://evil.example/cb"},
                                            json::array(),
                                            {"https://app.example/#x"},
                                            "https://app.example/",
                                            {kRedirect, "data:text/html,x"},
                                            {1},
                                            nullptr,
                                            {""},
                                            {{kRedirect}}}) {
    EXPECT_EQ(refused(with("redirect_uris", uris)), "400 invalid_redirect_uri") << uris;
  }
  EXPECT_EQ(refused(without("redirect_uris")), "400 invalid_redirect_uri");
  json many = json::array();
  for (int i = 0; i < 51; ++i) many.push_back("https://app.example.test/" + std::to_string(i));
  EXPECT_EQ(refused(with("redirect_uris", many)), "400 invalid_redirect_uri");
  many.erase(50);
  EXPECT_EQ(registered(with("redirect_uris", many))["redirect_uris"], many);
}

TEST_F(RegisterTest, ASetWithAPrivateUseSchemeIsRegisteredWhole) {
  const json uris = {"cursor://anysphere.cursor-mcp/oauth/callback", "https://www.cursor.com/agents/mcp/oauth/callback",
                     "http://localhost:8787/callback"};
  const json body = registered(with("redirect_uris", uris));
  EXPECT_EQ(body["redirect_uris"], uris);
  EXPECT_EQ(body["application_type"], "native");
}

TEST_F(RegisterTest, AnOperatorsDomainsRestrictRedirectUris) {
  server().registration.redirect_domains = std::vector<std::string>{"chatgpt.com"};
  EXPECT_EQ(registered(with("redirect_uris", {"https://chatgpt.com/connector/oauth/x"}))["redirect_uris"].size(), 1U);
  EXPECT_EQ(refused(good()), "400 invalid_redirect_uri");
  const json mixed = {"https://chatgpt.com/connector/oauth/x", "http://localhost:1/cb"};
  EXPECT_EQ(registered(with("redirect_uris", mixed))["redirect_uris"], json({"https://chatgpt.com/connector/oauth/x"}));
}

// The three that Cursor registers at once.
TEST_F(RegisterTest, Compat9UrisThatAreNotAllowedAreLeftOutAndTheAnswerAndTheLogSayWhich) {
  const json asked = {"cursor://anysphere.cursor-mcp/oauth/callback",
                      "https://www.cursor.com/agents/mcp/oauth/callback", "http://localhost:8787/callback"};
  const auto kept = [&](std::vector<std::string> domains) {
    server().registration.redirect_domains = std::move(domains);
    return registered(with("redirect_uris", asked))["redirect_uris"];
  };
  EXPECT_EQ(kept({"cursor:", "*.cursor.com", "localhost"}), asked);
  EXPECT_EQ(log_.text().find("redirect_uris_left_out"), std::string::npos);
  EXPECT_EQ(kept({"cursor:"}), json::array({asked[0]}));
  EXPECT_EQ(kept({"*.cursor.com"}), json::array({asked[1]}));
  EXPECT_EQ(kept({"localhost"}), json::array({asked[2]}));
  EXPECT_NE(log_.text().find("Inspector cursor://anysphere.cursor-mcp/oauth/callback, "
                             "https://www.cursor.com/agents/mcp/oauth/callback registration.redirect_domains"),
            std::string::npos)
      << log_.text();
  const json ours = registered(with("redirect_uris", {"http://localhost:1/cb", "http://[::1]:1/cb"}));
  EXPECT_EQ(ours["redirect_uris"], json::array({"http://localhost:1/cb"}));
}

// RFC 7591 section 3.2.2.
TEST_F(RegisterTest, Compat9WhereNoUriIsLeftTheErrorNamesThemAndTheKey) {
  server().registration.redirect_domains = std::vector<std::string>{"chatgpt.com"};
  const auto response =
      answer(with("redirect_uris", {"cursor://anysphere.cursor-mcp/oauth/callback", "http://[::1]:1/cb"}).dump());
  EXPECT_EQ(error_of(response), "400 invalid_redirect_uri");
  const std::string description = json::parse(response.body)["error_description"];
  for (const char* part :
       {"cursor://anysphere.cursor-mcp/oauth/callback", "http://[::1]:1/cb", "registration.redirect_domains"}) {
    EXPECT_NE(description.find(part), std::string::npos) << description;
  }
  // RFC 6749 section 5.2.
  for (const char c : description) EXPECT_TRUE(c >= 0x20 && c < 0x7F && c != '"' && c != '\\') << description;
  EXPECT_NE(log_.text().find("none of the redirect URIs of the client Inspector: cursor://"), std::string::npos)
      << log_.text();
  json many = json::array();
  for (int i = 0; i < 50; ++i) many.push_back("https://x.test/" + std::to_string(i) + std::string(1000, 'x'));
  EXPECT_LT(answer(with("redirect_uris", many).dump()).body.size(), 2000U);
}

TEST_F(RegisterTest, Compat9ADangerousUriRefusesTheRegistrationWhateverIsAllowed) {
  server().registration.redirect_domains = std::vector<std::string>{"app.example.test"};
  for (const char* uri : {"javascript:alert(1)", "data:text/html,x", "http://evil.example/cb", "https://a@b.test/"}) {
    EXPECT_EQ(refused(with("redirect_uris", {kRedirect, uri})), "400 invalid_redirect_uri") << uri;
  }
}

TEST_F(RegisterTest, UnsupportedGrantTypesAreDroppedAndTheAnswerSaysSo) {
  const auto kept = [this](const json& types) { return registered(with("grant_types", types))["grant_types"]; };
  EXPECT_EQ(kept({"authorization_code", "password", "implicit", "refresh_token"}),
            json({"authorization_code", "refresh_token"}));
  EXPECT_EQ(kept({"authorization_code"}), json::array({"authorization_code"}));
  EXPECT_EQ(registered(without("grant_types"))["grant_types"], json({"authorization_code", "refresh_token"}));
  for (const json& types : std::vector<json>{json::array({"client_credentials"}), json::array({"password", "implicit"}),
                                             json::array({"refresh_token"}), "authorization_code", json::array({1})}) {
    EXPECT_EQ(refused(with("grant_types", types)), "400 invalid_client_metadata") << types;
  }
}

TEST_F(RegisterTest, OtherMetadataIsChecked) {
  EXPECT_EQ(refused(with("response_types", json::array({"token"}))), "400 invalid_client_metadata");
  EXPECT_EQ(refused(with("token_endpoint_auth_method", "private_key_jwt")), "400 invalid_client_metadata");
  EXPECT_EQ(refused(with("client_name", 5)), "400 invalid_client_metadata");
  EXPECT_EQ(registered(with("scope", "connect  openid"))["scope"], "connect openid");
  EXPECT_EQ(registered(with("client_uri", "https://app.example.test"))["client_uri"], "https://app.example.test");
  EXPECT_FALSE(registered(with("client_uri", "javascript:alert(1)")).contains("client_uri"));
}

// RFC 7591 section 2: ignored or replaced, and the answer says what was registered.
TEST_F(RegisterTest, Compat13WhatDecidesNothingCostsItselfAlone) {
  for (const char* name : {"application_type", "client_uri", "scope", "jwks", "jwks_uri", "logo_uri", "contacts",
                           "tos_uri", "software_statement", "default_max_age"}) {
    for (const json& wrong : {json(nullptr), json(5), json("spa"), json::array({1}), json::object(), json(false)}) {
      if (name == std::string("scope") && wrong.is_string()) continue;
      const json body = registered(with(name, wrong));
      EXPECT_EQ(body["application_type"], "web") << name << wrong;
      for (const char* left_out : {"client_uri", "scope", "jwks", "jwks_uri"}) {
        EXPECT_FALSE(body.contains(left_out)) << name << wrong << left_out;
      }
    }
  }
  EXPECT_FALSE(registered(with("scope", std::string(20'000, 'x'))).contains("scope"));
  EXPECT_EQ(registered(with("application_type", "native"))["application_type"], "native");
  json desktop = with("application_type", "spa");
  desktop["redirect_uris"] = {"http://localhost:1/cb"};
  EXPECT_EQ(registered(desktop)["application_type"], "native");
}

TEST_F(RegisterTest, Compat13APublicClientIsRegisteredWithWhatIsUsableOfItsKeys) {
  const json good = {{"kty", "OKP"}, {"crv", "Ed25519"}, {"x", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}};
  json encrypting = good;
  encrypting["use"] = "enc";
  const json unknown = {{"kty", "AKP"}, {"alg", "ML-DSA-44"}, {"pub", "AA"}};
  for (const char* method : {"none", "client_secret_basic"}) {
    json client = with("token_endpoint_auth_method", method);
    for (const json& keys : {json::array(), json::array({encrypting}), json::array({unknown}), json("key"), json()}) {
      client["jwks"] = {{"keys", keys}};
      EXPECT_FALSE(registered(client).contains("jwks")) << method << keys;
    }
    client["jwks"] = {{"keys", {encrypting, good, unknown}}};
    EXPECT_EQ(registered(client)["jwks"]["keys"].size(), 1U);
    client["jwks_uri"] = "https://app.example.test/keys";
    EXPECT_FALSE(registered(client).contains("jwks_uri")) << "never both";
    client.erase("jwks");
    EXPECT_EQ(registered(client)["jwks_uri"], "https://app.example.test/keys");
    server().registration.metadata_documents = false;
    EXPECT_FALSE(registered(client).contains("jwks_uri")) << "nobody fetches";
    server().registration.metadata_documents = true;
    json secret = good;
    secret["d"] = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
    client["jwks"] = {{"keys", {secret}}};
    EXPECT_EQ(refused(client), "400 invalid_client_metadata") << "its owner has to know";
  }
}

// RFC 7591 section 2.
TEST_F(RegisterTest, AClientThatSignsRegistersItsPublicKeys) {
  const auto key = crypto::PrivateKey::generate(crypto::KeyType::p256);
  json document = with("token_endpoint_auth_method", "private_key_jwt");
  document["jwks"] = json::parse(crypto::to_json(std::vector{crypto::Jwk{key.public_key(), "k1"}}).dump());
  const json reply = registered(document);
  EXPECT_EQ(reply["token_endpoint_auth_method"], "private_key_jwt");
  EXPECT_EQ(reply["jwks"]["keys"][0]["kid"], "k1");
  EXPECT_FALSE(reply.contains("client_secret"));
  const auto client = store_->clients().find(reply["client_id"].get<std::string>()).value();
  ASSERT_TRUE(client);
  EXPECT_EQ(client->auth, store::ClientAuth::private_key_jwt);
  EXPECT_EQ(crypto::parse_jwk_set(client->jwks)->keys.at(0).key, key.public_key());
  EXPECT_EQ(registered(document)["client_id"], reply["client_id"]) << "the same client again";
}

TEST_F(RegisterTest, KeysThatCannotBeUsedAreRefused) {
  json document = with("token_endpoint_auth_method", "private_key_jwt");
  EXPECT_EQ(refused(document), "400 invalid_client_metadata") << "no keys at all";
  const json good = {{"kty", "OKP"}, {"crv", "Ed25519"}, {"x", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}};
  json secret = good;
  secret["d"] = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
  json encrypting = good;
  encrypting["use"] = "enc";
  for (const json& key : {secret, json{{"kty", "oct"}, {"k", "AA"}}}) {
    document["jwks"] = {{"keys", json::array({good, key})}};
    EXPECT_EQ(refused(document), "400 invalid_client_metadata") << key;
  }
  // A set holds keys for other purposes too.
  for (const json& key : {encrypting, json("key")}) {
    document["jwks"] = {{"keys", json::array({good, key})}};
    EXPECT_EQ(registered(document)["jwks"]["keys"].size(), 1U) << key;
    document["jwks"] = {{"keys", json::array({key})}};
    EXPECT_EQ(refused(document), "400 invalid_client_metadata") << key;
  }
  for (const json& set : {json{{"keys", json::array()}}, json::array(), json("x")}) {
    document["jwks"] = set;
    EXPECT_EQ(refused(document), "400 invalid_client_metadata") << set;
  }
  document["jwks"] = {{"keys", json::array({good})}};
  document["jwks_uri"] = "https://app.example.test/keys";
  EXPECT_EQ(refused(document), "400 invalid_client_metadata") << "both";
  document.erase("jwks");
  EXPECT_EQ(registered(document)["jwks_uri"], "https://app.example.test/keys");
  server().registration.metadata_document_domains = {"claude.ai"};
  EXPECT_EQ(refused(document), "400 invalid_client_metadata") << "nobody fetches from there";
  server().registration.metadata_document_domains = {"app.example.test"};
  EXPECT_EQ(registered(document)["jwks_uri"], "https://app.example.test/keys");
  server().registration.metadata_documents = false;
  EXPECT_EQ(refused(document), "400 invalid_client_metadata") << "nobody fetches";
  server().registration.metadata_documents = true;
  document["jwks_uri"] = "http://app.example.test/keys";
  EXPECT_EQ(refused(document), "400 invalid_client_metadata");
}

TEST_F(RegisterTest, ANameThatWouldDeceiveIsRefused) {
  for (const std::string& name : {std::string(201, 'x'), std::string(10'240, 'x'), std::string("a\0b", 3),
                                  std::string("a\nb"), std::string("safe\u202Eexe"), std::string("\u2066x\u2069"),
                                  std::string("zero\u200Bwidth"), std::string("\u0085"), std::string("\U000E0041")}) {
    EXPECT_EQ(refused(with("client_name", name)), "400 invalid_client_metadata") << name;
  }
  EXPECT_EQ(registered(with("client_name", "<img onerror=x> Ä 日本 👩‍💻"))["client_name"],
            "<img onerror=x> Ä 日本 👩‍💻");
  std::string long_name;
  for (int i = 0; i < 200; ++i) long_name += "ä";
  EXPECT_EQ(registered(with("client_name", long_name))["client_name"], long_name);
}

TEST_F(RegisterTest, ANamelessClientIsCalledByItsRedirectHost) {
  EXPECT_EQ(registered(without("client_name"))["client_name"], "app.example.test");
  EXPECT_EQ(registered(with("client_name", "  "))["client_name"], "app.example.test");
}

TEST_F(RegisterTest, OnlyStrictJsonIsTaken) {
  EXPECT_EQ(error_of(answer("client_name=x", "application/x-www-form-urlencoded")), "415 invalid_client_metadata");
  EXPECT_EQ(error_of(answer(good().dump(), "text/plain")), "415 invalid_client_metadata");
  EXPECT_EQ(answer(good().dump(), "Application/JSON; charset=utf-8").status, 201);
  const std::string body = good().dump();
  for (const std::string& bad :
       {std::string(), std::string("{"), "\xEF\xBB\xBF" + body, body + "x", std::string("[]"), std::string("null"),
        "{\"client_name\":\"a\"," + body.substr(1), std::string("{\"client_name\":\"\\ud800\",") + body.substr(1),
        std::string(10'000, '[')}) {
    EXPECT_EQ(error_of(answer(bad)), "400 invalid_client_metadata") << bad.substr(0, 60);
  }
  EXPECT_EQ(error_of(answer(std::string(1'000'000, ' '))), "413 invalid_client_metadata");
  http::Request get;
  get.method = "GET";
  EXPECT_EQ(error_of(register_client(get, context())), "405 invalid_request");
}

TEST_F(RegisterTest, ClosedRegistrationIsRefused) {
  server().registration.open = false;
  EXPECT_EQ(refused(good()), "403 access_denied");
}

TEST_F(RegisterTest, Attack7RegistrationsAreBoundedAndTheMetricsTellHowManyGaveWay) {
  const auto metrics = telemetry::make_metrics();
  auto bounded = context();
  bounded.most_unused_clients = 16;
  bounded.metrics = metrics.get();
  const auto before = store_->clients().list()->size();
  std::string first;
  for (int i = 0; i < 40; ++i) {
    http::Request request;
    request.method = "POST";
    request.fields = {{"Content-Type", "application/json"}};
    request.body = with("client_name", "App " + std::to_string(i)).dump();
    request.peer = i == 0 ? "192.0.2.1" : "2001:db8::" + std::to_string(i);
    const auto response = register_client(request, bounded);
    ASSERT_EQ(response.status, 201) << response.body;
    if (i == 0) first = json::parse(response.body)["client_id"];
  }
  EXPECT_EQ(store_->clients().list()->size(), before + 16);
  EXPECT_TRUE(*store_->clients().find(first)) << "the client of another network stays";
  EXPECT_NE(metrics->expose().find("postern_clients_evicted_total 24"), std::string::npos);
}

}  // namespace
}  // namespace postern::oauth

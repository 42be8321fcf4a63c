#include "authn/external_token.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "unit/tenant/test_policy.hpp"
#include "unit/tenant/test_store.hpp"
#include "unit/token/manual_clock.hpp"

namespace postern::authn {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr auto* kIssuer = "https://login.example/v2.0";

class ExternalTokenTest : public testing::Test {
 protected:
  ExternalTokenTest() {
    external_.issuer = kIssuer;
    external_.audience = {"api", "other-api"};
  }

  std::string sign(const json& changes = {}, const std::string& typ = "JWT") const {
    json claims = {{"iss", kIssuer},
                   {"aud", "api"},
                   {"sub", "AbC"},
                   {"azp", "chatgpt"},
                   {"exp", to_seconds(clock_.now()) + 600},
                   {"iat", to_seconds(clock_.now())},
                   {"scp", "mcp:read tools"}};
    if (changes.is_object()) claims.update(changes);
    for (auto it = claims.begin(); it != claims.end();) it = it->is_null() ? claims.erase(it) : std::next(it);
    return crypto::sign_jws(key_, crypto::JwsAlgorithm::es256, typ, "k", claims.dump());
  }
  Result<ExternalIdentity> identity(const std::string& compact) const {
    const auto jws = read_external_token(compact, external_);
    if (!jws) return jws.error();
    return external_identity(*jws, external_, clock_.now());
  }
  Errc refusal(const json& changes, const std::string& typ = "JWT") const {
    const auto read = identity(sign(changes, typ));
    return read ? Errc::internal : read.error().code;
  }

  tests::ManualClock clock_;
  crypto::PrivateKey key_ = crypto::PrivateKey::generate(crypto::KeyType::p256);
  config::External external_;
};

TEST_F(ExternalTokenTest, SaysWhoCalls) {
  const auto read = identity(sign({{"email", "a@example.test"}, {"name", "Alice"}, {"tid", "t-1"}}));
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(read->subject, "AbC");
  EXPECT_EQ(read->client, "chatgpt");
  EXPECT_EQ(read->tenant, "t-1");
  EXPECT_EQ(read->email, "a@example.test");
  EXPECT_EQ(read->name, "Alice");
  EXPECT_THAT(read->scopes, ElementsAre("mcp:read", "tools"));
}

// RFC 8725 section 3.1.
TEST_F(ExternalTokenTest, OnlyTheAlgorithmsThatTheOperatorAllows) {
  EXPECT_TRUE(identity(sign()));
  external_.algorithms = {"RS256"};
  EXPECT_EQ(refusal({}), Errc::denied);
}

// RFC 8725 section 3.11, RFC 9068 section 4.
TEST_F(ExternalTokenTest, OnlyTheTypesThatTheOperatorAllows) {
  EXPECT_EQ(refusal({}, "at+jwt"), Errc::internal);
  EXPECT_EQ(refusal({}, "application/at+jwt"), Errc::internal);
  for (const char* other : {"", "logout+jwt", "dpop+jwt", "JWT2"}) EXPECT_EQ(refusal({}, other), Errc::denied) << other;
  external_.token_types = {"none"};
  EXPECT_EQ(refusal({}, ""), Errc::internal);
  EXPECT_EQ(refusal({}, "JWT"), Errc::denied);
  EXPECT_EQ(refusal({}, "none"), Errc::internal) << "that is what the operator wrote";
}

TEST_F(ExternalTokenTest, AnIdTokenIsNoAccessToken) {
  for (const char* name : {"nonce", "at_hash", "c_hash", "events"}) EXPECT_EQ(refusal({{name, "x"}}), Errc::denied);
}

// RFC 7800 section 3.1: no proof of a key is checked, so no form of confirmation may count as a plain bearer token.
TEST_F(ExternalTokenTest, Compat20ATokenThatIsBoundToAKeyIsRefusedWhateverBindsIt) {
  for (const json& cnf : {json{{"jkt", "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}},
                          json{{"x5t#S256", "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"}}, json{{"kid", "k"}},
                          json{{"future", 1}}, json::object(), json("x"), json(false), json(7)}) {
    EXPECT_EQ(refusal({{"cnf", cnf}}), Errc::denied) << cnf;
  }
  for (const char* claim : {"typ", "token_type"}) {
    EXPECT_EQ(refusal({{claim, "DPoP"}}), Errc::denied) << claim;
    EXPECT_EQ(refusal({{claim, "dpop"}}), Errc::denied) << claim;
    EXPECT_EQ(refusal({{claim, "Bearer"}}), Errc::internal) << claim;
  }
  const auto bound = identity(sign({{"cnf", {{"jkt", "secret-thumbprint"}}}}));
  EXPECT_NE(bound.error().what.find("bound to a key"), std::string::npos) << bound.error().what;
  EXPECT_EQ(bound.error().what.find("secret-thumbprint"), std::string::npos);
}

TEST_F(ExternalTokenTest, ABoundTokenThatIsNotOtherwiseGoodIsToldNothingOfItsKey) {
  const json cnf = {{"jkt", "x"}};
  EXPECT_EQ(refusal({{"cnf", cnf}, {"iss", "https://evil.example"}}), Errc::denied);
  EXPECT_EQ(refusal({{"cnf", cnf}, {"aud", "x"}}), Errc::denied);
  EXPECT_EQ(refusal({{"cnf", cnf}, {"exp", 1}}), Errc::expired);
}

TEST_F(ExternalTokenTest, OfThatIssuerAndForOneOfTheAudiences) {
  EXPECT_EQ(refusal({{"aud", {"x", "other-api"}}}), Errc::internal);
  for (const json& aud : {json("API"), json({"x"}), json::array(), json(nullptr), json(7), json({"api", 7})}) {
    EXPECT_EQ(refusal({{"aud", aud}}), Errc::denied) << aud;
  }
  for (const json& iss : {json("https://login.example/v2.0/"), json("https://evil.example"), json(nullptr)}) {
    EXPECT_EQ(refusal({{"iss", iss}}), Errc::denied) << iss;
  }
}

TEST_F(ExternalTokenTest, WhileItIsGood) {
  const auto now = to_seconds(clock_.now());
  EXPECT_EQ(refusal({{"exp", now - 61}}), Errc::expired);
  EXPECT_EQ(refusal({{"exp", nullptr}}), Errc::denied);
  EXPECT_EQ(refusal({{"exp", "never"}}), Errc::denied);
  EXPECT_EQ(refusal({{"nbf", now + 120}}), Errc::denied);
  EXPECT_EQ(refusal({{"iat", now + 120}}), Errc::denied);
}

// It becomes part of a key.
TEST_F(ExternalTokenTest, AUserIsNamedPlainly) {
  for (const json& sub : {json(nullptr), json(""), json(7), json("a b"), json("a\nb"), json(std::string(256, 'x'))}) {
    EXPECT_EQ(refusal({{"sub", sub}}), Errc::denied) << sub;
  }
  external_.claims.user = "oid";
  EXPECT_EQ(refusal({}), Errc::denied);
  EXPECT_EQ(identity(sign({{"oid", "o-1"}}))->subject, "o-1");
}

TEST_F(ExternalTokenTest, ScopesAreOfTheFirstClaimThatIsThere) {
  EXPECT_THAT(identity(sign({{"roles", {"admin"}}}))->scopes, ElementsAre("mcp:read", "tools"));
  EXPECT_THAT(identity(sign({{"scp", nullptr}, {"roles", {"a", "b", 7}}}))->scopes, ElementsAre("a", "b"));
  EXPECT_THAT(identity(sign({{"scp", nullptr}}))->scopes, IsEmpty());
  EXPECT_THAT(identity(sign({{"scp", 7}}))->scopes, IsEmpty());
}

TEST_F(ExternalTokenTest, AnAddressThatIsNotVerifiedIsNone) {
  const json address = {{"email", "a@example.test"}};
  const auto with = [&](const json& verified) {
    auto claims = address;
    claims["email_verified"] = verified;
    return identity(sign(claims))->email;
  };
  EXPECT_EQ(with(true), "a@example.test");
  EXPECT_EQ(with("true"), "a@example.test");
  EXPECT_EQ(with(false), "");
  EXPECT_EQ(with("false"), "");
  EXPECT_EQ(identity(sign({{"email", "a\r\nX: y"}}))->email, "");
}

class PlaceTest : public testing::Test {
 protected:
  PlaceTest() {
    server_->name = "entra";
    server_->external = config::External{};
    resource_.canonical = "https://tools.example.test/mcp";
    resource_.server = server_;
    resource_.policy = std::make_shared<const tests::TestPolicy>("p");
    EXPECT_TRUE(store_->tenants().apply({.tenants = {{"acme", "Acme Inc.", "business"}}}));
    EXPECT_TRUE(store_->tenants().apply({.tenants = {{"globex", "Globex", ""}}}));
    EXPECT_TRUE(store_->tenants().apply({.members = {{"entra:AbC", "acme", "admin"}}}));
    who_.subject = "AbC";
    who_.client = "chatgpt";
    who_.tenant = "acme";
    who_.scopes = {"read"};
  }

  // "tenant role", or the name of the error.
  std::string placed() {
    const auto principal = place_external(who_, resource_, directory_, store_->users());
    return principal ? (*principal)->tenant + " " + (*principal)->role : to_string(principal.error().code);
  }
  config::External& external() { return *server_->external; }

  static config::Config with_entra() {
    config::Config config;
    auto& server = config.authorization_servers.emplace_back();
    server.name = "entra";
    server.external.emplace();
    return config;
  }

  tests::TestStore store_;
  config::Config config_ = with_entra();
  tenant::Directory directory_{config_, *store_};
  std::shared_ptr<config::AuthorizationServer> server_ = std::make_shared<config::AuthorizationServer>();
  tenant::Resource resource_;
  ExternalIdentity who_;
};

TEST_F(PlaceTest, AMemberHasItsRoleAndNobodyElseIsAny) {
  EXPECT_EQ(placed(), "acme admin");
  const auto principal = place_external(who_, resource_, directory_, store_->users()).value();
  EXPECT_EQ(principal->user, "entra:AbC");
  EXPECT_EQ(principal->plan, "business");
  EXPECT_EQ(principal->client, "chatgpt");
  EXPECT_EQ(principal->resource, resource_.canonical);
  EXPECT_EQ(principal->grant, "");
  who_.subject = "other";
  EXPECT_EQ(placed(), "denied");
  who_.subject = "AbC";
  who_.tenant = "globex";
  EXPECT_EQ(placed(), "denied");
}

TEST_F(PlaceTest, WhoHasConnectAloneIsNotNarrowed) {
  EXPECT_TRUE(place_external(who_, resource_, directory_, store_->users()).value()->narrowed);
  who_.scopes = {"connect", "openid"};
  EXPECT_FALSE(place_external(who_, resource_, directory_, store_->users()).value()->narrowed);
}

TEST_F(PlaceTest, TheTenantOfTheResourceCountsMoreThanTheTokens) {
  resource_.fixed_tenant = "globex";
  EXPECT_EQ(placed(), "denied");
  resource_.fixed_tenant = "acme";
  who_.tenant = "globex";
  EXPECT_EQ(placed(), "acme admin");
}

TEST_F(PlaceTest, AMapSaysWhichTenantIsMeantAndNoOtherIs) {
  external().tenant_map = {{"t-1", "acme"}};
  EXPECT_EQ(placed(), "denied") << "the handle itself is not in the map";
  who_.tenant = "t-1";
  EXPECT_EQ(placed(), "acme admin");
  who_.tenant = "";
  EXPECT_EQ(placed(), "denied");
}

TEST_F(PlaceTest, WithAnyWhoeverHasATokenIsAMemberOfATenantThatIsThere) {
  external().members_only = false;
  external().role = "viewer";
  EXPECT_EQ(placed(), "acme admin") << "who is listed has the role that is listed";
  who_.subject = "other";
  EXPECT_EQ(placed(), "acme viewer");
  who_.tenant = "nobody";
  EXPECT_EQ(placed(), "denied");
}

TEST_F(PlaceTest, WithAnyNobodyIsAMemberWhereTheProviderMayHaveNone) {
  external().members_only = false;
  EXPECT_EQ(placed(), "acme admin");
  auto& provider = config_.identity.providers.emplace_back();
  provider.name = "entra";
  provider.allowed_tenants = {"globex"};
  const tenant::Directory directory(config_, *store_);
  const auto principal = place_external(who_, resource_, directory, store_->users());
  EXPECT_EQ(principal.error().code, Errc::denied);
}

TEST_F(PlaceTest, AUserWhoIsDisabledIsNobody) {
  store::User user;
  user.key = "entra:AbC";
  ASSERT_TRUE(store_->users().add(user));
  EXPECT_EQ(placed(), "acme admin");
  ASSERT_TRUE(store_->users().set_disabled("entra:AbC", true));
  EXPECT_EQ(placed(), "denied");
}

}  // namespace
}  // namespace postern::authn

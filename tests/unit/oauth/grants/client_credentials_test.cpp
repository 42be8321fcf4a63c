#include "unit/oauth/fixture.hpp"

namespace postern::oauth {
namespace {

class ClientCredentialsTest : public OAuthTest {
 protected:
  ClientCredentialsTest() { add_machine(machine()); }

  void add_machine(const store::Client& client) { ASSERT_TRUE(store_->clients().add(client)); }
  http::Response ask(const Pairs& more = {}, const std::string& id = "machine") {
    auto pairs = machine_request(id);
    pairs.insert(pairs.end(), more.begin(), more.end());
    return token_request(pairs);
  }
  std::string outcome(const Pairs& more = {}, const std::string& id = "machine") {
    const auto response = ask(more, id);
    return response.status == 200 ? json::parse(response.body)["scope"].get<std::string>() : error_of(response);
  }
  store::Grant grant() { return store_->grants().list({}).value().front(); }
};

// RFC 6749 section 4.4.3.
TEST_F(ClientCredentialsTest, AClientActsByItselfWhereTheOperatorPutIt) {
  const json reply = granted(ask());
  EXPECT_EQ(reply["token_type"], "Bearer");
  EXPECT_EQ(reply["expires_in"], 600);
  EXPECT_EQ(reply["scope"], "connect read");
  EXPECT_FALSE(reply.contains("refresh_token"));
  const auto made = grant();
  EXPECT_EQ(made.kind, store::GrantKind::client_credentials);
  EXPECT_EQ(made.user, "client:machine");
  EXPECT_EQ(made.tenant, "acme");
  EXPECT_EQ(made.client, "machine");
  EXPECT_EQ(made.resource, kResource);
  EXPECT_EQ(made.expires_at, clock_.now() + 10min);
}

TEST_F(ClientCredentialsTest, TheResourceMayBeNamedAndIsNoOther) {
  EXPECT_EQ(outcome({{"resource", kResource}}), "connect read");
  EXPECT_EQ(outcome({{"resource", kOtherResource}}), "400 invalid_target");
  EXPECT_EQ(outcome({{"resource", "https://nowhere.example.test/"}}), "400 invalid_target");
}

TEST_F(ClientCredentialsTest, ScopesAreThoseItWasAddedWithAndNoMore) {
  EXPECT_EQ(outcome({{"scope", "read"}}), "read");
  EXPECT_EQ(outcome({{"scope", "read write unheard-of"}}), "read");
  EXPECT_EQ(outcome({{"scope", "write"}}), "400 invalid_scope");
}

TEST_F(ClientCredentialsTest, Compat13ScopesOfOpenIdConnectAloneMeanAllThatItWasAddedWith) {
  EXPECT_EQ(outcome({{"scope", "openid profile"}}), outcome({}));
  EXPECT_EQ(outcome({{"scope", "openid unheard-of"}}), "400 invalid_scope");
}

TEST_F(ClientCredentialsTest, TheGrantIsNarrowedByWhatWasAskedForAndByWhatTheOperatorAllows) {
  const auto narrowed = [this](const Pairs& more, const std::string& id) {
    clock_.advance(1s);
    granted(ask(more, id));
    return grant().narrowed;
  };
  EXPECT_TRUE(narrowed({}, "machine"));
  EXPECT_TRUE(narrowed({{"scope", "connect"}}, "machine")) << "asking for less never comes to more";
  auto wide = machine();
  wide.id = "wide";
  wide.scope = "connect";
  add_machine(wide);
  EXPECT_FALSE(narrowed({}, "wide"));
  EXPECT_TRUE(narrowed({{"scope", "connect write"}}, "wide"));
}

TEST_F(ClientCredentialsTest, ARoleIsNeededForWhatRolesAreFor) {
  auto client = machine();
  client.id = "writer";
  client.scope = "connect write";
  add_machine(client);
  EXPECT_EQ(outcome({}, "writer"), "connect");
  client.id = "editor";
  client.role = "editor";
  add_machine(client);
  EXPECT_EQ(outcome({}, "editor"), "connect write");
}

TEST_F(ClientCredentialsTest, PublicClientsAndThoseThatRegisteredThemselvesMayNot) {
  auto open = machine();
  open.id = "open";
  open.auth = store::ClientAuth::none;
  open.secret_hash.clear();
  add_machine(open);
  EXPECT_EQ(error_of(token_request({{"grant_type", "client_credentials"}, {"client_id", "open"}})),
            "400 unauthorized_client");
  auto dynamic = machine();
  dynamic.id = "dynamic";
  dynamic.dynamic = true;
  add_machine(dynamic);
  EXPECT_EQ(outcome({}, "dynamic"), "400 unauthorized_client");
  add_confidential_client("users_only", "s3cret", false);
  EXPECT_EQ(outcome({}, "users_only"), "400 unauthorized_client");
}

TEST_F(ClientCredentialsTest, ItGetsNothingElse) {
  EXPECT_EQ(error_of(token_request({{"grant_type", "refresh_token"},
                                    {"refresh_token", "x"},
                                    {"client_id", "machine"},
                                    {"client_secret", "s3cret"}})),
            "400 unauthorized_client");
  EXPECT_EQ(error_of(token_request({{"grant_type", "client_credentials"}, {"client_id", "machine"}})),
            "401 invalid_client");
}

TEST_F(ClientCredentialsTest, WithoutItsTenantOrWithAnotherPlanItGetsNothing) {
  auto client = machine();
  client.id = "lost";
  client.tenant = "nowhere";
  add_machine(client);
  EXPECT_EQ(outcome({}, "lost"), "400 unauthorized_client");
}

TEST_F(ClientCredentialsTest, ItsTokenIsIntrospectedAndRevokedLikeAnyOther) {
  const json reply = granted(ask());
  const Pairs about{
      {"token", reply["access_token"].get<std::string>()}, {"client_id", "machine"}, {"client_secret", "s3cret"}};
  const json looked = json::parse(introspect(post(about), context()).body);
  EXPECT_EQ(looked["active"], true);
  EXPECT_EQ(looked["sub"], "client:machine");
  EXPECT_EQ(looked["username"], "");
  EXPECT_EQ(looked["tenant"], "acme");
  EXPECT_EQ(revoke(post(about), context()).status, 200);
  EXPECT_EQ(json::parse(introspect(post(about), context()).body)["active"], false);
}

}  // namespace
}  // namespace postern::oauth

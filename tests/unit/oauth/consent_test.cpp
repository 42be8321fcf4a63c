#include "unit/oauth/fixture.hpp"

#include <thread>

namespace postern::oauth {
namespace {

class ConsentTest : public OAuthTest {
 protected:
  Consent consent(std::vector<std::string> scopes = {"connect", "read", "write"}) {
    AuthorizationRequest request;
    request.client.id = "client_a";
    request.redirect_uri = kRedirect;
    request.state = "st at&e";
    request.has_state = true;
    request.challenge = challenge_of(kVerifier);
    request.scopes = std::move(scopes);
    request.resource = catalog_->by_indicator(kResource);
    return make_consent(request,
                        std::string("\x00\xFF"
                                    "browser",
                                    9),
                        "local:alice", context());
  }
  static std::string browser() {
    return std::string(
        "\x00\xFF"
        "browser",
        9);
  }
  Errc opened(const std::string& sealed, const std::string& browser, const std::string& user) {
    const auto result = open_consent(sealed, browser, user, context());
    return result ? Errc::internal : result.error().code;
  }
  Errc approved(const Consent& consent, const std::string& tenant = "acme") {
    const auto result = approve(consent, tenant, context());
    return result ? Errc::internal : result.error().code;
  }
};

TEST_F(ConsentTest, APageOpensAsItWasSealed) {
  const Consent made = consent();
  const auto opened = open_consent(seal_consent(made, context()), browser(), "local:alice", context());
  ASSERT_TRUE(opened) << opened.error().what;
  EXPECT_EQ(opened->id, made.id);
  EXPECT_EQ(opened->browser, made.browser);
  EXPECT_EQ(opened->client, "client_a");
  EXPECT_EQ(opened->redirect_uri, kRedirect);
  EXPECT_EQ(opened->state, "st at&e");
  EXPECT_TRUE(opened->has_state);
  EXPECT_EQ(opened->challenge, made.challenge);
  EXPECT_EQ(opened->resource, kResource);
  EXPECT_EQ(opened->scopes, made.scopes);
  EXPECT_TRUE(opened->narrowed);
  Consent wide = made;
  wide.narrowed = false;
  EXPECT_FALSE(open_consent(seal_consent(wide, context()), browser(), "local:alice", context())->narrowed);
  EXPECT_EQ(opened->expires_at, made.expires_at);
}

TEST_F(ConsentTest, APageIsBoundToItsBrowserAndUser) {
  const auto sealed = seal_consent(consent(), context());
  EXPECT_EQ(opened(sealed, "another browser", "local:alice"), Errc::denied);
  EXPECT_EQ(opened(sealed, "", "local:alice"), Errc::denied);
  EXPECT_EQ(opened(sealed, browser(), "local:bob"), Errc::denied);
}

TEST_F(ConsentTest, AForgedOrChangedPageIsDenied) {
  auto sealed = seal_consent(consent(), context());
  sealed[sealed.size() / 2] = sealed[sealed.size() / 2] == 'A' ? 'B' : 'A';
  EXPECT_EQ(opened(sealed, browser(), "local:alice"), Errc::denied);
  for (const char* forged : {"", "x", "not base64!", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}) {
    EXPECT_EQ(opened(forged, browser(), "local:alice"), Errc::denied) << forged;
  }
}

TEST_F(ConsentTest, APageOfAnotherAuthorizationServerIsDenied) {
  const auto sealed = seal_consent(consent(), context());
  server().issuer = "https://other.example.test";
  EXPECT_EQ(opened(sealed, browser(), "local:alice"), Errc::denied);
}

TEST_F(ConsentTest, APageIsGoodForTenMinutes) {
  const auto sealed = seal_consent(consent(), context());
  clock_.advance(10min - 1ms);
  EXPECT_EQ(opened(sealed, browser(), "local:alice"), Errc::internal);
  clock_.advance(1ms);
  EXPECT_EQ(opened(sealed, browser(), "local:alice"), Errc::expired);
}

TEST_F(ConsentTest, ApprovalSendsCodeStateAndIssToTheClient) {
  const auto location = approve(consent(), "acme", context());
  ASSERT_TRUE(location) << location.error().what;
  EXPECT_TRUE(location->starts_with(std::string(kRedirect) + "?code=")) << *location;
  EXPECT_TRUE(parameter(*location, "code").starts_with("mcpc1_"));
  EXPECT_EQ(parameter(*location, "state"), "st at&e");
  EXPECT_EQ(parameter(*location, "iss"), kIssuer);
  EXPECT_EQ(log_.audited("consent_approved"), 1);
  EXPECT_EQ(log_.text().find(parameter(*location, "code")), std::string::npos);
}

TEST_F(ConsentTest, AGrantKnowsWhetherMoreThanConnectWasAskedFor) {
  Consent little = consent();
  little.scopes = {"connect"};
  little.narrowed = false;
  ASSERT_TRUE(approve(little, "acme", context()));
  EXPECT_FALSE(store_->grants().list({}).value().front().narrowed);
}

TEST_F(ConsentTest, APageIsDecidedOnce) {
  const Consent decided = consent();
  EXPECT_EQ(approved(decided), Errc::internal);
  EXPECT_EQ(approved(decided), Errc::conflict);
  EXPECT_EQ(deny(decided, context()).error().code, Errc::conflict);
  const Consent denied = consent();
  EXPECT_TRUE(deny(denied, context()));
  EXPECT_EQ(approved(denied), Errc::conflict);
}

TEST_F(ConsentTest, APageDecidedManyTimesAtOnceYieldsOneCode) {
  const Consent decided = consent();
  std::atomic<int> codes{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&] { codes += approve(decided, "acme", context()) ? 1 : 0; });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(codes, 1);
}

TEST_F(ConsentTest, DenialTellsTheClient) {
  const auto location = deny(consent(), context());
  ASSERT_TRUE(location);
  EXPECT_EQ(parameter(*location, "error"), "access_denied");
  EXPECT_EQ(parameter(*location, "state"), "st at&e");
  EXPECT_EQ(parameter(*location, "iss"), kIssuer);
  EXPECT_EQ(parameter(*location, "code"), "");
  EXPECT_EQ(log_.audited("consent_denied"), 1);
}

TEST_F(ConsentTest, WithoutAStateNoneIsSent) {
  Consent plain = consent();
  plain.has_state = false;
  plain.state.clear();
  EXPECT_EQ(approve(plain, "acme", context())->find("state="), std::string::npos);
}

TEST_F(ConsentTest, OnlyMembersOfTheTenantOnTheRightPlanAreGranted) {
  Consent stranger = consent();
  stranger.user = "local:stranger";
  EXPECT_EQ(approved(stranger), Errc::denied);
  EXPECT_EQ(approved(consent(), "globex"), Errc::denied);
  EXPECT_EQ(approved(consent(), ""), Errc::denied);
  EXPECT_EQ(approved(consent(), "team"), Errc::denied);
  Consent nobody = consent();
  nobody.user = "local:nobody";
  EXPECT_EQ(approved(nobody), Errc::denied);
}

TEST_F(ConsentTest, AResourceOfAFixedTenantIsForThatTenantOnly) {
  add_tenant("globex", "business", {{"alice", "editor", {}}});
  config_.resources[0].tenant = "globex";
  build();
  EXPECT_EQ(approved(consent(), "acme"), Errc::denied);
  EXPECT_EQ(approved(consent(), "globex"), Errc::internal);
}

TEST_F(ConsentTest, ADisabledUserIsNotGranted) {
  ASSERT_TRUE(store_->users().set_disabled("local:alice", true));
  EXPECT_EQ(approved(consent()), Errc::denied);
}

TEST_F(ConsentTest, AClientRemovedMeanwhileIsNotGranted) {
  const Consent pending = consent();
  ASSERT_TRUE(store_->clients().remove("client_a"));
  EXPECT_EQ(approved(pending), Errc::denied);
}

TEST_F(ConsentTest, TheRoleLimitsWhatIsGranted) {
  const Consent all = consent();
  EXPECT_EQ(grantable_scopes(all, "viewer", context()), (std::vector<std::string>{"connect", "read"}));
  EXPECT_EQ(grantable_scopes(all, "editor", context()), (std::vector<std::string>{"connect", "read", "write"}));
  EXPECT_TRUE(grantable_scopes(all, "nothing", context()).empty());

  Consent viewer = consent();
  viewer.user = "local:bob";
  const auto code = parameter(*approve(viewer, "acme", context()), "code");
  EXPECT_EQ(granted(token_request(code_request(code)))["scope"], "connect read");
  EXPECT_TRUE(store_->grants().list({}).value().front().narrowed);
  Consent nothing = consent();
  nothing.user = "local:carol";
  EXPECT_EQ(approved(nothing), Errc::denied);
}

}  // namespace
}  // namespace postern::oauth

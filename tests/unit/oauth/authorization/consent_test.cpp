#include "unit/oauth/fixture.hpp"

#include <thread>

#include "token/opaque.hpp"

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
  Errc opened(const std::string& sealed, const std::string& browser) {
    const auto result = open_consent(sealed, {browser}, context());
    return result ? Errc::internal : result.error().code;
  }
  Result<std::string> denied(const Consent& consent) {
    return refuse_consent(consent, RefusedBy::user, oauth_error("access_denied", "The user did not approve."),
                          context());
  }
  EarlierApproval before(const Consent& consent) { return earlier_approval(consent, context()).value(); }
  Errc approved(const Consent& consent, const std::string& tenant = "acme") {
    const auto result = approve(consent, tenant, context());
    return result ? Errc::internal : result.error().code;
  }
};

TEST_F(ConsentTest, APageOpensAsItWasSealed) {
  const Consent made = consent();
  const auto opened = open_consent(seal_consent(made, context()), {browser()}, context());
  ASSERT_TRUE(opened) << opened.error().what;
  EXPECT_EQ(opened->id, made.id);
  EXPECT_EQ(opened->code, made.code);
  EXPECT_EQ(opened->browser, made.browser);
  EXPECT_EQ(opened->user, "local:alice");
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
  EXPECT_FALSE(open_consent(seal_consent(wide, context()), {browser()}, context())->narrowed);
  EXPECT_EQ(opened->expires_at, made.expires_at);
}

TEST_F(ConsentTest, APageIsBoundToItsBrowser) {
  const auto sealed = seal_consent(consent(), context());
  EXPECT_EQ(opened(sealed, "another browser"), Errc::denied);
  EXPECT_EQ(opened(sealed, ""), Errc::denied);
  EXPECT_FALSE(open_consent(sealed, {}, context()));
  EXPECT_TRUE(open_consent(sealed, {"another browser", browser()}, context()));
}

TEST_F(ConsentTest, AForgedOrChangedPageIsDenied) {
  auto sealed = seal_consent(consent(), context());
  sealed[sealed.size() / 2] = sealed[sealed.size() / 2] == 'A' ? 'B' : 'A';
  EXPECT_EQ(opened(sealed, browser()), Errc::denied);
  for (const char* forged : {"", "x", "not base64!", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}) {
    EXPECT_EQ(opened(forged, browser()), Errc::denied) << forged;
  }
}

TEST_F(ConsentTest, APageOfAnotherAuthorizationServerIsDenied) {
  const auto sealed = seal_consent(consent(), context());
  server().issuer = "https://other.example.test";
  EXPECT_EQ(opened(sealed, browser()), Errc::denied);
}

TEST_F(ConsentTest, APageIsGoodForTenMinutes) {
  const Time made = clock_.now();
  EXPECT_EQ(consent().expires_at, made + 10min);
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
  EXPECT_EQ(denied(decided).error().code, Errc::conflict);
  const Consent refused = consent();
  EXPECT_TRUE(denied(refused));
  EXPECT_EQ(approved(refused), Errc::conflict);
}

// A browser may have dropped the first answer.
TEST_F(ConsentTest, Compat12ARefusalIsToldAgain) {
  const Consent refused = consent();
  const auto first = denied(refused);
  ASSERT_TRUE(first);
  EXPECT_EQ(denied(refused).value(), *first);
  EXPECT_EQ(log_.audited("consent_denied"), 1);
}

TEST_F(ConsentTest, Compat12TheCodeOfAnApprovalCanBeHadUntilItIsFetched) {
  const Consent page = consent();
  EXPECT_EQ(before(page), EarlierApproval::none);
  const auto location = approve(page, "acme", context());
  ASSERT_TRUE(location);
  EXPECT_EQ(before(page), EarlierApproval::waiting);
  EXPECT_EQ(approval_location(page, context()), *location);
  ASSERT_EQ(token_request(code_request(parameter(*location, "code"))).status, 200);
  EXPECT_EQ(before(page), EarlierApproval::fetched);

  const Consent late = consent();
  ASSERT_TRUE(approve(late, "acme", context()));
  clock_.advance(61s);
  EXPECT_EQ(before(late), EarlierApproval::lapsed);
  // Long after, when that it was decided has been forgotten.
  clock_.advance(1h);
  ASSERT_TRUE(store_->purge(clock_.now()));
  EXPECT_EQ(denied(page).error().code, Errc::conflict) << "the app has its tokens";
  const Consent revoked = consent();
  const auto grant_of_code = [&] {
    return store_->grants().find_code(token::token_hash(revoked.code)).value().value().grant.id;
  };
  ASSERT_TRUE(approve(revoked, "acme", context()));
  ASSERT_TRUE(store_->grants().revoke(grant_of_code(), "test", clock_.now()));
  EXPECT_EQ(before(revoked), EarlierApproval::lapsed);
}

TEST_F(ConsentTest, NothingIsSentToWhereAClientThatIsGoneLed) {
  const Consent pending = consent();
  ASSERT_TRUE(store_->clients().remove("client_a"));
  EXPECT_EQ(denied(pending).error().code, Errc::not_found);
}

TEST_F(ConsentTest, TheRequestOfAPageIsTakenAgain) {
  const Consent page = consent();
  const auto checked = check_authorization(form(request_of(page)), context());
  const auto* asked = std::get_if<AuthorizationRequest>(&checked);
  ASSERT_NE(asked, nullptr);
  EXPECT_EQ(asked->redirect_uri, page.redirect_uri);
  EXPECT_EQ(asked->state, page.state);
  EXPECT_EQ(asked->challenge, page.challenge);
  EXPECT_EQ(asked->scopes, page.scopes);
  EXPECT_EQ(asked->resource->canonical, page.resource);
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
  const auto location = denied(consent());
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

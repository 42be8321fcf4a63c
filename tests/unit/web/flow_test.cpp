#include "unit/web/fixture.hpp"

#include <gmock/gmock.h>

namespace postern::web {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

using FlowTest = WebTest;

TEST_F(FlowTest, FromTheRequestThroughSignInAndConsentToACode) {
  Browser browser;
  const auto to_login = open(browser, asked(kRedirect, kFixed));
  ASSERT_EQ(to_login.status, 303);
  ASSERT_THAT(header(to_login, "Location"), StartsWith("/login?continue="));

  const auto form = visit_kept(browser, login, browser.get(header(to_login, "Location")));
  ASSERT_EQ(form.status, 200);
  const auto in = visit_kept(browser, login,
                             browser.post("/login", {{"form_token", input(form.body, "form_token")},
                                                     {"continue", input(form.body, "continue")},
                                                     {"username", "ada"},
                                                     {"password", "secret of ada"}}));
  ASSERT_EQ(in.status, 303);
  EXPECT_EQ(header(in, "Location"), authorize_path(asked(kRedirect, kFixed)));

  const auto page = visit_kept(browser, authorize, browser.get(header(in, "Location")));
  ASSERT_EQ(page.status, 200);
  EXPECT_EQ(input(page.body, "tenant"), "acme");
  const auto done = answer(browser, {{"flow", input(page.body, "flow")}, {"tenant", "acme"}, {"decision", "approve"}});
  ASSERT_EQ(done.status, 303);
  const std::string location = header(done, "Location");
  EXPECT_THAT(location, StartsWith(std::string(kRedirect) + "?"));
  EXPECT_FALSE(parameter(location, "code").empty());
  EXPECT_EQ(parameter(location, "state"), "s1");
  EXPECT_EQ(parameter(location, "iss"), "https://ai.example.test");
  EXPECT_EQ(header(done, "Cache-Control"), "no-store");
  EXPECT_EQ(header(done, "Referrer-Policy"), "no-referrer");

  const auto found = store_->grants().find_code(crypto::sha256_string(parameter(location, "code")));
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->grant.user, "local:ada");
  EXPECT_EQ((*found)->grant.tenant, "acme");
  EXPECT_EQ((*found)->grant.scopes, (std::vector<std::string>{"connect", "read", "write"}));
}

TEST_F(FlowTest, ConsentNamesAppTargetTenantAccountAndScopes) {
  Browser browser = signed_in("bob");
  const auto page = open(browser, asked());
  ASSERT_EQ(page.status, 200);
  for (const char* text :
       {"ChatGPT", "registered dynamically", "app.example.test", "Acme Inc.", "acme", "bob@acme.example", "Orgonaut",
        "Use another account", "<code>connect</code>", "<code>read</code>"}) {
    EXPECT_THAT(page.body, HasSubstr(text));
  }
  // A viewer cannot be granted it, and the team plan does not include the resource.
  EXPECT_THAT(markup(page.body), Not(HasSubstr("<code>write</code>")));
  EXPECT_THAT(markup(page.body), Not(HasSubstr("Small Team")));
  EXPECT_THAT(markup(page.body), Not(HasSubstr("type=\"radio\"")));
  EXPECT_LT(page.body.find("value=\"approve\""), page.body.find("value=\"deny\""));
}

TEST_F(FlowTest, Compat19ThePageSaysWhichScopesAreOfferedForARefusedCall) {
  Browser browser = signed_in("ada");
  auto plain = asked(kRedirect, kFixed);
  plain.back().second = "connect read";
  const auto before = open(browser, plain);
  EXPECT_THAT(before.body, Not(HasSubstr("<code>write</code>")));
  ASSERT_EQ(answer(browser, {{"flow", input(before.body, "flow")}, {"tenant", "acme"}, {"decision", "approve"}}).status,
            303);
  const auto grant = store_->grants().list({})->front().id;
  ASSERT_TRUE(store_->grants().mark_step_up(grant, {clock_.now(), clock_.now(), {"connect", "read", "write"}}));

  const auto page = open(browser, plain);
  EXPECT_THAT(page.body,
              HasSubstr("<code>write</code> <small>The app was just refused a call that needs this.</small>"));
  EXPECT_THAT(page.body, HasSubstr("<code>read</code></li>"));
  const auto denied = answer(browser, {{"flow", input(page.body, "flow")}, {"tenant", "acme"}, {"decision", "deny"}});
  EXPECT_EQ(parameter(header(denied, "Location"), "error"), "access_denied");
  EXPECT_THAT(open(browser, plain).body, Not(HasSubstr("<code>write</code>"))) << "the user has said no";
}

TEST_F(FlowTest, SeveralTenantsArePickedFromWithoutAGuess) {
  Browser browser = signed_in("ada");
  const auto page = open(browser, asked());
  EXPECT_THAT(page.body, HasSubstr("<input type=\"radio\" name=\"tenant\" value=\"acme\" required>"));
  EXPECT_THAT(page.body, HasSubstr("<input type=\"radio\" name=\"tenant\" value=\"globex\" required>"));
  EXPECT_THAT(page.body, HasSubstr("may allow less"));
  EXPECT_THAT(markup(page.body), Not(HasSubstr("checked")));

  const std::string flow = input(page.body, "flow");
  EXPECT_EQ(answer(browser, {{"flow", flow}, {"decision", "approve"}}).status, 400);
  const auto done = answer(browser, {{"flow", flow}, {"tenant", "globex"}, {"decision", "approve"}});
  ASSERT_EQ(done.status, 303);
  const auto list = store_->grants().list({});
  ASSERT_TRUE(list);
  ASSERT_EQ(list->size(), 1u);
  EXPECT_EQ(list->front().tenant, "globex");
  EXPECT_EQ(list->front().scopes, (std::vector<std::string>{"connect", "read"}));
}

TEST_F(FlowTest, AFixedTenantIsNotPickedAndNotExchanged) {
  Browser browser = signed_in("ada");
  const auto page = open(browser, asked(kRedirect, kFixed));
  EXPECT_THAT(markup(page.body), Not(HasSubstr("globex")));
  const auto other =
      answer(browser, {{"flow", input(page.body, "flow")}, {"tenant", "globex"}, {"decision", "approve"}});
  EXPECT_EQ(other.status, 403);
  EXPECT_EQ(grants(), 0u);
}

TEST_F(FlowTest, DenyReturnsAccessDenied) {
  Browser browser = signed_in("bob");
  const auto page = open(browser, asked());
  const auto done = answer(browser, {{"flow", input(page.body, "flow")}, {"tenant", "acme"}, {"decision", "deny"}});
  ASSERT_EQ(done.status, 303);
  EXPECT_EQ(parameter(header(done, "Location"), "error"), "access_denied");
  EXPECT_EQ(parameter(header(done, "Location"), "state"), "s1");
  EXPECT_EQ(grants(), 0u);
}

TEST_F(FlowTest, AStrangerIsNamedAndMaySwitchOrGoBack) {
  Browser browser = signed_in("stranger");
  const auto page = open(browser, asked(kRedirect, kFixed));
  ASSERT_EQ(page.status, 403);
  EXPECT_THAT(page.body, HasSubstr("Authorization failed"));
  EXPECT_THAT(page.body, HasSubstr("stranger@acme.example"));
  EXPECT_THAT(page.body, HasSubstr("Use another account"));
  EXPECT_THAT(markup(page.body), Not(HasSubstr("value=\"approve\"")));

  const std::string flow = input(page.body, "flow");
  EXPECT_EQ(answer(browser, {{"flow", flow}, {"tenant", "acme"}, {"decision", "approve"}}).status, 403);
  const auto back = answer(browser, {{"flow", flow}, {"decision", "deny"}});
  ASSERT_EQ(back.status, 303);
  EXPECT_EQ(parameter(header(back, "Location"), "error"), "access_denied");
  EXPECT_EQ(grants(), 0u);
}

TEST_F(FlowTest, ConsentIsAskedForEveryTime) {
  Browser browser = signed_in("bob");
  const auto first = open(browser, asked());
  EXPECT_EQ(answer(browser, {{"flow", input(first.body, "flow")}, {"tenant", "acme"}, {"decision", "approve"}}).status,
            303);
  const auto second = open(browser, asked());
  EXPECT_EQ(second.status, 200);
  EXPECT_THAT(second.body, HasSubstr("value=\"approve\""));
}

TEST_F(FlowTest, SwitchingTheAccountComesBackToTheSameRequest) {
  Browser browser = signed_in("stranger");
  const auto page = open(browser, asked());
  const std::string own = authorize_path(asked());
  const std::string href = "/login?continue=" + http::percent_encode(own);
  ASSERT_THAT(page.body, HasSubstr(href));
  const std::string before = browser.cookie("__Host-postern_session");
  const auto form = visit_kept(browser, login, browser.get(href));
  EXPECT_THAT(form.body, HasSubstr("You are signed in as stranger"));
  const auto in = sign_in(browser, "bob", "secret of bob", input(form.body, "continue"));
  EXPECT_EQ(header(in, "Location"), own);
  EXPECT_NE(browser.cookie("__Host-postern_session"), before);
  const auto session = store_->users().find_session(crypto::sha256_string(before), clock_.now());
  ASSERT_TRUE(session);
  EXPECT_FALSE(*session) << "the old session lives on";
}

TEST_F(FlowTest, PromptNoneNeverAsksNorYieldsACode) {
  auto pairs = asked("http://127.0.0.1:51234/cb");
  pairs.emplace_back("prompt", "none");
  Browser browser;
  EXPECT_EQ(parameter(header(open(browser, pairs), "Location"), "error"), "login_required");
  Browser known = signed_in("bob");
  EXPECT_EQ(parameter(header(open(known, pairs), "Location"), "error"), "login_required");
}

TEST_F(FlowTest, PromptLoginSignsInAgainOnce) {
  for (const char* prompt : {"login", "select_account", "login consent"}) {
    Browser browser = signed_in("bob");
    auto pairs = asked();
    pairs.emplace_back("prompt", prompt);
    const auto to_login = open(browser, pairs);
    ASSERT_EQ(to_login.status, 303);
    const auto in = sign_in(browser, "bob", "secret of bob", parameter(header(to_login, "Location"), "continue"));
    EXPECT_EQ(visit(authorize, browser.get(header(in, "Location"))).status, 200) << prompt;
  }
}

TEST_F(FlowTest, ARequestTooLongForOurOwnAddressesGoesBackToTheClient) {
  Browser browser;
  const std::string loopback = "http://127.0.0.1:51234/cb";
  auto pairs = asked(loopback);
  pairs.emplace_back("extra", std::string(8000, 'x'));
  const auto response = open(browser, pairs);
  EXPECT_EQ(response.status, 303);
  EXPECT_THAT(header(response, "Location"), StartsWith(loopback));
  EXPECT_EQ(parameter(header(response, "Location"), "error"), "invalid_request");
}

TEST_F(FlowTest, AnAuthorizationRequestByPostGoesOnByGet) {
  Browser browser = signed_in("bob");
  auto request = browser.post("/oauth/authorize", asked());
  set_field(request, "Sec-Fetch-Site", "cross-site");
  set_field(request, "Origin", "https://app.example.test");
  set_field(request, "Cookie", "");
  const auto response = visit(authorize, request);
  EXPECT_EQ(response.status, 303);
  EXPECT_EQ(header(response, "Location"), authorize_path(asked()));

  request.query = "scope=read";
  EXPECT_EQ(visit(authorize, request).status, 400);
}

TEST_F(FlowTest, AnUnknownClientIsAPageWithoutLocationOrCookie) {
  Browser browser;
  auto pairs = asked();
  pairs[1].second = "nobody";
  const auto response = visit(authorize, browser.get(authorize_path(pairs)));
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(header(response, "Location"), "");
  EXPECT_EQ(header(response, "Set-Cookie"), "");
  EXPECT_THAT(header(response, "Content-Type"), StartsWith("text/html"));
}

TEST_F(FlowTest, OtherMethodsAreRefusedWithAllow) {
  for (const char* method : {"HEAD", "PUT", "DELETE"}) {
    for (const auto page : {authorize, login, logout}) {
      auto request = Browser().get("/oauth/authorize");
      request.method = method;
      const auto response = visit(page, request);
      EXPECT_EQ(response.status, 405);
      EXPECT_EQ(header(response, "Allow"), "GET, POST");
    }
  }
}

class TabsTest : public WebTest {
 protected:
  // A consent page as one tab shows it.
  std::string flow_of(Browser& browser, const Pairs& pairs = asked()) {
    return input(open(browser, pairs).body, "flow");
  }
  http::Response decided(const Browser& browser, const std::string& flow, const std::string& decision,
                         const std::string& tenant = "acme") {
    return answer(browser, {{"flow", flow}, {"tenant", tenant}, {"decision", decision}});
  }
  static std::string code_of(const http::Response& response) { return parameter(header(response, "Location"), "code"); }
  // The app is told, by the way it can trust.
  static void expect_told(const http::Response& response) {
    EXPECT_EQ(response.status, 303);
    const std::string location = header(response, "Location");
    EXPECT_THAT(location, StartsWith(std::string(kRedirect) + "?error=access_denied"));
    EXPECT_EQ(parameter(location, "state"), "s1");
    EXPECT_EQ(parameter(location, "iss"), "https://ai.example.test");
  }
};

TEST_F(TabsTest, Compat12ASecondSignInOfTheSameUserLeavesTheFirstPageInForce) {
  Browser browser = signed_in("ada");
  const std::string first = flow_of(browser);
  const std::string session = browser.cookie("__Host-postern_session");
  EXPECT_EQ(sign_in(browser, "ada", "secret of ada").status, 303);
  EXPECT_NE(browser.cookie("__Host-postern_session"), session);
  const std::string second = flow_of(browser, asked(kRedirect, kFixed));
  EXPECT_FALSE(code_of(decided(browser, first, "approve", "globex")).empty());
  EXPECT_FALSE(code_of(decided(browser, second, "approve")).empty());
  EXPECT_EQ(grants(), 2u);
}

// Two requests were on their way before the browser had any cookie.
TEST_F(TabsTest, Compat12SignInPagesOpenedAtTheSameTimeBothWork) {
  Browser browser;
  const auto first = visit(login, browser.get("/login"));
  const auto second = visit(login, browser.get("/login"));
  browser.keep(first);
  browser.keep(second);
  for (const auto* page : {&first, &second}) {
    const auto in = visit_kept(browser, login,
                               browser.post("/login", {{"form_token", input(page->body, "form_token")},
                                                       {"username", "bob"},
                                                       {"password", "secret of bob"}}));
    EXPECT_EQ(in.status, 303);
  }
}

TEST_F(TabsTest, Compat12APageOfAnotherUserTellsTheAppAndGrantsNothing) {
  Browser browser = signed_in("ada");
  const std::string flow = flow_of(browser);
  EXPECT_EQ(sign_in(browser, "bob", "secret of bob").status, 303);
  expect_told(decided(browser, flow, "approve"));
  EXPECT_EQ(grants(), 0u);
  // It was answered by that, whoever signs in.
  EXPECT_EQ(sign_in(browser, "ada", "secret of ada").status, 303);
  expect_told(decided(browser, flow, "approve"));
  EXPECT_EQ(grants(), 0u);
}

TEST_F(TabsTest, Compat12WhoeverSignsInAgainAfterAnotherUserHoldsTheirPages) {
  Browser browser = signed_in("ada");
  const std::string flow = flow_of(browser);
  EXPECT_EQ(sign_in(browser, "bob", "secret of bob").status, 303);
  EXPECT_EQ(sign_in(browser, "ada", "secret of ada").status, 303);
  EXPECT_FALSE(code_of(decided(browser, flow, "approve")).empty());
}

TEST_F(TabsTest, Compat12APageThatHasExpiredTellsTheApp) {
  Browser browser = signed_in("bob");
  const std::string flow = flow_of(browser);
  clock_.advance(10min);
  expect_told(decided(browser, flow, "approve"));
  expect_told(decided(browser, flow, "deny"));
  EXPECT_EQ(grants(), 0u);
}

TEST_F(TabsTest, Compat12WhoeverIsSignedOutSignsInAndIsAskedAnew) {
  Browser browser = signed_in("bob");
  const std::string flow = flow_of(browser);
  browser.forget("__Host-postern_session");
  const auto to_login = decided(browser, flow, "approve");
  ASSERT_EQ(to_login.status, 303);
  ASSERT_THAT(header(to_login, "Location"), StartsWith("/login?continue="));
  const auto form = visit_kept(browser, login, browser.get(header(to_login, "Location")));
  const auto in = sign_in(browser, "bob", "secret of bob", input(form.body, "continue"));
  const auto page = visit(authorize, browser.get(header(in, "Location")));
  EXPECT_EQ(page.status, 200);
  const auto done = decided(browser, input(page.body, "flow"), "approve");
  EXPECT_FALSE(code_of(done).empty());
  EXPECT_EQ(parameter(header(done, "Location"), "state"), "s1");
  browser.forget("__Host-postern_session");
  expect_told(decided(browser, flow, "deny"));
}

// The browser drops the answer to the first click.
TEST_F(TabsTest, Compat12AfterADoubleClickTheCodeCanBeHad) {
  Browser browser = signed_in("bob");
  const std::string flow = flow_of(browser);
  const std::string lost = header(decided(browser, flow, "approve"), "Location");
  const auto again = decided(browser, flow, "approve");
  EXPECT_EQ(again.status, 403);
  EXPECT_EQ(header(again, "Location"), "");
  EXPECT_EQ(again.body.find(parameter(lost, "code")), std::string::npos);
  ASSERT_THAT(again.body, HasSubstr("value=\"return\""));
  EXPECT_EQ(header(decided(browser, input(again.body, "flow"), "return"), "Location"), lost);
  EXPECT_EQ(decided(browser, flow, "deny").status, 403) << "what was approved stays so";
  EXPECT_EQ(grants(), 1u);

  EXPECT_EQ(sign_in(browser, "ada", "secret of ada").status, 303);
  EXPECT_EQ(code_of(decided(browser, flow, "return")), "") << "another user";
  EXPECT_EQ(code_of(decided(signed_in("bob"), flow, "return")), "") << "another browser";
}

TEST_F(TabsTest, Compat12AnApprovalThatNobodyFetchedTellsTheApp) {
  Browser browser = signed_in("bob");
  const std::string flow = flow_of(browser);
  EXPECT_FALSE(code_of(decided(browser, flow, "approve")).empty());
  clock_.advance(61s);
  expect_told(decided(browser, flow, "approve"));
  expect_told(decided(browser, flow, "return"));
  EXPECT_EQ(grants(), 1u);
}

TEST_F(TabsTest, Compat12ReturnIsNoApproval) {
  Browser browser = signed_in("bob");
  const std::string flow = flow_of(browser);
  EXPECT_EQ(code_of(decided(browser, flow, "return")), "");
  EXPECT_EQ(grants(), 0u);
  // A second click on Deny, and one on Approve after going back.
  expect_told(decided(browser, flow, "deny"));
  expect_told(decided(browser, flow, "deny"));
  expect_told(decided(browser, flow, "approve"));
  EXPECT_EQ(grants(), 0u);
}

TEST_F(TabsTest, Compat12NothingIsSentToWhereAClientThatIsGoneLed) {
  Browser browser = signed_in("bob");
  const std::string flow = flow_of(browser);
  EXPECT_TRUE(store_->clients().remove("client_a"));
  clock_.advance(10min);
  for (const char* decision : {"approve", "deny"}) {
    const auto page = decided(browser, flow, decision);
    EXPECT_EQ(page.status, 400);
    EXPECT_EQ(header(page, "Location"), "");
  }
}

TEST_F(TabsTest, Compat12TheFormsOfOtherPagesOutliveASecondSignInToo) {
  Browser browser = signed_in("bob");
  const std::string token = input(visit(logout, browser.get("/logout")).body, "form_token");
  EXPECT_EQ(sign_in(browser, "ada", "secret of ada").status, 303);
  EXPECT_EQ(visit(logout, browser.post("/logout", {{"form_token", token}})).status, 403) << "another user";
  EXPECT_EQ(sign_in(browser, "bob", "secret of bob").status, 303);
  EXPECT_EQ(visit(logout, browser.post("/logout", {{"form_token", token}})).status, 303);
}

TEST_F(FlowTest, LoopbackTargetsAreWarnedAbout) {
  Browser browser = signed_in("bob");
  const auto page = open(browser, asked("http://127.0.0.1:51234/cb"));
  ASSERT_EQ(page.status, 200);
  EXPECT_THAT(page.body, HasSubstr("an app on this computer (127.0.0.1:51234)"));
  EXPECT_THAT(page.body, HasSubstr("any program on it can claim this name"));
}

TEST_F(FlowTest, PrivateUseTargetsAreNamedByTheirScheme) {
  Browser browser = signed_in("bob");
  const auto page = open(browser, asked("cursor://anysphere.cursor-mcp/oauth/callback"));
  ASSERT_EQ(page.status, 200);
  EXPECT_THAT(page.body, HasSubstr("opens cursor: links"));
  EXPECT_THAT(header(page, "Content-Security-Policy"), HasSubstr("form-action 'self' cursor:"));
  const auto done = answer(browser, {{"flow", input(page.body, "flow")}, {"tenant", "acme"}, {"decision", "approve"}});
  EXPECT_THAT(header(done, "Location"), StartsWith("cursor://anysphere.cursor-mcp/oauth/callback?code="));
}

}  // namespace
}  // namespace postern::web

#include "web/consent/request_fault.hpp"

#include <gmock/gmock.h>

#include "unit/web/fixture.hpp"

namespace postern::web {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class RequestFaultTest : public WebTest {
 protected:
  static constexpr const char* kPrivate = "cursor://anysphere.cursor-mcp/oauth/callback";

  static Pairs faulty(const std::string& redirect_uri = kRedirect) {
    auto pairs = asked(redirect_uri);
    pairs[0].second = "bogus";
    return pairs;
  }
  static Pairs with(const std::string& name, const std::string& value) {
    auto pairs = asked();
    std::erase_if(pairs, [&name](const auto& pair) { return pair.first == name; });
    if (!value.empty()) pairs.emplace_back(name, value);
    return pairs;
  }
  // What the page names.
  static std::string named(const http::Response& response) {
    EXPECT_EQ(response.status, 400);
    EXPECT_EQ(header(response, "Location"), "");
    EXPECT_EQ(header(response, "Set-Cookie"), "");
    EXPECT_THAT(response.body, Not(HasSubstr("http-equiv")));
    EXPECT_THAT(response.body, Not(HasSubstr("?error=")));
    constexpr std::string_view before = "<code id=\"error\">";
    const auto start = response.body.find(before);
    if (start == std::string::npos) return "";
    const auto from = start + before.size();
    return response.body.substr(from, response.body.find('<', from) - from);
  }
  static std::string told(const http::Response& response, const std::string& redirect_uri = kRedirect) {
    EXPECT_EQ(response.status, 303);
    const auto location = header(response, "Location");
    EXPECT_THAT(location, StartsWith(redirect_uri + "?error="));
    EXPECT_EQ(parameter(location, "state"), "s1");
    EXPECT_EQ(parameter(location, "iss"), "https://ai.example.test");
    return parameter(location, "error");
  }
  // A form of the client's own site, which comes without our cookies.
  http::Response posted(const Pairs& pairs) {
    auto request = Browser().post("/oauth/authorize", pairs);
    set_field(request, "Sec-Fetch-Site", "cross-site");
    set_field(request, "Origin", "https://app.example.test");
    return visit(authorize, request);
  }
  void add_operators_client(const std::string& id) {
    store::Client client;
    client.id = id;
    client.name = "Added by hand";
    client.redirect_uris = {kRedirect};
    client.grant_types = {"authorization_code"};
    EXPECT_TRUE(store_->clients().add(client));
  }
};

TEST_F(RequestFaultTest, Attack9EveryFaultIsAPageUntilSomebodyIsSignedIn) {
  auto repeated = asked();
  repeated.emplace_back("scope", "read");
  const std::vector<std::pair<std::string, Pairs>> faults{
      {"unsupported_response_type", with("response_type", "bogus")},
      {"unsupported_response_type", with("response_type", "")},
      {"invalid_request", with("response_mode", "fragment")},
      {"invalid_request", with("code_challenge", "")},
      {"invalid_request", with("code_challenge_method", "plain")},
      {"invalid_request", repeated},
      {"invalid_scope", with("scope", "unheard-of")},
      {"invalid_target", with("resource", "https://evil.example/mcp")},
      {"request_not_supported", with("request", "e30.e30.")},
      {"request_uri_not_supported", with("request_uri", "https://evil.example/")},
      {"login_required", with("prompt", "none")},
  };
  Browser signed_in_browser = signed_in("bob");
  for (const auto& [error, pairs] : faults) {
    Browser browser;
    EXPECT_EQ(named(open(browser, pairs)), error);
    EXPECT_EQ(told(open(signed_in_browser, pairs)), error);
  }
}

TEST_F(RequestFaultTest, Attack9ThePageNamesTheAppItsHostAndWhatIsWrong) {
  Browser browser;
  const auto page = open(browser, faulty());
  for (const char* text : {"ChatGPT", "registered dynamically", "app.example.test", "response_type must be code.",
                           "Sign in and tell the app", "Reference req-1"}) {
    EXPECT_THAT(page.body, HasSubstr(text));
  }
  // Nothing on it leads to the app, whatever is clicked.
  EXPECT_THAT(markup(page.body), Not(HasSubstr("https://app.example.test")));
  EXPECT_THAT(markup(page.body), Not(HasSubstr("<form")));
  EXPECT_THAT(header(page, "Content-Security-Policy"), HasSubstr("form-action 'none'"));
}

TEST_F(RequestFaultTest, Attack9SigningInFromThePageTellsTheApp) {
  Browser browser;
  const auto page = open(browser, faulty());
  const std::string own = authorize_path(faulty());
  const std::string href = "/login?continue=" + http::percent_encode(own);
  ASSERT_THAT(page.body, HasSubstr("href=\"" + href + "\""));
  const auto form = visit_kept(browser, login, browser.get(href));
  const auto in = sign_in(browser, "bob", "secret of bob", input(form.body, "continue"));
  ASSERT_EQ(header(in, "Location"), own);
  EXPECT_EQ(told(visit(authorize, browser.get(own))), "unsupported_response_type");
}

// After signing in there is no consent page that names the app: the reader of the sign-in page must see it there.
TEST_F(RequestFaultTest, Attack9TheSignInPageSaysWhereAFaultyRequestLeads) {
  Browser browser;
  const auto faulty_page =
      visit_kept(browser, login, browser.get("/login?continue=" + http::percent_encode(authorize_path(faulty()))));
  EXPECT_EQ(faulty_page.status, 200);
  for (const char* text :
       {"ChatGPT", "app.example.test", "<code>unsupported_response_type</code>", "close this page"}) {
    EXPECT_THAT(markup(faulty_page.body), HasSubstr(text));
  }
  // Browsers hold form-action against the redirect to the app, which follows the form.
  EXPECT_THAT(header(faulty_page, "Content-Security-Policy"), Not(HasSubstr("form-action")));
  const auto good = visit(login, browser.get("/login?continue=" + http::percent_encode(authorize_path(asked()))));
  EXPECT_THAT(markup(good.body), HasSubstr("You decide what it may do once you have signed in."));
  EXPECT_THAT(markup(good.body), Not(HasSubstr("close this page")));
  EXPECT_THAT(header(good, "Content-Security-Policy"), HasSubstr("form-action 'self'"));
  // Also once a wrong password was typed.
  const auto wrong = visit(login, browser.post("/login", {{"form_token", input(faulty_page.body, "form_token")},
                                                          {"continue", authorize_path(faulty())},
                                                          {"username", "bob"},
                                                          {"password", "wrong"}}));
  EXPECT_EQ(wrong.status, 403);
  EXPECT_THAT(markup(wrong.body), HasSubstr("<code>unsupported_response_type</code>"));
  EXPECT_THAT(header(wrong, "Content-Security-Policy"), Not(HasSubstr("form-action")));
}

// One sign-in page serves all authorization servers of an origin, also those with `{tenant}` in their path.
TEST_F(RequestFaultTest, Attack9TheSignInPageKnowsTheOtherServersOfItsOrigin) {
  auto& second = config_.authorization_servers.emplace_back();
  second.name = "second";
  second.issuer = "https://ai.example.test/second";
  second.endpoints.authorize = "/second/authorize";
  auto& tenants = config_.authorization_servers.emplace_back();
  tenants.name = "tenants";
  tenants.issuer = "https://ai.example.test/t/{tenant}";
  tenants.endpoints.authorize = "/t/{tenant}/authorize";
  build();
  for (const char* endpoint : {"/second/authorize", "/t/acme/authorize"}) {
    Browser browser;
    const std::string own = endpoint + ("?" + http::encode_form(faulty()));
    const auto page = visit(login, browser.get("/login?continue=" + http::percent_encode(own)));
    EXPECT_THAT(markup(page.body), HasSubstr("<code>unsupported_response_type</code>")) << endpoint;
    EXPECT_THAT(header(page, "Content-Security-Policy"), Not(HasSubstr("form-action"))) << endpoint;
  }
  Browser browser;
  const std::string own = "/elsewhere?" + http::encode_form(faulty());
  const auto page = visit(login, browser.get("/login?continue=" + http::percent_encode(own)));
  EXPECT_THAT(markup(page.body), Not(HasSubstr("ChatGPT")));
}

TEST_F(RequestFaultTest, Attack9PrivateUseSchemesWaitForTheSignInAsWell) {
  Browser browser;
  const auto page = open(browser, faulty(kPrivate));
  EXPECT_EQ(named(page), "unsupported_response_type");
  EXPECT_THAT(page.body, HasSubstr("the app on this device that opens cursor: links"));
  EXPECT_THAT(markup(page.body), Not(HasSubstr("cursor://")));
  Browser known = signed_in("bob");
  EXPECT_EQ(told(open(known, faulty(kPrivate)), kPrivate), "unsupported_response_type");
}

TEST_F(RequestFaultTest, Attack9ASessionThatEndedIsNone) {
  Browser browser = signed_in("bob");
  clock_.advance(12h);
  EXPECT_EQ(named(open(browser, faulty())), "unsupported_response_type");
  Browser disabled = signed_in("bob");
  ASSERT_TRUE(store_->users().set_disabled("local:bob", true));
  EXPECT_EQ(named(open(disabled, faulty())), "unsupported_response_type");
}

TEST_F(RequestFaultTest, LoopbackUrisAndClientsOfAnOperatorAreToldAtOnce) {
  Browser browser;
  const std::string loopback = "http://127.0.0.1:51234/cb";
  EXPECT_EQ(told(open(browser, faulty(loopback)), loopback), "unsupported_response_type");
  EXPECT_EQ(told(posted(faulty(loopback)), loopback), "unsupported_response_type");
  add_operators_client("client_op");
  auto pairs = faulty();
  pairs[1].second = "client_op";
  EXPECT_EQ(told(open(browser, pairs)), "unsupported_response_type");
  EXPECT_EQ(told(posted(pairs)), "unsupported_response_type");
}

// A form that the client's site posts has no cookies: whether somebody is signed in shows at the same request by GET.
TEST_F(RequestFaultTest, Attack9AFormPostedByTheClientsSiteGoesOnByGet) {
  const auto response = posted(faulty());
  EXPECT_EQ(response.status, 303);
  EXPECT_EQ(header(response, "Location"), authorize_path(faulty()));
  auto long_one = faulty();
  long_one.emplace_back("extra", std::string(8000, 'x'));
  EXPECT_EQ(named(posted(long_one)), "unsupported_response_type");
}

TEST_F(RequestFaultTest, Attack9ARequestTooLongForOurOwnAddressesIsAPageThatStartsAgain) {
  auto pairs = asked();
  pairs.emplace_back("extra", std::string(8000, 'x'));
  Browser browser;
  for (const auto& page : {open(browser, pairs), posted(pairs)}) {
    EXPECT_EQ(named(page), "invalid_request");
    EXPECT_THAT(page.body, HasSubstr("href=\"/login\""));
    EXPECT_THAT(page.body, HasSubstr("start again from the app"));
  }
  Browser known = signed_in("bob");
  pairs.emplace_back("prompt", "login");
  EXPECT_EQ(told(open(known, pairs)), "invalid_request");
}

TEST_F(RequestFaultTest, WhatStrangersNameIsTextOnly) {
  add_client("client_x", "<img src=x onerror=alert(1)>", {"https://evil.example/cb"});
  auto pairs = faulty("https://evil.example/cb");
  pairs[1].second = "client_x";
  Browser browser;
  for (const auto& page :
       {open(browser, pairs),
        visit(login, browser.get("/login?continue=" + http::percent_encode(authorize_path(pairs))))}) {
    EXPECT_THAT(page.body, HasSubstr("&lt;img"));
    EXPECT_THAT(page.body, Not(HasSubstr("<img")));
  }
}

}  // namespace
}  // namespace postern::web

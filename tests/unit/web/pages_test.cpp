#include <gmock/gmock.h>

#include "unit/web/fixture.hpp"
#include "web/display.hpp"
#include "web/response.hpp"
#include "web/views.hpp"

namespace postern::web {
namespace {

using testing::HasSubstr;
using testing::Not;

using PagesTest = WebTest;

void expect_page_headers(const http::Response& page) {
  const std::string policy = header(page, "Content-Security-Policy");
  for (const char* part : {"default-src 'none'", "style-src 'sha256-", "base-uri 'none'", "frame-ancestors 'none'"}) {
    EXPECT_THAT(policy, HasSubstr(part));
  }
  EXPECT_THAT(policy, Not(HasSubstr("unsafe")));
  EXPECT_EQ(header(page, "X-Frame-Options"), "DENY");
  EXPECT_EQ(header(page, "X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(header(page, "Referrer-Policy"), "no-referrer");
  EXPECT_EQ(header(page, "Cache-Control"), "no-store");
  EXPECT_EQ(header(page, "Strict-Transport-Security"), "max-age=31536000");
  EXPECT_EQ(header(page, "Content-Type"), "text/html; charset=utf-8");
  EXPECT_NE(header(page, "Permissions-Policy"), "");
}

TEST_F(PagesTest, EveryPageCarriesTheHeaders) {
  Browser browser = signed_in("bob");
  Browser stranger = signed_in("stranger");
  expect_page_headers(visit(login, Browser().get("/login")));
  expect_page_headers(visit(login, browser.get("/login")));
  expect_page_headers(visit(logout, browser.get("/logout")));
  expect_page_headers(visit(authorize, browser.get(authorize_path(asked()))));
  expect_page_headers(visit(authorize, stranger.get(authorize_path(asked()))));
  expect_page_headers(visit(authorize, browser.get("/oauth/authorize")));
  expect_page_headers(error_page(404, "Not found", "There is nothing here.", "req-9", true));
}

// A client opens these pages in a popup and listens for it; an opener policy would cut the two apart.
TEST_F(PagesTest, PopupsKeepTheirOpener) {
  Browser browser = signed_in("bob");
  EXPECT_EQ(header(visit(authorize, browser.get(authorize_path(asked()))), "Cross-Origin-Opener-Policy"), "");
  EXPECT_EQ(header(visit(login, Browser().get("/login")), "Cross-Origin-Opener-Policy"), "");
}

TEST_F(PagesTest, TheStyleMatchesItsHash) {
  const std::string body = render_account({"ada", ""});
  const auto from = body.find("<style>") + 7;
  const std::string style = body.substr(from, body.find("</style>") - from);
  EXPECT_EQ(style_source(), "'sha256-" + base64_encode(crypto::sha256_string(style)) + "'");
  EXPECT_THAT(body, Not(HasSubstr(" style=")));
}

// Chrome holds form-action against every hop after the form, so pages that lead to a web client must not have it.
TEST_F(PagesTest, FormActionDoesNotBlockTheWayToTheClient) {
  Browser browser = signed_in("bob");
  for (const char* target : {kRedirect, "http://127.0.0.1:51234/cb"}) {
    const auto page = visit(authorize, browser.get(authorize_path(asked(target))));
    EXPECT_THAT(header(page, "Content-Security-Policy"), Not(HasSubstr("form-action"))) << target;
  }
  EXPECT_THAT(header(visit(login, Browser().get("/login")), "Content-Security-Policy"),
              HasSubstr("form-action 'self'"));
}

TEST_F(PagesTest, WhatStrangersNameIsTextOnly) {
  const std::vector<std::string> payloads = {"<svg onload=alert(1)>",
                                             "\"onfocus=alert(1) autofocus x=\"",
                                             "{{7*7}}",
                                             "</title><script>alert(1)</script>",
                                             "'><img src=x onerror=alert(1)>",
                                             "{{{style}}}",
                                             "&lt;b&gt;"};
  for (const auto& payload : payloads) {
    ConsentView view;
    view.client = view.resource = view.account.name = view.account.email = view.destination = payload;
    view.action = view.flow = view.switch_account = view.reference = view.client_standing = view.warning = payload;
    view.tenants = {{payload, payload, payload}, {payload, payload, payload}};
    view.scopes = {{payload, payload}};
    LoginView form;
    form.lead = form.alert = form.username = form.continue_to = form.form_token = payload;
    form.providers = {{payload, payload}};
    form.app = form.resource = form.destination = form.error = form.back = payload;
    RefusedView refused{.title = payload,
                        .text = payload,
                        .reference = payload,
                        .account = {payload, payload},
                        .action = payload,
                        .flow = payload,
                        .decision = payload,
                        .switch_account = payload,
                        .ways = {payload, payload, payload}};
    FaultView fault{.client = payload,
                    .client_standing = payload,
                    .destination = payload,
                    .error = payload,
                    .description = payload,
                    .sign_in = payload,
                    .reference = payload};
    for (const auto& page : {render_consent(view), render_login(form), render_refused(refused), render_fault(fault),
                             render_account({payload, payload}), render_logout({payload, payload}, payload)}) {
      const std::string html = markup(page);
      EXPECT_THAT(html, Not(HasSubstr("<svg")));
      EXPECT_THAT(html, Not(HasSubstr("<script")));
      EXPECT_THAT(html, Not(HasSubstr("<img")));
      EXPECT_THAT(html, Not(HasSubstr("\"onfocus")));
      EXPECT_THAT(html, Not(HasSubstr("\"\"")));
      EXPECT_EQ(html.find("</title>"), html.rfind("</title>"));
      EXPECT_EQ(html.find(":root"), std::string::npos);
    }
    view.tenants.pop_back();
    EXPECT_THAT(render_consent(view), Not(HasSubstr("<svg")));
  }
}

TEST_F(PagesTest, ThePayloadStaysReadable) {
  EXPECT_THAT(render_account({"<svg onload=alert(1)>", ""}), HasSubstr("&lt;svg onload=alert(1)&gt;"));
  EXPECT_THAT(render_account({"{{7*7}}", ""}), HasSubstr("{{7*7}}"));
}

TEST_F(PagesTest, AWorstCaseNameFromTheStoreIsEscapedOnTheConsentPage) {
  add_client("client_x", "</title><svg onload=alert(1)>", {kRedirect});
  Browser browser = signed_in("bob");
  auto pairs = asked();
  pairs[1].second = "client_x";
  const auto page = open(browser, pairs);
  ASSERT_EQ(page.status, 200);
  EXPECT_THAT(page.body, Not(HasSubstr("<svg")));
  EXPECT_THAT(page.body, HasSubstr("&lt;svg onload=alert(1)&gt;"));
}

TEST(DisplayTest, HiddenAndReorderingCharactersAreLeftOut) {
  EXPECT_EQ(display_text("a\xE2\x80\xAE"
                         "b\xE2\x80\x8B"
                         "c\x01\x7F\r\n"),
            "abc");
  EXPECT_EQ(display_text("\xC2\x85z\xF3\xA0\x80\x81"), "z");
  EXPECT_EQ(display_text("caf\xC3\xA9 \xF0\x9F\x9A\xAA"), "caf\xC3\xA9 \xF0\x9F\x9A\xAA");
}

TEST(DisplayTest, BrokenUtf8BecomesQuestionMarks) { EXPECT_EQ(display_text("a\xFF\xC3"), "a??"); }

TEST(DisplayTest, LongTextIsCutAtACharacter) {
  EXPECT_EQ(display_text("\xC3\xA9\xC3\xA9\xC3\xA9", 3), "\xC3\xA9\xC3\xA9\xC3\xA9");
  EXPECT_EQ(display_text("\xC3\xA9\xC3\xA9\xC3\xA9", 2), "\xC3\xA9\xC3\xA9…");
}

TEST(DisplayTest, DestinationsShowTheHostAndWarnOfLocalOnes) {
  EXPECT_EQ(destination_of("https://ChatGPT.com/connector/x").text, "chatgpt.com");
  EXPECT_EQ(destination_of("https://chatgpt.com/connector/x").warning, "");
  for (const char* local : {"http://localhost:8787/cb", "http://127.0.0.1:1/cb", "http://[::1]:9/cb"}) {
    EXPECT_NE(destination_of(local).warning, "") << local;
    EXPECT_THAT(destination_of(local).text, HasSubstr("this computer")) << local;
  }
  EXPECT_EQ(destination_of("cursor://x/y").form_action, "'self' cursor:");
  EXPECT_NE(destination_of("cursor://x/y").warning, "");
  EXPECT_EQ(destination_of("nonsense").form_action, "'self'");
}

}  // namespace
}  // namespace postern::web

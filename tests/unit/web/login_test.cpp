#include "unit/web/fixture.hpp"

#include <gmock/gmock.h>

namespace postern::web {
namespace {

using testing::HasSubstr;
using testing::Not;

using LoginTest = WebTest;

TEST_F(LoginTest, TheFormWorksWithoutScriptsAndNamesItsFields) {
  const auto page = visit(login, Browser().get("/login"));
  ASSERT_EQ(page.status, 200);
  for (const char* text : {"<html lang=\"en\">", "<title>Sign in - Postern</title>", "action=\"/login\"",
                           "method=\"post\"", "autocomplete=\"username\"", "autocomplete=\"current-password\"",
                           "<label for=\"username\">", "<label for=\"password\">"}) {
    EXPECT_THAT(page.body, HasSubstr(text));
  }
  EXPECT_THAT(page.body, Not(HasSubstr("<script")));
}

TEST_F(LoginTest, UnknownNameAndWrongPasswordAreTheSamePage) {
  Browser browser;
  const auto wrong = sign_in(browser, "ada", "nope", "/x");
  const auto unknown = sign_in(browser, "eve", "nope", "/x");
  EXPECT_EQ(wrong.status, 403);
  EXPECT_EQ(unknown.status, 403);
  EXPECT_THAT(wrong.body, HasSubstr("The user name or the password is wrong."));
  EXPECT_THAT(unknown.body, HasSubstr("The user name or the password is wrong."));
  EXPECT_EQ(wrong.body.size(), unknown.body.size());
  EXPECT_EQ(input(wrong.body, "continue"), "/x");
  EXPECT_EQ(input(wrong.body, "username"), "ada");
  EXPECT_THAT(wrong.body, Not(HasSubstr("nope")));
  EXPECT_EQ(browser.cookie("__Host-postern_session"), "");
}

TEST_F(LoginTest, TooManyFailuresAreToldWithRetryAfter) {
  Browser browser;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(sign_in(browser, "ada", "nope").status, 403);
  const auto limited = sign_in(browser, "ada", "secret of ada");
  EXPECT_EQ(limited.status, 429);
  EXPECT_EQ(header(limited, "Retry-After"), "900");
  EXPECT_THAT(limited.body, HasSubstr("Try again in 15 minutes."));
  EXPECT_EQ(browser.cookie("__Host-postern_session"), "");
}

TEST_F(LoginTest, WhoIsSignedInIsShown) {
  Browser browser = signed_in("ada");
  const auto page = visit(login, browser.get("/login"));
  EXPECT_EQ(page.status, 200);
  EXPECT_THAT(page.body, HasSubstr("ada@acme.example"));
  EXPECT_THAT(page.body, HasSubstr("href=\"/logout\""));
}

TEST_F(LoginTest, TheSessionCookieIsLockedDownAndStoredAsHash) {
  Browser browser;
  const auto in = sign_in(browser, "ada", "secret of ada");
  const std::string cookie = header(in, "Set-Cookie");
  for (const char* part :
       {"__Host-postern_session=", "; Path=/", "; HttpOnly", "; SameSite=Lax", "; Secure", "; Max-Age=43200"}) {
    EXPECT_THAT(cookie, HasSubstr(part));
  }
  const std::string value = browser.cookie("__Host-postern_session");
  const auto by_value = store_->users().find_session(value, clock_.now());
  const auto by_hash = store_->users().find_session(crypto::sha256_string(value), clock_.now());
  ASSERT_TRUE(by_value && by_hash);
  EXPECT_FALSE(*by_value);
  EXPECT_TRUE(*by_hash);
}

TEST_F(LoginTest, OnPlainHttpTheCookieHasNoPrefix) {
  server().issuer = "http://127.0.0.1:8080";
  build();
  Browser browser("http://127.0.0.1:8080");
  EXPECT_EQ(sign_in(browser, "ada", "secret of ada").status, 303);
  EXPECT_NE(browser.cookie("postern_session"), "");
  EXPECT_EQ(header(visit(login, browser.get("/login")), "Strict-Transport-Security"), "");
}

TEST_F(LoginTest, ACookieThatStandsTwiceIsNobodys) {
  Browser browser = signed_in("ada");
  auto request = browser.get(authorize_path(asked()));
  request.fields.emplace_back("Cookie", "__Host-postern_session=other");
  EXPECT_EQ(visit(authorize, request).status, 303);
}

TEST_F(LoginTest, SigningOutAsksFirst) {
  EXPECT_EQ(header(visit(logout, Browser().get("/logout")), "Location"), "/login");
  Browser browser = signed_in("ada");
  const auto page = visit(logout, browser.get("/logout"));
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(header(page, "Set-Cookie"), "");
  EXPECT_EQ(visit(authorize, browser.get(authorize_path(asked()))).status, 200);
}

}  // namespace
}  // namespace postern::web

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

TEST_F(LoginTest, WhereNoPasswordCanBeHashedThePageSaysSoAndCountsNothing) {
  Browser browser;
  busy_ = true;
  for (int i = 0; i < 10; ++i) {
    const auto page = sign_in(browser, "ada", "secret of ada", "/x");
    EXPECT_EQ(page.status, 503);
    EXPECT_EQ(header(page, "Retry-After"), "5");
    EXPECT_THAT(page.body, HasSubstr("your password was not looked at"));
    EXPECT_EQ(input(page.body, "username"), "ada");
    EXPECT_EQ(input(page.body, "continue"), "/x");
  }
  EXPECT_EQ(browser.cookie("__Host-postern_session"), "");
  busy_ = false;
  EXPECT_EQ(sign_in(browser, "ada", "secret of ada").status, 303);
}

TEST_F(LoginTest, OnlyAPostWithItsTokenAsksForAHash) {
  const oauth::Context oauth{server(), *catalog_, *directory_, *store_, seal_, clock_, *log_, keys_};
  idp::PasswordCheck password(kCheap);
  const PageContext context{oauth, users_, 12h, nullptr, &password};
  Browser browser;
  auto form = login(browser.get("/login"), context);
  browser.keep(form);
  EXPECT_FALSE(password.wanted());
  Pairs pairs{{"form_token", "forged"}, {"username", "ada"}, {"password", "secret of ada"}};
  EXPECT_EQ(login(browser.post("/login", pairs), context).status, 403);
  EXPECT_FALSE(password.wanted());
  pairs[0].second = input(form.body, "form_token");
  EXPECT_EQ(login(browser.post("/login", pairs), context).status, 503) << "nobody is signed in by what is forgotten";
  EXPECT_TRUE(password.wanted());
}

// Guesses at an account from networks that were never seen before.
class PausedTest : public WebTest {
 protected:
  void guess(const std::string& name) {
    for (int i = 0; i < 25; ++i) {
      Browser stranger;
      stranger.peer = "203.0.113." + std::to_string(i);
      for (int j = 0; j < 4; ++j) EXPECT_EQ(sign_in(stranger, name, "nope").status, 403);
    }
  }
  http::Response from(const std::string& network, Browser browser, const std::string& name) {
    browser.peer = network;
    return sign_in(browser, name, "secret of " + name);
  }
};

TEST_F(PausedTest, Attack3TheBrowserThatSignedInBeforeIsLetIn) {
  Browser known = signed_in("ada");
  known.forget("__Host-postern_session");
  guess("ada");
  const auto stranger = from("198.51.100.1", Browser(), "ada");
  EXPECT_EQ(stranger.status, 429);
  EXPECT_EQ(header(stranger, "Retry-After"), "10");
  EXPECT_THAT(stranger.body, HasSubstr("a browser or a network in which you signed in before"));
  EXPECT_EQ(from("198.51.100.1", known, "ada").status, 303);
  EXPECT_EQ(from("192.0.2.1", Browser(), "ada").status, 303) << "from the network that it signed in from";
}

TEST_F(PausedTest, ACookieThatWasChangedOrIsOfSomebodyElseIsNone) {
  Browser bob = signed_in("bob");
  Browser changed = signed_in("ada");
  std::string value = changed.cookie("__Host-postern_device");
  value[value.size() / 2] = value[value.size() / 2] == 'A' ? 'B' : 'A';
  changed.set_cookie("__Host-postern_device", value);
  guess("ada");
  EXPECT_EQ(from("198.51.100.1", bob, "ada").status, 429);
  EXPECT_EQ(from("198.51.100.1", changed, "ada").status, 429);
}

TEST_F(PausedTest, ABrowserIsKnownToEveryAccountThatSignedInThere) {
  Browser shared = signed_in("ada");
  EXPECT_EQ(sign_in(shared, "bob", "secret of bob").status, 303);
  guess("ada");
  guess("bob");
  EXPECT_EQ(from("198.51.100.1", shared, "ada").status, 303);
  EXPECT_EQ(from("198.51.100.2", shared, "bob").status, 303);
}

TEST_F(LoginTest, TheDeviceCookieIsLockedDownAndNewAtEverySignIn) {
  Browser browser;
  const auto in = sign_in(browser, "ada", "secret of ada");
  const auto& all = in.headers.all();
  const auto cookie =
      std::ranges::find_if(all, [](const auto& field) { return field.second.starts_with("__Host-postern_device="); });
  ASSERT_NE(cookie, all.end());
  for (const char* part : {"; Path=/", "; HttpOnly", "; SameSite=Lax", "; Secure", "; Max-Age=15552000"}) {
    EXPECT_THAT(cookie->second, HasSubstr(part));
  }
  EXPECT_THAT(cookie->second, Not(HasSubstr("ada")));
  const auto first = browser.cookie("__Host-postern_device");
  EXPECT_EQ(sign_in(browser, "ada", "secret of ada").status, 303);
  EXPECT_NE(browser.cookie("__Host-postern_device"), first);
  EXPECT_EQ(browser.cookie("__Host-postern_device").size(), first.size()) << "one entry for each account";
}

TEST_F(LoginTest, TheDeviceCookieSignsNobodyInAndStopsGrowing) {
  Browser browser;
  for (int i = 0; i < 12; ++i) {
    store::User user;
    user.name = "user-" + std::to_string(i);
    user.key = "local:" + user.name;
    user.password_hash = crypto::hash_password(Secret("secret of " + user.name), kCheap);
    ASSERT_TRUE(store_->users().add(user));
    EXPECT_EQ(sign_in(browser, user.name, "secret of " + user.name).status, 303);
  }
  EXPECT_LT(browser.cookie("__Host-postern_device").size(), 1500U);
  Browser only_device;
  only_device.set_cookie("__Host-postern_device", browser.cookie("__Host-postern_device"));
  EXPECT_THAT(visit(login, only_device.get("/login")).body, HasSubstr("name=\"password\""));
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

#include "unit/web/fixture.hpp"

#include <gmock/gmock.h>

namespace postern::web {
namespace {

using testing::HasSubstr;
using testing::Not;

// Requests that somebody else made up or passed on.
class ForgeryTest : public WebTest {
 protected:
  std::string flow_of(Browser& browser) { return input(open(browser, asked()).body, "flow"); }
  http::Request approval(const Browser& browser, const std::string& flow) {
    return browser.post("/oauth/authorize", {{"flow", flow}, {"tenant", "acme"}, {"decision", "approve"}});
  }
};

TEST_F(ForgeryTest, AConsentIsTakenFromOurOwnPagesOnly) {
  Browser browser = signed_in("bob");
  const std::string flow = flow_of(browser);
  const std::vector<std::pair<std::string, std::string>> senders = {{"cross-site", ""},
                                                                    {"same-site", ""},
                                                                    {"cross-site", "null"},
                                                                    {"", "null"},
                                                                    {"", "https://evil.example"},
                                                                    {"same-origin", "https://evil.example"},
                                                                    {"", "https://ai.example.test.evil.example"},
                                                                    {"", "http://ai.example.test"}};
  for (const auto& [site, origin] : senders) {
    auto request = approval(browser, flow);
    set_field(request, "Sec-Fetch-Site", site);
    set_field(request, "Origin", origin);
    const auto response = visit(authorize, request);
    EXPECT_EQ(response.status, 403) << site << " " << origin;
    EXPECT_EQ(header(response, "Location"), "");
  }
  EXPECT_EQ(grants(), 0u);
  auto request = approval(browser, flow);
  set_field(request, "Sec-Fetch-Site", "");
  set_field(request, "Origin", "https://ai.example.test");
  EXPECT_EQ(visit(authorize, request).status, 303);
}

TEST_F(ForgeryTest, AConsentWithoutItsPageIsRefused) {
  Browser browser = signed_in("bob");
  EXPECT_EQ(answer(browser, {{"tenant", "acme"}, {"decision", "approve"}}).status, 403);
  EXPECT_EQ(answer(browser, {{"flow", ""}, {"tenant", "acme"}, {"decision", "approve"}}).status, 403);
  EXPECT_EQ(answer(browser, {{"flow", "AAAA"}, {"tenant", "acme"}, {"decision", "approve"}}).status, 403);
  std::string changed = flow_of(browser);
  changed[changed.size() / 2] = changed[changed.size() / 2] == 'A' ? 'B' : 'A';
  EXPECT_EQ(visit(authorize, approval(browser, changed)).status, 403);
  EXPECT_EQ(grants(), 0u);
}

TEST_F(ForgeryTest, AConsentPageBelongsToOneBrowserAndOneUser) {
  Browser victim = signed_in("bob");
  Browser attacker = signed_in("ada");
  Browser elsewhere = signed_in("bob");
  const std::string flow = flow_of(attacker);
  EXPECT_EQ(visit(authorize, approval(victim, flow)).status, 403);
  EXPECT_EQ(visit(authorize, approval(elsewhere, flow_of(victim))).status, 403);
  EXPECT_EQ(visit(authorize, approval(Browser(), flow)).status, 403);

  EXPECT_EQ(grants(), 0u);
  Browser without = victim;
  without.forget("__Host-postern_browser");
  EXPECT_EQ(visit(authorize, approval(without, flow_of(victim))).status, 403);
  EXPECT_EQ(grants(), 0u);
}

TEST_F(ForgeryTest, AConsentPageIsDecidedOnce) {
  Browser browser = signed_in("bob");
  const std::string flow = flow_of(browser);
  EXPECT_EQ(visit(authorize, approval(browser, flow)).status, 303);
  const auto again = visit(authorize, approval(browser, flow));
  EXPECT_EQ(again.status, 403);
  EXPECT_EQ(header(again, "Location"), "");
  EXPECT_EQ(answer(browser, {{"flow", flow}, {"decision", "deny"}}).status, 403);
  EXPECT_EQ(grants(), 1u);
}

TEST_F(ForgeryTest, AConsentPageExpires) {
  Browser browser = signed_in("bob");
  const std::string flow = flow_of(browser);
  clock_.advance(11min);
  EXPECT_EQ(parameter(header(visit(authorize, approval(browser, flow)), "Location"), "error"), "access_denied");
  EXPECT_EQ(grants(), 0u);
}

TEST_F(ForgeryTest, OnlyApproveAndDenyAreDecisions) {
  Browser browser = signed_in("bob");
  const std::string flow = flow_of(browser);
  for (const char* decision : {"", "Approve", "yes"}) {
    EXPECT_EQ(answer(browser, {{"flow", flow}, {"tenant", "acme"}, {"decision", decision}}).status, 400) << decision;
  }
  EXPECT_EQ(answer(browser, {{"flow", flow}, {"tenant", "acme"}}).status, 400);
  EXPECT_EQ(answer(browser, {{"flow", flow}, {"tenant", "acme"}, {"decision", "deny"}, {"decision", "approve"}}).status,
            400);
  EXPECT_EQ(grants(), 0u);
}

TEST_F(ForgeryTest, OnlyFormsAreTaken) {
  Browser browser = signed_in("bob");
  for (const char* type : {"text/plain", "multipart/form-data; boundary=x", "application/json", ""}) {
    auto request = approval(browser, flow_of(browser));
    set_field(request, "Content-Type", type);
    EXPECT_EQ(visit(authorize, request).status, 415) << type;
    set_field(request, "Content-Type", type);
    EXPECT_EQ(visit(login, request).status, 415) << type;
  }
  EXPECT_EQ(grants(), 0u);
}

TEST_F(ForgeryTest, SigningInNeedsTheFormOfThisBrowser) {
  Browser attacker;
  const std::string foreign = input(visit_kept(attacker, login, attacker.get("/login")).body, "form_token");
  Browser victim;
  const Pairs stolen = {{"form_token", foreign}, {"username", "ada"}, {"password", "secret of ada"}};
  for (int cookies = 0; cookies < 2; ++cookies) {
    const auto response = visit_kept(victim, login, victim.post("/login", stolen));
    EXPECT_EQ(response.status, 403);
    EXPECT_EQ(victim.cookie("__Host-postern_session"), "");
    EXPECT_TRUE(victim.has("__Host-postern_browser"));
  }
  auto request = victim.post("/login", {{"username", "ada"}, {"password", "secret of ada"}});
  EXPECT_EQ(visit(login, request).status, 403);
  set_field(request, "Sec-Fetch-Site", "cross-site");
  const auto refused = visit(login, request);
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(header(refused, "Set-Cookie"), "");
}

TEST_F(ForgeryTest, AFormTokenServesItsOwnFormOnly) {
  Browser browser = signed_in("bob");
  const std::string for_logout = input(visit(logout, browser.get("/logout")).body, "form_token");
  ASSERT_FALSE(for_logout.empty());
  EXPECT_EQ(visit(login, browser.post("/login",
                                      {{"form_token", for_logout}, {"username", "ada"}, {"password", "secret of ada"}}))
                .status,
            403);
  EXPECT_EQ(visit(logout, browser.post("/logout", {})).status, 403);
  EXPECT_EQ(visit(authorize, browser.get(authorize_path(asked()))).status, 200);
  EXPECT_EQ(visit_kept(browser, logout, browser.post("/logout", {{"form_token", for_logout}})).status, 303);
  EXPECT_EQ(browser.cookie("__Host-postern_session"), "");
}

TEST_F(ForgeryTest, SigningOutEndsTheSessionEverywhere) {
  Browser browser = signed_in("bob");
  const Browser copy = browser;
  const std::string token = input(visit(logout, browser.get("/logout")).body, "form_token");
  visit(logout, browser.post("/logout", {{"form_token", token}}));
  EXPECT_EQ(visit(authorize, copy.get(authorize_path(asked()))).status, 303);
}

TEST_F(ForgeryTest, AFormSentByAnotherSiteDoesNotSignOut) {
  Browser browser = signed_in("bob");
  auto request =
      browser.post("/logout", {{"form_token", input(visit(logout, browser.get("/logout")).body, "form_token")}});
  set_field(request, "Sec-Fetch-Site", "cross-site");
  EXPECT_EQ(visit(logout, request).status, 403);
  EXPECT_EQ(visit(authorize, browser.get(authorize_path(asked()))).status, 200);
}

TEST_F(ForgeryTest, ContinueIsAnOwnPathOnly) {
  for (const std::string tricky : {"//evil.example", "/\\evil.example", "https://evil.example/", "https:evil.example",
                                   "/\t/evil.example", "/\r\nLocation: https://evil.example", "\\\\evil.example", " /x",
                                   "javascript:alert(1)", "evil.example", "/x\\y", "/caf\xC3\xA9", ""}) {
    Browser browser;
    const auto form = visit_kept(browser, login, browser.get("/login?continue=" + http::percent_encode(tricky)));
    EXPECT_EQ(input(form.body, "continue"), "") << tricky;
    EXPECT_EQ(header(sign_in(browser, "ada", "secret of ada", tricky), "Location"), "/login") << tricky;
  }
  Browser browser;
  EXPECT_EQ(header(sign_in(browser, "ada", "secret of ada", "/oauth/authorize?a=b%20c"), "Location"),
            "/oauth/authorize?a=b%20c");
}

TEST_F(ForgeryTest, ASessionPlantedBeforeSigningInIsNotAdopted) {
  Browser browser;
  browser.set_cookie("__Host-postern_session", "planted-value");
  EXPECT_EQ(sign_in(browser, "ada", "secret of ada").status, 303);
  EXPECT_NE(browser.cookie("__Host-postern_session"), "planted-value");
  EXPECT_EQ(browser.cookie("__Host-postern_session").size(), 43u);
  Browser planted;
  planted.set_cookie("__Host-postern_session", "planted-value");
  EXPECT_EQ(visit(authorize, planted.get(authorize_path(asked()))).status, 303);
}

TEST_F(ForgeryTest, ASessionEndsByTimeAndWithItsUser) {
  Browser browser = signed_in("bob");
  EXPECT_EQ(visit(authorize, browser.get(authorize_path(asked()))).status, 200);
  clock_.advance(12h + 1s);
  EXPECT_EQ(visit(authorize, browser.get(authorize_path(asked()))).status, 303);
  Browser other = signed_in("ada");
  const std::string flow = flow_of(other);
  EXPECT_TRUE(store_->users().set_disabled("local:ada", true));
  EXPECT_EQ(visit(authorize, other.get(authorize_path(asked()))).status, 303);
  EXPECT_THAT(header(visit(authorize, approval(other, flow)), "Location"), testing::StartsWith("/login?continue="));
  EXPECT_EQ(grants(), 0u);
}

}  // namespace
}  // namespace postern::web

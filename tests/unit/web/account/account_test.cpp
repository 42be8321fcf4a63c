#include <gmock/gmock.h>

#include "unit/web/fixture.hpp"
#include "web/account/account_views.hpp"

namespace postern::web {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr auto* kNowhere = "None of the services you can reach takes tokens made by hand.";

using Page = http::Response (*)(const http::Request&, const PageContext&);

// Two tenants with a host each, and one that no plan of a resource includes.
class AccountTest : public WebTest {
 protected:
  AccountTest() {
    server().issuer = "https://{tenant}.example.test";
    config_.resources.clear();
    add_resource("https://{tenant}.example.test/mcp", "");
    config_.resources[0].manual_tokens = true;
    build();
  }

  http::Response visit_at(const std::string& handle, Page page, const http::Request& request) {
    const auto own = tenant::for_tenant(catalog_->servers()[0], handle);
    const oauth::Context oauth{*own, *catalog_, *directory_, *store_, seal_, clock_, *log_, keys_};
    oauth::Context noting = oauth;
    noting.tool_checks = &checks_;
    return visit_in(noting, page, request);
  }
  Browser signed_in_at(const std::string& handle, const std::string& user) {
    Browser browser("https://" + handle + ".example.test");
    auto form = visit_at(handle, login, browser.get("/login?continue=/login"));
    browser.keep(form);
    const auto sent = visit_at(handle, login,
                               browser.post("/login", {{"form_token", input(form.body, "form_token")},
                                                       {"username", user},
                                                       {"password", "secret of " + user}}));
    EXPECT_EQ(sent.status, 303);
    browser.keep(sent);
    return browser;
  }
  std::string connect(const std::string& user, const std::string& tenant, const std::string& client = "client_a") {
    const auto number = std::to_string(++made_);
    store::Approval approval;
    approval.consent_id = "consent " + number;
    approval.consent_expires_at = clock_.now() + 10min;
    auto& grant = approval.grant;
    grant.id = "grant_" + number;
    grant.user = "local:" + user;
    grant.tenant = tenant;
    grant.client = client;
    grant.resource = "https://" + tenant + ".example.test/mcp";
    grant.scopes = {"connect", "read"};
    grant.created_at = clock_.now();
    grant.expires_at = clock_.now() + 30 * 24h;
    approval.code.hash = crypto::sha256_string("code " + number);
    approval.code.grant = grant.id;
    approval.code.client = client;
    approval.code.expires_at = clock_.now() + 1min;
    EXPECT_TRUE(store_->grants().approve(approval));
    return grant.id;
  }
  bool lives(const std::string& grant) { return !store_->grants().find_grant(grant).value()->revoked_at; }
  std::vector<store::Grant> minted() {
    std::vector<store::Grant> found;
    for (auto& grant : store_->grants().list({}).value()) {
      if (grant.kind == store::GrantKind::minted) found.push_back(grant);
    }
    return found;
  }
  // The fields of the form that makes a token, with what is chosen.
  static Pairs wish(const std::string& html, const Pairs& chosen) {
    Pairs pairs{{"action", "make"}, {"days", "90"}};
    for (const char* name : {"form_token", "once", "resource", "tenant"}) pairs.emplace_back(name, input(html, name));
    pairs.insert(pairs.end(), chosen.begin(), chosen.end());
    return pairs;
  }

  std::vector<std::string> checks_;

 private:
  int made_ = 0;
};

TEST_F(AccountTest, WhoeverIsNotSignedInIsSentToSignInAndComesBack) {
  const Browser nobody("https://acme.example.test");
  for (const auto& [path, page] : {std::pair<std::string, Page>{"/account/apps", account_apps},
                                   {"/account/endpoints", account_endpoints},
                                   {"/account/tokens", account_tokens}}) {
    const auto answer = visit_at("acme", page, nobody.get(path));
    EXPECT_EQ(answer.status, 303) << path;
    EXPECT_EQ(header(answer, "Location"), "/login?continue=" + http::percent_encode(path)) << path;
    EXPECT_EQ(visit_at("acme", page, nobody.post(path, {{"grant", "x"}})).status, 403) << path;
  }
}

TEST_F(AccountTest, AHostShowsItsOwnTenantAndUserAlone) {
  const auto here = connect("ada", "acme");
  const auto there = connect("ada", "globex");
  const auto of_bob = connect("bob", "acme");
  const auto page = visit_at("acme", account_apps, signed_in_at("acme", "ada").get("/account/apps"));
  EXPECT_EQ(page.status, 200);
  EXPECT_THAT(page.body, HasSubstr(here));
  EXPECT_THAT(page.body, Not(HasSubstr(there)));
  EXPECT_THAT(page.body, Not(HasSubstr(of_bob)));
  const auto endpoints = visit_at("acme", account_endpoints, signed_in_at("acme", "ada").get("/account/endpoints"));
  EXPECT_THAT(endpoints.body, HasSubstr("https://acme.example.test/mcp"));
  EXPECT_THAT(endpoints.body, Not(HasSubstr("globex")));
}

TEST_F(AccountTest, WhatIsOfAnotherTenantOrUserCannotBeRevokedOrChecked) {
  connect("ada", "acme");
  const auto there = connect("ada", "globex");
  const auto of_bob = connect("bob", "acme");
  const auto browser = signed_in_at("acme", "ada");
  for (const auto& [path, page] :
       {std::pair<std::string, Page>{"/account/apps", account_apps}, {"/account/endpoints", account_endpoints}}) {
    const auto token = input(visit_at("acme", page, browser.get(path)).body, "form_token");
    for (const auto& grant : {there, of_bob, std::string("grant_nobody"), std::string()}) {
      const auto answer = visit_at("acme", page, browser.post(path, {{"form_token", token}, {"grant", grant}}));
      EXPECT_EQ(answer.status, 404) << path << " " << grant;
    }
  }
  EXPECT_TRUE(lives(there));
  EXPECT_TRUE(lives(of_bob));
  EXPECT_TRUE(checks_.empty());
}

TEST_F(AccountTest, AFormOfAnotherPageOrSignInRevokesNothing) {
  const auto grant = connect("ada", "acme");
  const auto browser = signed_in_at("acme", "ada");
  const auto again = signed_in_at("acme", "ada");
  const auto of_endpoints =
      input(visit_at("acme", account_endpoints, browser.get("/account/endpoints")).body, "form_token");
  const auto of_another = input(visit_at("acme", account_apps, again.get("/account/apps")).body, "form_token");
  for (const auto& token : {of_endpoints, of_another, std::string(), std::string("AAAA")}) {
    const auto answer =
        visit_at("acme", account_apps, browser.post("/account/apps", {{"form_token", token}, {"grant", grant}}));
    EXPECT_EQ(answer.status, 403);
  }
  EXPECT_TRUE(lives(grant));
}

TEST_F(AccountTest, RevokingIsForGoodAndSaysTheSameTwice) {
  const auto grant = connect("ada", "acme");
  const auto browser = signed_in_at("acme", "ada");
  const auto token = input(visit_at("acme", account_apps, browser.get("/account/apps")).body, "form_token");
  for (int i = 0; i < 2; ++i) {
    const auto answer =
        visit_at("acme", account_apps, browser.post("/account/apps", {{"form_token", token}, {"grant", grant}}));
    EXPECT_EQ(answer.status, 200);
    EXPECT_THAT(answer.body, HasSubstr("ChatGPT was disconnected."));
    EXPECT_FALSE(lives(grant));
  }
  EXPECT_EQ(store_->grants().find_grant(grant).value()->revoked_reason, "user_revoked");
}

TEST_F(AccountTest, CallsOfThirtyDaysCountTodayAmongThem) {
  const auto grant = connect("ada", "acme");
  const Time today = std::chrono::floor<std::chrono::days>(clock_.now());
  ASSERT_TRUE(store_->usage().add({{grant, today - 30 * 24h, 1000, clock_.now()},
                                   {grant, today - 29 * 24h, 30, clock_.now()},
                                   {grant, today, 7, clock_.now()}}));
  const auto page = visit_at("acme", account_apps, signed_in_at("acme", "ada").get("/account/apps"));
  EXPECT_THAT(page.body, HasSubstr("37 <small>in the last 30 days"));
}

TEST_F(AccountTest, OnAPlanWithoutTheResourceThereIsNothingToConnectOrToMake) {
  const auto browser = signed_in_at("small", "ada");
  EXPECT_THAT(visit_at("small", account_endpoints, browser.get("/account/endpoints")).body,
              HasSubstr("There is nothing here that you could connect to."));
  EXPECT_THAT(visit_at("small", account_tokens, browser.get("/account/tokens")).body,
              HasSubstr("None of the services you can reach takes tokens made by hand."));
}

TEST_F(AccountTest, AfterTheLastTokenIsRevokedTheFormOfTheOnlyPlaceIsThere) {
  const auto browser = signed_in_at("acme", "ada");
  const auto page = visit_at("acme", account_tokens, browser.get("/account/tokens"));
  EXPECT_THAT(page.body, HasSubstr("You have no tokens."));
  EXPECT_THAT(page.body, Not(HasSubstr(kNowhere)));
  const auto made =
      visit_at("acme", account_tokens,
               browser.post("/account/tokens", wish(page.body, {{"name", "CI"}, {"may:connect", "yes"}})));
  EXPECT_EQ(made.status, 200);
  EXPECT_THAT(made.body, Not(HasSubstr("You have no tokens.")));
  const auto revoked = visit_at("acme", account_tokens,
                                browser.post("/account/tokens", {{"action", "revoke"},
                                                                 {"form_token", input(made.body, "form_token")},
                                                                 {"grant", minted().front().id}}));
  EXPECT_EQ(revoked.status, 200);
  EXPECT_THAT(revoked.body, HasSubstr("CI was revoked."));
  EXPECT_THAT(revoked.body, HasSubstr("You have no tokens."));
  EXPECT_THAT(revoked.body, HasSubstr("value=\"make\"")) << "the next one can be made here";
  EXPECT_THAT(revoked.body, Not(HasSubstr(kNowhere)));
}

TEST_F(AccountTest, WhereNothingTakesTokensThePageSaysSoWhateverWasThereBefore) {
  config_.resources[0].manual_tokens = false;
  build();
  const auto page = visit_at("acme", account_tokens, signed_in_at("acme", "ada").get("/account/tokens"));
  EXPECT_THAT(page.body, HasSubstr(kNowhere));
  EXPECT_THAT(page.body, Not(HasSubstr("You have no tokens.")));
  EXPECT_THAT(page.body, Not(HasSubstr("value=\"make\"")));
}

TEST_F(AccountTest, ATokenMadeByHandIsShownOnceAndHoldsWhatWasChosen) {
  const auto browser = signed_in_at("acme", "ada");
  const auto page = visit_at("acme", account_tokens, browser.get("/account/tokens"));
  const auto made =
      visit_at("acme", account_tokens,
               browser.post("/account/tokens",
                            wish(page.body, {{"name", "Nightly <job>"}, {"may:connect", "yes"}, {"may:read", "yes"}})));
  ASSERT_EQ(made.status, 200);
  EXPECT_EQ(header(made, "Cache-Control"), "no-store");
  const auto at = made.body.find("mcpv1_");
  ASSERT_NE(at, std::string::npos);
  const auto value = made.body.substr(at, 6 + 43);
  ASSERT_EQ(minted().size(), 1U);
  const auto grant = minted()[0];
  EXPECT_EQ(grant.name, "Nightly <job>");
  EXPECT_EQ(grant.scopes, (std::vector<std::string>{"connect", "read"}));
  EXPECT_EQ(grant.expires_at, clock_.now() + 90 * 24h);
  EXPECT_EQ(store_->grants().find_access(crypto::sha256_string(value)).value()->grant.id, grant.id);
  const auto later = visit_at("acme", account_tokens, browser.get("/account/tokens"));
  EXPECT_THAT(later.body, Not(HasSubstr(value)));
  EXPECT_THAT(later.body, HasSubstr("Nightly &lt;job&gt;"));
}

TEST_F(AccountTest, AFormSentTwiceMakesOneToken) {
  const auto browser = signed_in_at("acme", "ada");
  const auto page = visit_at("acme", account_tokens, browser.get("/account/tokens"));
  const auto sent = browser.post("/account/tokens", wish(page.body, {{"name", "CI"}, {"may:connect", "yes"}}));
  EXPECT_EQ(visit_at("acme", account_tokens, sent).status, 200);
  const auto again = visit_at("acme", account_tokens, sent);
  EXPECT_EQ(again.status, 403);
  EXPECT_THAT(again.body, Not(HasSubstr("mcpv1_")));
  EXPECT_EQ(minted().size(), 1U);
}

TEST_F(AccountTest, WhatIsWrongWithATokenIsSaidAndWhatWasTypedStays) {
  const auto browser = signed_in_at("acme", "bob");  // a viewer, who may not write
  const auto page = visit_at("acme", account_tokens, browser.get("/account/tokens"));
  EXPECT_THAT(page.body, Not(HasSubstr("may:write")));
  const std::pair<Pairs, std::string> tries[] = {
      {{{"name", " "}, {"may:read", "yes"}}, "Give the token a name"},
      {{{"name", std::string(81, 'n')}, {"may:read", "yes"}}, "The name is too long."},
      {{{"name",
         "a\xE2\x80\xAE"
         "b"},
        {"may:read", "yes"}},
       "invisible"},
      {{{"name", "CI"}}, "Choose what the token may do."},
      {{{"name", "CI"}, {"may:write", "yes"}}, "Choose of what you may do yourself."},
      {{{"name", "CI"}, {"may:other", "yes"}}, "Choose of what you may do yourself."},
  };
  for (const auto& [chosen, said] : tries) {
    const auto answer = visit_at("acme", account_tokens, browser.post("/account/tokens", wish(page.body, chosen)));
    EXPECT_EQ(answer.status, 400) << said;
    EXPECT_THAT(answer.body, HasSubstr(said));
  }
  auto forever = wish(page.body, {{"name", "CI"}, {"may:read", "yes"}});
  forever[1].second = "36500";
  const auto answer = visit_at("acme", account_tokens, browser.post("/account/tokens", forever));
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(input(answer.body, "name"), "CI");
  EXPECT_TRUE(minted().empty());
}

TEST_F(AccountTest, NobodyMakesATokenForAnotherTenant) {
  const auto browser = signed_in_at("acme", "bob");
  const auto page = visit_at("acme", account_tokens, browser.get("/account/tokens"));
  for (const auto& [resource, tenant] : Pairs{{"https://globex.example.test/mcp", "globex"},
                                              {"https://acme.example.test/mcp", "globex"},
                                              {"https://globex.example.test/mcp", "acme"},
                                              {"https://acme.example.test/other", "acme"},
                                              {"", ""}}) {
    auto pairs = wish(page.body, {{"name", "CI"}, {"may:read", "yes"}});
    pairs[4].second = resource;
    pairs[5].second = tenant;
    EXPECT_EQ(visit_at("acme", account_tokens, browser.post("/account/tokens", pairs)).status, 404) << resource;
  }
  EXPECT_EQ(visit_at("acme", account_tokens, browser.get("/account/tokens?resource=x&tenant=globex")).status, 404);
  EXPECT_TRUE(minted().empty());
}

TEST_F(AccountTest, TokensAreBoundedForEachUser) {
  const auto browser = signed_in_at("acme", "ada");
  for (int i = 0; i < 50; ++i) {
    store::Grant grant;
    grant.id = "grant_minted_" + std::to_string(i);
    grant.kind = store::GrantKind::minted;
    grant.user = "local:ada";
    grant.tenant = "acme";
    grant.resource = "https://acme.example.test/mcp";
    grant.scopes = {"read"};
    grant.created_at = clock_.now();
    grant.expires_at = clock_.now() + 24h;
    store::AccessToken token;
    token.hash = crypto::sha256_string(grant.id);
    token.grant = grant.id;
    token.expires_at = grant.expires_at;
    ASSERT_TRUE(store_->grants().add_minted(grant, token));
  }
  const auto page = visit_at("acme", account_tokens, browser.get("/account/tokens"));
  const auto pairs = wish(page.body, {{"name", "CI"}, {"may:read", "yes"}});
  const auto answer = visit_at("acme", account_tokens, browser.post("/account/tokens", pairs));
  EXPECT_EQ(answer.status, 400);
  EXPECT_THAT(answer.body, HasSubstr("Revoke one that is not needed."));
}

TEST_F(AccountTest, TheAppsPageRevokesNoTokenMadeByHandAndTheOtherWayRound) {
  const auto app = connect("ada", "acme");
  const auto browser = signed_in_at("acme", "ada");
  const auto page = visit_at("acme", account_tokens, browser.get("/account/tokens"));
  visit_at("acme", account_tokens,
           browser.post("/account/tokens", wish(page.body, {{"name", "CI"}, {"may:read", "yes"}})));
  const auto token = minted().at(0).id;
  const auto of_tokens = input(page.body, "form_token");
  const auto of_apps = input(visit_at("acme", account_apps, browser.get("/account/apps")).body, "form_token");
  EXPECT_EQ(
      visit_at("acme", account_apps, browser.post("/account/apps", {{"form_token", of_apps}, {"grant", token}})).status,
      404);
  EXPECT_EQ(visit_at("acme", account_tokens,
                     browser.post("/account/tokens", {{"form_token", of_tokens}, {"grant", app}, {"action", "revoke"}}))
                .status,
            404);
  EXPECT_TRUE(lives(app));
  EXPECT_TRUE(lives(token));
  const auto revoked =
      visit_at("acme", account_tokens,
               browser.post("/account/tokens", {{"form_token", of_tokens}, {"grant", token}, {"action", "revoke"}}));
  EXPECT_EQ(revoked.status, 200);
  EXPECT_THAT(revoked.body, HasSubstr("CI was revoked."));
  EXPECT_FALSE(lives(token));
}

TEST_F(AccountTest, CheckingAgainAsksForTheToolsOfThatGrant) {
  const auto grant = connect("ada", "acme");
  const auto browser = signed_in_at("acme", "ada");
  const auto token = input(visit_at("acme", account_endpoints, browser.get("/account/endpoints")).body, "form_token");
  EXPECT_TRUE(checks_.empty()) << "looking changes nothing";
  const auto answer = visit_at("acme", account_endpoints,
                               browser.post("/account/endpoints", {{"form_token", token}, {"grant", grant}}));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(checks_, std::vector<std::string>{grant});
}

TEST_F(AccountTest, ThePagesCarryTheHeaders) {
  connect("ada", "acme");
  const auto browser = signed_in_at("acme", "ada");
  for (const Page page : {account_apps, account_endpoints, account_tokens}) {
    const auto shown = visit_at("acme", page, browser.get("/account/x"));
    EXPECT_THAT(header(shown, "Content-Security-Policy"), HasSubstr("frame-ancestors 'none'; form-action 'self'"));
    EXPECT_EQ(header(shown, "X-Frame-Options"), "DENY");
    EXPECT_EQ(header(shown, "Cache-Control"), "no-store");
    EXPECT_EQ(header(shown, "Referrer-Policy"), "no-referrer");
  }
}

}  // namespace
}  // namespace postern::web

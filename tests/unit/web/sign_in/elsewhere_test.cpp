#include "web/sign_in/elsewhere.hpp"

#include "http/header/cookie.hpp"
#include "unit/web/fixture.hpp"
#include "web/sign_in/sign_in_state.hpp"

namespace postern::web {
namespace {

class ElsewhereTest : public WebTest {
 protected:
  ElsewhereTest() {
    identity_.callback = "https://ai.example.test/oauth/callback";
    config::Provider provider;
    provider.name = "entra";
    provider.label = "Contoso <b>";
    provider.issuer = "https://login.example";
    provider.client_id = "postern";
    provider.client_secret = Secret("s");
    identity_.providers.push_back(provider);
  }

  // With what is at hand of the provider, and what it would have to be asked for.
  http::Response page(http::Response (*of)(const http::Request&, const PageContext&), const http::Request& request) {
    documents_ = oauth::ForeignDocuments([this](const oauth::WantedDocument& wanted) {
      asked_.push_back(wanted);
      const bool known = wanted.kind == oauth::DocumentKind::provider_metadata && !metadata_.empty();
      return known ? std::optional(std::make_shared<const std::string>(metadata_)) : std::nullopt;
    });
    oauth::Context oauth{server(), *catalog_, *directory_, *store_, seal_, clock_, *log_, keys_};
    oauth.documents = &documents_;
    auto response = of(request, PageContext{oauth, users_, 12h, &identity_});
    browser_.keep(response);
    return response;
  }
  std::string continue_to() const { return "/oauth/authorize?" + http::encode_form(asked()); }
  // The sign-in page's answer to its button.
  http::Response press() {
    const auto shown = page(login, browser_.get("/login?continue=" + http::percent_encode(continue_to())));
    form_token_ = input(shown.body, "form_token");
    return page(
        login,
        browser_.post("/login", {{"form_token", form_token_}, {"continue", continue_to()}, {"provider", "entra"}}));
  }

  config::Identity identity_;
  std::string metadata_ =
      R"({"issuer":"https://login.example","authorization_endpoint":"https://login.example/authorize",)"
      R"("token_endpoint":"https://login.example/token","jwks_uri":"https://login.example/jwks"})";
  std::vector<oauth::WantedDocument> asked_;
  oauth::ForeignDocuments documents_;
  Browser browser_;
  std::string form_token_;
};

TEST_F(ElsewhereTest, TheSignInPageNamesTheAppAndHasAButtonForEachProvider) {
  const auto shown = page(login, browser_.get("/login?continue=" + http::percent_encode(continue_to())));
  EXPECT_EQ(shown.status, 200);
  const auto html = markup(shown.body);
  EXPECT_NE(html.find("ChatGPT"), std::string::npos);
  EXPECT_NE(html.find("app.example.test"), std::string::npos);
  EXPECT_NE(html.find("Contoso &lt;b&gt;"), std::string::npos);
  EXPECT_NE(html.find("name=\"password\""), std::string::npos);
  EXPECT_NE(header(shown, "Content-Security-Policy").find("form-action 'self' https:"), std::string::npos);
  EXPECT_TRUE(asked_.empty()) << "no provider is asked for a page to be shown";
}

TEST_F(ElsewhereTest, WithoutUsersOfTheStoreThereIsNoPassword) {
  identity_.local = false;
  const auto shown = page(login, browser_.get("/login"));
  EXPECT_EQ(markup(shown.body).find("name=\"password\""), std::string::npos);
  const auto answer = page(login, browser_.post("/login", {{"form_token", input(shown.body, "form_token")},
                                                           {"username", "ada"},
                                                           {"password", "secret of ada"}}));
  EXPECT_EQ(answer.status, 400);
}

TEST_F(ElsewhereTest, TheButtonLeadsToTheProviderWithAStateOfThisBrowser) {
  const auto answer = press();
  ASSERT_EQ(answer.status, 303);
  const auto location = header(answer, "Location");
  EXPECT_TRUE(location.starts_with("https://login.example/authorize?")) << location;
  const auto state = parameter(location, "state");
  const auto opened = open_state(state, seal_);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->origin, "https://ai.example.test");
  EXPECT_EQ(opened->expires_at, clock_.now() + kSignInLifetime);
  const auto cookie = header(answer, "Set-Cookie");
  EXPECT_TRUE(cookie.starts_with(http::cookie_name(state_cookie(state), true) + "=")) << cookie;
  for (const char* attribute : {"Secure", "HttpOnly", "SameSite=Lax", "Max-Age=600"}) {
    EXPECT_NE(cookie.find(attribute), std::string::npos) << cookie;
  }
  EXPECT_EQ(cookie.find(parameter(location, "nonce")), std::string::npos) << "sealed";
}

TEST_F(ElsewhereTest, WhatIsNotAtHandIsNotedAndNothingElseIsDone) {
  metadata_.clear();
  const auto answer = press();
  ASSERT_TRUE(documents_.wanted());
  EXPECT_EQ(documents_.wanted()->url, "https://login.example/.well-known/openid-configuration");
  EXPECT_EQ(header(answer, "Set-Cookie"), "");
}

TEST_F(ElsewhereTest, ARequestThatIsTooLongForACookieIsRefused) {
  const auto shown = page(login, browser_.get("/login"));
  const auto answer =
      page(login, browser_.post("/login", {{"form_token", input(shown.body, "form_token")},
                                           {"continue", "/oauth/authorize?state=" + std::string(4000, 'x')},
                                           {"provider", "entra"}}));
  EXPECT_EQ(answer.status, 400);
}

TEST_F(ElsewhereTest, ASignInOpensWithItsOwnStateAlone) {
  const oauth::Context oauth{server(), *catalog_, *directory_, *store_, seal_, clock_, *log_, keys_};
  const auto state = make_state("entra", oauth);
  auto sign_in = idp::begin_sign_in("entra");
  sign_in.continue_to = "/x";
  const auto sealed = seal_sign_in(sign_in, state, oauth);
  const auto opened = open_sign_in(sealed, state, oauth);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->nonce, sign_in.nonce);
  EXPECT_EQ(opened->verifier, sign_in.verifier);
  EXPECT_EQ(opened->continue_to, "/x");
  EXPECT_FALSE(open_sign_in(sealed, make_state("entra", oauth), oauth));
  EXPECT_FALSE(open_sign_in("x", state, oauth));
  EXPECT_FALSE(open_state(sealed, seal_));
}

// The one address that providers know only sends on, and only to where a sign-in of ours began.
TEST_F(ElsewhereTest, TheCallbackSendsOnToWhereTheSignInBegan) {
  const auto location = header(press(), "Location");
  const auto query = "state=" + parameter(location, "state") + "&code=c&iss=https%3A%2F%2Flogin.example";
  const auto on = callback(browser_.get("/oauth/callback?" + query), identity_.callback, seal_);
  EXPECT_EQ(on.status, 303);
  EXPECT_EQ(header(on, "Location"), "https://ai.example.test/login/return?" + query);
  for (const char* bad : {"", "state=x&code=c", "state=&code=c", "code=c"}) {
    const auto refused = callback(browser_.get(std::string("/oauth/callback?") + bad), identity_.callback, seal_);
    EXPECT_EQ(refused.status, 400) << bad;
    EXPECT_EQ(header(refused, "Location"), "") << bad;
  }
}

// RFC 9700 section 4.4.2.1.
TEST_F(ElsewhereTest, AnAnswerAtTheAddressOfAnotherProviderGoesNoFurther) {
  identity_.callback = "https://ai.example.test/oauth/callback/{provider}";
  const auto location = header(press(), "Location");
  EXPECT_EQ(parameter(location, "redirect_uri"), "https://ai.example.test/oauth/callback/entra");
  const auto query = "state=" + parameter(location, "state") + "&code=c";
  const auto own = callback(browser_.get("/oauth/callback/entra?" + query), identity_.callback, seal_);
  EXPECT_EQ(header(own, "Location"), "https://ai.example.test/login/return?" + query);
  for (const char* path : {"/oauth/callback/okta", "/oauth/callback/", "/oauth/callback", "/oauth/callback/Entra"}) {
    const auto refused = callback(browser_.get(path + ("?" + query)), identity_.callback, seal_);
    EXPECT_EQ(refused.status, 400) << path;
    EXPECT_EQ(header(refused, "Location"), "") << path;
  }
}

TEST_F(ElsewhereTest, ASignInForATenantOffersTheProvidersOfItsUsers) {
  const auto buttons = [this](const std::string& tenant) {
    const oauth::Context oauth{server(), *catalog_, *directory_, *store_, seal_, clock_, *log_, keys_};
    std::string names;
    for (const auto& choice : provider_choices(tenant, PageContext{oauth, users_, 12h, &identity_})) {
      names += choice.name + " ";
    }
    return names;
  };
  identity_.providers.push_back(identity_.providers.front());
  identity_.providers.back().name = "okta";
  identity_.providers.back().allowed_tenants = {"globex"};
  EXPECT_EQ(buttons("acme"), "entra ");
  EXPECT_EQ(buttons("globex"), "entra okta ");
  EXPECT_EQ(buttons(""), "entra okta ") << "who picks the tenant later may be anybody's";
}

TEST_F(ElsewhereTest, OfManySignInsThatAreNotEndedTheOldestAreForgotten) {
  std::string last;
  for (int i = 0; i < 40; ++i) last = header(press(), "Location");
  EXPECT_LT(browser_.get("/").fields.front().second.size(), 10U * 1024);
  EXPECT_NE(browser_.cookie(http::cookie_name(state_cookie(parameter(last, "state")), true)), "");
}

TEST_F(ElsewhereTest, WhereNobodyCanSignInThePageSaysSo) {
  config_.resources.front().tenant = "acme";
  build();
  identity_.local = false;
  identity_.providers.front().allowed_tenants = {"globex"};
  const auto shown = page(login, browser_.get("/login?continue=" + http::percent_encode(continue_to())));
  EXPECT_NE(markup(shown.body).find("There is no way to sign in for this organisation."), std::string::npos);
  EXPECT_EQ(markup(shown.body).find("name=\"provider\""), std::string::npos);
}

TEST_F(ElsewhereTest, AStateThatIsTooOldIsRefused) {
  const auto state = parameter(header(press(), "Location"), "state");
  clock_.advance(kSignInLifetime);
  EXPECT_EQ(page(return_from_provider, browser_.get("/login/return?code=c&state=" + state)).status, 400);
}

TEST_F(ElsewhereTest, TheCodeIsAskedForWithItsVerifierAndNothingIsChangedBefore) {
  const auto location = header(press(), "Location");
  const auto answer =
      page(return_from_provider, browser_.get("/login/return?code=the-code&state=" + parameter(location, "state")));
  ASSERT_TRUE(documents_.wanted());
  const auto& wanted = *documents_.wanted();
  EXPECT_EQ(wanted.kind, oauth::DocumentKind::provider_token);
  EXPECT_EQ(wanted.url, "https://login.example/token");
  EXPECT_EQ(wanted.authorization, "Basic " + base64_encode("postern:s"));
  const auto form = http::Form::parse(wanted.form).value();
  EXPECT_EQ(form.get_or_empty("code"), "the-code");
  EXPECT_EQ(base64url_encode(crypto::sha256_string(form.get_or_empty("code_verifier"))),
            parameter(location, "code_challenge"));
  EXPECT_FALSE(store_->users().find("entra:anybody").value());
}

}  // namespace
}  // namespace postern::web

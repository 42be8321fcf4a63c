#include "unit/oauth/fixture.hpp"

namespace postern::oauth {
namespace {

class AuthorizationTest : public OAuthTest {
 protected:
  static Pairs good() {
    return {{"response_type", "code"},         {"client_id", "client_a"}, {"redirect_uri", kRedirect},
            {"scope", "connect read"},         {"state", "s t/a&t=e"},    {"code_challenge", challenge_of(kVerifier)},
            {"code_challenge_method", "S256"}, {"resource", kResource}};
  }
  static Pairs with(const std::string& name, const std::string& value) {
    Pairs pairs = good();
    for (auto& pair : pairs) {
      if (pair.first == name) pair.second = value;
    }
    if (std::ranges::find(pairs, name, [](const auto& pair) { return pair.first; }) == pairs.end()) {
      pairs.emplace_back(name, value);
    }
    return pairs;
  }
  static Pairs without(const std::string& name) {
    Pairs pairs = good();
    std::erase_if(pairs, [&name](const auto& pair) { return pair.first == name; });
    return pairs;
  }
  static Pairs plus(const std::string& name, const std::string& value) {
    Pairs pairs = good();
    pairs.emplace_back(name, value);
    return pairs;
  }

  AuthorizationCheck check(const Pairs& pairs) { return check_authorization(form(pairs), context()); }
  // The page's status; 0 when there is no page.
  int page(const Pairs& pairs) {
    const auto checked = check(pairs);
    const auto* page = std::get_if<PageError>(&checked);
    return page == nullptr ? 0 : page->status;
  }
  // The error of the redirect, which must carry state and iss.
  std::string redirected(const Pairs& pairs, const std::string& state = "s t/a&t=e") {
    const auto checked = check(pairs);
    const auto* error = std::get_if<RedirectError>(&checked);
    if (error == nullptr) return "no redirect";
    EXPECT_TRUE(error->location.starts_with(std::string(kRedirect) + "?error=")) << error->location;
    EXPECT_EQ(parameter(error->location, "state"), state);
    EXPECT_EQ(parameter(error->location, "iss"), kIssuer);
    EXPECT_FALSE(parameter(error->location, "error_description").empty());
    EXPECT_EQ(parameter(error->location, "error"), error->error.error);
    return error->error.error;
  }
  AuthorizationRequest accepted(const Pairs& pairs) {
    auto checked = check(pairs);
    if (auto* request = std::get_if<AuthorizationRequest>(&checked)) return std::move(*request);
    const auto* error = std::get_if<RedirectError>(&checked);
    ADD_FAILURE() << (error != nullptr ? error->location : "a page");
    return {};
  }
  void register_redirects(const std::string& id, std::vector<std::string> uris) {
    auto client = public_client(id);
    client.redirect_uris = std::move(uris);
    ASSERT_TRUE(store_->clients().add(client));
  }
  Pairs at_redirect(const std::string& client, const std::string& uri) {
    Pairs pairs = with("redirect_uri", uri);
    pairs[1].second = client;
    return pairs;
  }
};

// To add the connection again does not help where the operator does not allow the address.
TEST_F(AuthorizationTest, Compat9APageSaysThatTheOperatorDoesNotAllowTheAddress) {
  server().registration.redirect_domains = std::vector<std::string>{"app.example.test"};
  const auto checked = check(with("redirect_uri", "cursor://anysphere.cursor-mcp/oauth/callback"));
  const auto* page = std::get_if<PageError>(&checked);
  ASSERT_NE(page, nullptr);
  EXPECT_EQ(page->status, 400);
  EXPECT_NE(page->text.find("registration.redirect_domains"), std::string::npos) << page->text;
  EXPECT_NE(log_.text().find("redirect_uri_not_allowed"), std::string::npos);
  const auto other = check(with("redirect_uri", "https://app.example.test/other"));
  ASSERT_NE(std::get_if<PageError>(&other), nullptr);
  EXPECT_EQ(std::get_if<PageError>(&other)->text.find("redirect_domains"), std::string::npos);
}

TEST_F(AuthorizationTest, AGoodRequestIsAccepted) {
  const auto request = accepted(good());
  EXPECT_EQ(request.client.id, "client_a");
  EXPECT_EQ(request.redirect_uri, kRedirect);
  EXPECT_EQ(request.state, "s t/a&t=e");
  EXPECT_TRUE(request.has_state);
  EXPECT_EQ(request.challenge, challenge_of(kVerifier));
  EXPECT_EQ(request.scopes, (std::vector<std::string>{"connect", "read"}));
  ASSERT_NE(request.resource, nullptr);
  EXPECT_EQ(request.resource->canonical, kResource);
}

TEST_F(AuthorizationTest, AnUnknownClientGetsAPageThatTellsToRegisterAgain) {
  const auto checked = check(with("client_id", "client_gone"));
  const auto* page = std::get_if<PageError>(&checked);
  ASSERT_NE(page, nullptr);
  EXPECT_EQ(page->status, 400);
  EXPECT_NE(page->text.find("registers anew"), std::string::npos);
  EXPECT_EQ(this->page(without("client_id")), 400);
  EXPECT_EQ(this->page(with("client_id", "")), 400);
  EXPECT_EQ(this->page(with("client_id", std::string(60'000, 'x'))), 400);
  EXPECT_EQ(this->page(plus("client_id", "client_a")), 400);
}

TEST_F(AuthorizationTest, AnUnregisteredRedirectUriIsNeverRedirectedTo) {
  for (const char* uri :
       {"https://evil.example/cb", "https://app.example.test/cb/../evil", "https://app.example.test/cb?x=1",
        "https://app.example.test:443/cb", "HTTPS://APP.example.test/cb", "https://app.example.test/cb/",
        "https://app.example.test@evil.example/cb", "https://app.example.test\\@evil", "javascript:alert(1)",
        "\tjavascript:alert(1)", "https://app.example.test/cb#x", "https://app.example.test/cb\r\nX: y",
        "https://app.example.test/cb%0d%0aX: y", ""}) {
    EXPECT_EQ(page(with("redirect_uri", uri)), 400) << uri;
  }
  EXPECT_EQ(page(plus("redirect_uri", "https://evil.example/cb")), 400);
  EXPECT_EQ(page(plus("redirect_uri", kRedirect)), 400);
}

TEST_F(AuthorizationTest, ARedirectUriMayBeLeftOutOnlyWhereOneIsRegistered) {
  EXPECT_EQ(accepted(without("redirect_uri")).redirect_uri, kRedirect);
  register_redirects("client_two", {kRedirect, "https://app.example.test/two"});
  register_redirects("client_none", {});
  for (const char* client : {"client_two", "client_none"}) {
    Pairs pairs = without("redirect_uri");
    pairs[1].second = client;
    EXPECT_EQ(page(pairs), 400) << client;
  }
}

TEST_F(AuthorizationTest, TheLoopbackPortMayVary) {
  register_redirects("client_l", {"http://127.0.0.1/cb", "http://localhost:9/cb"});
  EXPECT_EQ(accepted(at_redirect("client_l", "http://127.0.0.1:51234/cb")).redirect_uri, "http://127.0.0.1:51234/cb");
  EXPECT_EQ(accepted(at_redirect("client_l", "http://localhost:1/cb")).redirect_uri, "http://localhost:1/cb");
  EXPECT_EQ(page(at_redirect("client_l", "http://127.0.0.1:51234/other")), 400);
  EXPECT_EQ(page(at_redirect("client_l", "http://127.0.0.1.evil.example/cb")), 400);
  EXPECT_EQ(page(at_redirect("client_l", "http://[::1]:1/cb")), 400);
}

TEST_F(AuthorizationTest, ARecordedUriThatMayNotBeRegisteredIsNotUsed) {
  register_redirects("client_bad", {"http://public.example/cb", "javascript:alert(1)"});
  EXPECT_EQ(page(at_redirect("client_bad", "http://public.example/cb")), 400);
  EXPECT_EQ(page(at_redirect("client_bad", "javascript:alert(1)")), 400);
}

TEST_F(AuthorizationTest, TheUrisOwnQueryIsKept) {
  register_redirects("client_q", {"https://app.example.test/cb?a=b"});
  auto pairs = at_redirect("client_q", "https://app.example.test/cb?a=b");
  pairs[0].second = "token";
  const auto checked = check(pairs);
  EXPECT_TRUE(std::get<RedirectError>(checked).location.starts_with("https://app.example.test/cb?a=b&error="));
}

TEST_F(AuthorizationTest, ARepeatedParameterIsInvalid) {
  EXPECT_EQ(redirected(plus("scope", "write")), "invalid_request");
  EXPECT_EQ(redirected(plus("code_challenge", challenge_of(kOtherVerifier))), "invalid_request");
  EXPECT_EQ(redirected(plus("response_type", "code")), "invalid_request");
  EXPECT_EQ(redirected(plus("state", "other"), ""), "invalid_request");
}

TEST_F(AuthorizationTest, OnlyTheCodeFlowIsServed) {
  for (const char* type : {"token", "code id_token", "id_token", "CODE", "", "none"}) {
    EXPECT_EQ(redirected(with("response_type", type)), "unsupported_response_type") << type;
  }
  EXPECT_EQ(redirected(without("response_type")), "unsupported_response_type");
  EXPECT_EQ(redirected(plus("response_mode", "fragment")), "invalid_request");
  accepted(plus("response_mode", "query"));
}

TEST_F(AuthorizationTest, AClientMustBeRegisteredForTheCodeGrant) {
  auto client = public_client("client_r");
  client.grant_types = {"refresh_token"};
  ASSERT_TRUE(store_->clients().add(client));
  EXPECT_EQ(redirected(with("client_id", "client_r")), "unauthorized_client");
}

TEST_F(AuthorizationTest, PkceWithS256IsRequired) {
  EXPECT_EQ(redirected(without("code_challenge")), "invalid_request");
  EXPECT_EQ(redirected(with("code_challenge", "")), "invalid_request");
  EXPECT_EQ(redirected(with("code_challenge_method", "plain")), "invalid_request");
  EXPECT_EQ(redirected(with("code_challenge_method", "s256")), "invalid_request");
  EXPECT_EQ(redirected(without("code_challenge_method")), "invalid_request");
  for (const std::string& bad : {std::string(42, 'a'), std::string(44, 'a'), std::string(129, 'a'),
                                 std::string(42, 'a') + "=", std::string(42, 'a') + "+", std::string(42, 'a') + "."}) {
    EXPECT_EQ(redirected(with("code_challenge", bad)), "invalid_request") << bad;
  }
}

TEST_F(AuthorizationTest, RequestObjectsAreRefused) {
  EXPECT_EQ(redirected(plus("request", "eyJ.e.f")), "request_not_supported");
  EXPECT_EQ(redirected(plus("request_uri", "http://169.254.169.254/")), "request_uri_not_supported");
}

TEST_F(AuthorizationTest, StateComesBackEncodedAndIsBounded) {
  const std::string nasty = "\"><script>\r\nX: y&state=2#";
  Pairs pairs = with("state", nasty);
  pairs[0].second = "token";
  const auto checked = check(pairs);
  const auto& location = std::get<RedirectError>(checked).location;
  EXPECT_EQ(parameter(location, "state"), nasty);
  EXPECT_TRUE(std::ranges::all_of(location, [](char c) { return c > 0x20 && c < 0x7F && c != '"' && c != '<'; }))
      << location;

  EXPECT_EQ(accepted(with("state", std::string(4096, 'x'))).state.size(), 4096U);
  EXPECT_EQ(redirected(with("state", std::string(4097, 'x')), ""), "invalid_request");
  EXPECT_FALSE(accepted(without("state")).has_state);
}

TEST_F(AuthorizationTest, TheResourceMustBeOneOfThisServer) {
  EXPECT_EQ(redirected(with("resource", "https://evil.example/mcp")), "invalid_target");
  EXPECT_EQ(redirected(with("resource", "https://ai.example.test/mcp#x")), "invalid_target");
  EXPECT_EQ(redirected(with("resource", "")), "invalid_target");
  EXPECT_EQ(redirected(plus("resource", kOtherResource)), "invalid_target");
  EXPECT_EQ(accepted(plus("resource", std::string(kResource) + "/")).resource->canonical, kResource);
  EXPECT_EQ(accepted(with("resource", "https://AI.example.test:443/mcp/")).resource->canonical, kResource);

  config_.authorization_servers.resize(2);
  config_.authorization_servers[1].name = "other";
  config_.authorization_servers[1].issuer = "https://other.example.test";
  config_.resources[1].authorization_server = "other";
  build();
  EXPECT_EQ(redirected(with("resource", kOtherResource)), "invalid_target");
}

TEST_F(AuthorizationTest, WithoutAResourceTheOnlyOneIsMeant) {
  EXPECT_EQ(redirected(without("resource")), "invalid_target");
  config_.resources.pop_back();
  build();
  EXPECT_EQ(accepted(without("resource")).resource->canonical, kResource);
}

TEST_F(AuthorizationTest, UnknownScopesAreDroppedAndNoneAtAllMeansTheDefaults) {
  EXPECT_EQ(accepted(with("scope", "openid write offline_access connect write")).scopes,
            (std::vector<std::string>{"connect", "write"}));
  EXPECT_EQ(accepted(without("scope")).scopes, (std::vector<std::string>{"connect", "read"}));
  EXPECT_EQ(accepted(with("scope", "  ")).scopes, (std::vector<std::string>{"connect", "read"}));
  EXPECT_EQ(redirected(with("scope", "unheard-of")), "invalid_scope");
}

TEST_F(AuthorizationTest, Compat13ScopesOfOpenIdConnectAloneMeanTheDefaults) {
  const std::vector<std::string> defaults{"connect", "read"};
  for (const char* scope : {"openid", "profile", "email", "offline_access", "openid email profile offline_access"}) {
    EXPECT_EQ(accepted(with("scope", scope)).scopes, defaults) << scope;
  }
  EXPECT_EQ(accepted(with("scope", "openid write offline_access")).scopes, (std::vector<std::string>{"write"}));
  EXPECT_EQ(redirected(with("scope", "openid unheard-of")), "invalid_scope");
  EXPECT_EQ(redirected(with("scope", "OpenID")), "invalid_scope");
}

TEST_F(AuthorizationTest, AskingForMoreThanConnectIsKnownWhateverIsGranted) {
  EXPECT_FALSE(accepted(with("scope", "connect openid")).narrowed);
  EXPECT_TRUE(accepted(with("scope", "connect read")).narrowed);
  EXPECT_TRUE(accepted(without("scope")).narrowed) << "the defaults hold more";
  auto client = public_client("client_op");
  client.dynamic = false;
  client.scope = "connect";
  ASSERT_TRUE(store_->clients().add(client));
  EXPECT_TRUE(accepted(with("client_id", "client_op")).narrowed);
  client.id = "client_reader";
  client.scope = "connect read";
  ASSERT_TRUE(store_->clients().add(client));
  auto pairs = with("client_id", "client_reader");
  for (auto& [name, value] : pairs) {
    if (name == "scope") value = "connect";
  }
  EXPECT_TRUE(accepted(pairs).narrowed) << "asking for less than the operator allows never comes to more";
}

TEST_F(AuthorizationTest, TenThousandScopesAreInvalid) {
  std::string scopes;
  for (int i = 0; i < 10'000; ++i) scopes += "s" + std::to_string(i) + " ";
  EXPECT_EQ(redirected(with("scope", scopes + "connect")), "invalid_scope");
}

TEST_F(AuthorizationTest, AnOperatorsClientGetsOnlyItsScopes) {
  auto client = public_client("client_op");
  client.dynamic = false;
  client.scope = "connect write";
  ASSERT_TRUE(store_->clients().add(client));
  auto pairs = with("client_id", "client_op");
  EXPECT_EQ(accepted(pairs).scopes, std::vector<std::string>{"connect"});
  pairs[3].second = "read";
  EXPECT_EQ(redirected(pairs), "invalid_scope");
}

TEST_F(AuthorizationTest, ASelfRegisteredScopeBindsNobody) {
  auto client = public_client("client_dyn");
  client.scope = "connect";
  ASSERT_TRUE(store_->clients().add(client));
  EXPECT_EQ(accepted(with("client_id", "client_dyn")).scopes, (std::vector<std::string>{"connect", "read"}));
}

TEST_F(AuthorizationTest, ThereIsNoSilentCode) {
  EXPECT_EQ(redirected(plus("prompt", "none")), "login_required");
  EXPECT_EQ(redirected(plus("prompt", "none login")), "invalid_request");
  EXPECT_TRUE(accepted(plus("prompt", "login")).prompt_login);
  EXPECT_FALSE(accepted(plus("prompt", "consent")).prompt_login);
}

}  // namespace
}  // namespace postern::oauth

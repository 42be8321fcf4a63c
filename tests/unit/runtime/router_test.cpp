#include "runtime/router.hpp"

#include <gtest/gtest.h>

#include "unit/runtime/site.hpp"

namespace postern::runtime {
namespace {

constexpr const char* kHost = "ai.example.test";

// The router of a site, and everything its routes point into.
struct Routed {
  explicit Routed(Site made)
      : site(std::move(made)), catalog(site.config, site.policies), router(catalog, site.config) {}

  std::optional<Route> at(std::string_view path, std::string_view host = kHost, bool secure = true) const {
    return router.find(secure, host, path);
  }
  // "none" for a 404.
  std::string_view kind(std::string_view path, std::string_view host = kHost, bool secure = true) const {
    const auto route = at(path, host, secure);
    return route ? to_string(route->kind) : "none";
  }

  Site site;
  tenant::Catalog catalog;
  Router router;
};

Site two_resources() {
  Site site;
  site.add("https://ai.example.test/mcp");
  site.add("https://ai.example.test/mcp/orgonaut").root = true;
  return site;
}

TEST(Router, FindsAResourceByItsPath) {
  const Routed routed(two_resources());
  const auto first = routed.at("/mcp");
  const auto second = routed.at("/mcp/orgonaut");
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->kind, RouteKind::resource);
  EXPECT_EQ(first->methods, "GET, POST, DELETE, OPTIONS");
  EXPECT_EQ(first->resource->url, "https://ai.example.test/mcp");
  EXPECT_EQ(second->resource->url, "https://ai.example.test/mcp/orgonaut");
}

// A redirect would lose the body of a POST: both spellings are the resource, whichever one was configured.
TEST(Router, AResourceIsServedWithAndWithoutItsTrailingSlash) {
  for (const char* serve : {"https://ai.example.test/mcp", "https://ai.example.test/mcp/"}) {
    Site site;
    site.add(serve);
    const Routed routed(std::move(site));
    EXPECT_EQ(routed.kind("/mcp"), "resource") << serve;
    EXPECT_EQ(routed.kind("/mcp/"), "resource") << serve;
    EXPECT_EQ(routed.kind("/mcp//"), "none") << serve;
    EXPECT_EQ(routed.kind("/.well-known/oauth-protected-resource/mcp"), "resource_metadata") << serve;
    EXPECT_EQ(routed.kind("/.well-known/oauth-protected-resource/mcp/"), "resource_metadata") << serve;
  }
}

TEST(Router, AResourceMayBeTheRoot) {
  Site site;
  site.add("https://ai.example.test");
  const Routed routed(std::move(site));
  EXPECT_EQ(routed.kind("/"), "resource");
  EXPECT_EQ(routed.kind("//"), "none");
  EXPECT_EQ(routed.kind("/.well-known/oauth-protected-resource"), "resource_metadata");
  EXPECT_EQ(routed.kind("/oauth/token"), "token");
}

TEST(Router, NothingNearAPathIsThePath) {
  const Routed routed(two_resources());
  for (const char* path : {"",
                           "/",
                           "mcp",
                           "/mc",
                           "/mcpx",
                           "/MCP",
                           "/Mcp",
                           "//mcp",
                           "/mcp//",
                           "/mcp/x",
                           "/./mcp",
                           "/mcp/.",
                           "/mcp/..",
                           "/x/../mcp",
                           "/mcp/../mcp",
                           "/mcp/orgonaut/..",
                           "/mcp%2Forgonaut",
                           "/mcp%2forgonaut",
                           "/%6dcp",
                           "/mcp%00",
                           "/mcp;x",
                           "/mcp?x",
                           "/mcp ",
                           "/mcp\\orgonaut",
                           "/mcp/orgonaut/x",
                           "/oauth",
                           "/oauth/",
                           "/oauth/token/",
                           "/oauth/TOKEN",
                           "/oauth/token/x",
                           "/login/",
                           "/login/../mcp",
                           "/.well-known",
                           "/.well-known/",
                           "/.well-known/oauth-protected-resource/mc",
                           "/.well-known/oauth-protected-resource/mcp/x",
                           "/.well-known/oauth-protected-resourcemcp",
                           "/mcp/.well-known/oauth-protected-resource"}) {
    EXPECT_EQ(routed.kind(path), "none") << path;
  }
}

TEST(Router, HostsAreMatchedExactly) {
  Site site = two_resources();
  site.add("https://other.example.test:8443/mcp");
  site.add("http://localhost:8080/mcp");
  const Routed routed(std::move(site));
  const std::pair<bool, const char*> served[] = {
      {true, "ai.example.test"}, {true, "other.example.test:8443"}, {false, "localhost:8080"}};
  for (const auto& [secure, host] : served) {
    EXPECT_TRUE(routed.router.serves(secure, host)) << host;
    EXPECT_EQ(routed.kind("/mcp", host, secure), "resource") << host;
    EXPECT_FALSE(routed.router.serves(!secure, host)) << host;
    EXPECT_EQ(routed.kind("/mcp", host, !secure), "none") << host;
  }
  // What the caller answers with 421.
  for (const char* host :
       {"", "example.test", "evil.test", "x.ai.example.test", "ai.example.test.", "ai.example.test:80",
        "ai.example.test:8443", "other.example.test", "ai.example.test.evil.test", "localhost", "127.0.0.1",
        "ai.example.test/mcp", "user@ai.example.test"}) {
    EXPECT_FALSE(routed.router.serves(true, host)) << host;
    EXPECT_EQ(routed.kind("/mcp", host), "none") << host;
  }
}

TEST(Router, AHostServesItsOwnResourcesOnly) {
  Site site = two_resources();
  site.add("https://tools.example.test/tools");
  const Routed routed(std::move(site));
  EXPECT_EQ(routed.kind("/tools", "tools.example.test"), "resource");
  EXPECT_EQ(routed.kind("/mcp", "tools.example.test"), "none");
  EXPECT_EQ(routed.kind("/tools"), "none");
  for (const char* path : {"/oauth/token", "/oauth/authorize", "/login", "/.well-known/oauth-authorization-server"}) {
    EXPECT_EQ(routed.kind(path, "tools.example.test"), "none") << path;
  }
}

// RFC 9728 section 3.1: the well-known part stands between host and path.
TEST(Router, ResourceMetadataIsWhereThePathPutsIt) {
  const Routed routed(two_resources());
  for (const char* path : {"/mcp", "/mcp/orgonaut"}) {
    const auto metadata = routed.at("/.well-known/oauth-protected-resource" + std::string(path));
    ASSERT_TRUE(metadata) << path;
    EXPECT_EQ(metadata->kind, RouteKind::resource_metadata);
    EXPECT_EQ(metadata->methods, "GET, HEAD, OPTIONS");
    EXPECT_EQ(metadata->resource->url, routed.at(path)->resource->url);
  }
}

TEST(Router, MetadataAtTheRootIsThatOfTheResourceThatAsksForItOrIsAlone) {
  const Routed asked(two_resources());
  const auto root = asked.at("/.well-known/oauth-protected-resource");
  ASSERT_TRUE(root);
  EXPECT_EQ(root->resource->url, "https://ai.example.test/mcp/orgonaut");

  Site several = two_resources();
  several.config.resources[1].root = false;
  EXPECT_EQ(Routed(std::move(several)).kind("/.well-known/oauth-protected-resource"), "none");

  Site alone;
  alone.add("https://ai.example.test/mcp");
  EXPECT_EQ(Routed(std::move(alone)).kind("/.well-known/oauth-protected-resource"), "resource_metadata");
}

// RFC 8414 section 3.1, OpenID Connect Discovery 1.0 section 4.1
TEST(Router, ServerMetadataOfAnIssuerWithoutAPath) {
  const Routed routed(two_resources());
  const std::pair<const char*, RouteKind> expected[] = {
      {"/.well-known/oauth-authorization-server", RouteKind::server_metadata},
      {"/.well-known/openid-configuration", RouteKind::openid_configuration}};
  for (const auto& [path, kind] : expected) {
    const auto metadata = routed.at(path);
    ASSERT_TRUE(metadata) << path;
    EXPECT_EQ(metadata->kind, kind) << path;
    EXPECT_EQ(metadata->server->name, "main");
  }
  // Where clients probe for the resource's own path: nobody's, and a clean 404.
  for (const char* path : {"/.well-known/oauth-authorization-server/mcp", "/.well-known/openid-configuration/mcp",
                           "/mcp/.well-known/openid-configuration", "/mcp/.well-known/oauth-authorization-server"}) {
    EXPECT_EQ(routed.kind(path), "none") << path;
  }
}

TEST(Router, ServerMetadataOfAnIssuerWithAPathIsInBothPositionsAndNotAtTheRoot) {
  Site site("https://ai.example.test/as/one");
  site.add("https://ai.example.test/mcp");
  const Routed routed(std::move(site));
  EXPECT_EQ(routed.kind("/.well-known/oauth-authorization-server/as/one"), "server_metadata");
  for (const char* path : {"/.well-known/openid-configuration/as/one", "/as/one/.well-known/openid-configuration"}) {
    EXPECT_EQ(routed.kind(path), "openid_configuration") << path;
  }
  for (const char* path : {"/.well-known/oauth-authorization-server", "/.well-known/openid-configuration",
                           "/.well-known/oauth-authorization-server/as", "/as/one", "/as/one/oauth/token"}) {
    EXPECT_EQ(routed.kind(path), "none") << path;
  }
}

TEST(Router, SeveralIssuersOfAHostEachHaveTheirs) {
  Site site("https://ai.example.test/one");
  site.config.authorization_servers.push_back(site.config.authorization_servers[0]);
  site.config.authorization_servers[1].name = "second";
  site.config.authorization_servers[1].issuer = "https://ai.example.test/two";
  site.config.authorization_servers[1].endpoints.token = "/two/token";
  site.add("https://ai.example.test/mcp");
  const Routed routed(std::move(site));
  EXPECT_EQ(routed.at("/.well-known/oauth-authorization-server/one")->server->name, "main");
  EXPECT_EQ(routed.at("/.well-known/oauth-authorization-server/two")->server->name, "second");
  EXPECT_EQ(routed.at("/oauth/token")->server->name, "main");
  EXPECT_EQ(routed.at("/two/token")->server->name, "second");
}

TEST(Router, TheEndpointsAreWhereTheConfigurationPutsThem) {
  Site site;
  site.config.authorization_servers[0].endpoints.token = "/t";
  site.add("https://ai.example.test/mcp");
  const Routed routed(std::move(site));
  const std::pair<const char*, const char*> expected[] = {{"/oauth/authorize", "authorize"},
                                                          {"/t", "token"},
                                                          {"/oauth/token", "none"},
                                                          {"/oauth/register", "register"},
                                                          {"/oauth/revoke", "revoke"},
                                                          {"/oauth/introspect", "introspect"},
                                                          {"/login", "login"},
                                                          {"/account/apps", "account_apps"},
                                                          {"/account/endpoints", "account_endpoints"},
                                                          {"/account/tokens", "account_tokens"},
                                                          {"/logout", "logout"}};
  for (const auto& [path, kind] : expected) EXPECT_EQ(routed.kind(path), kind) << path;
}

TEST(Router, ClosedRegistrationIsNotServed) {
  Site site;
  site.config.authorization_servers[0].registration.open = false;
  site.add("https://ai.example.test/mcp");
  EXPECT_EQ(Routed(std::move(site)).kind("/oauth/register"), "none");
}

TEST(Router, WhereTokensAreOpaqueTheEmptySetOfKeysHasAnAddressOfItsIssuer) {
  const Routed plain(two_resources());
  EXPECT_EQ(plain.kind("/oauth/jwks"), "none");
  EXPECT_EQ(plain.kind("/.well-known/jwks.json"), "jwks");

  Site site("https://ai.example.test/one");
  site.config.authorization_servers[0].access_token.format = config::TokenFormat::jwt;
  site.config.authorization_servers.push_back(site.config.authorization_servers[0]);
  site.config.authorization_servers[1].name = "second";
  site.config.authorization_servers[1].issuer = "https://ai.example.test/two";
  site.config.authorization_servers[1].access_token.format = config::TokenFormat::opaque;
  site.add("https://ai.example.test/mcp");
  const Routed routed(std::move(site));
  EXPECT_EQ(routed.at("/oauth/jwks")->server->name, "main") << "the second has the same `endpoints.jwks` and no keys";
  EXPECT_EQ(routed.at("/.well-known/jwks.json/two")->server->name, "second");
  for (const char* path : {"/.well-known/jwks.json", "/.well-known/jwks.json/one"}) {
    EXPECT_EQ(routed.kind(path), "none") << path;
  }
}

TEST(Router, WhereTokensAreSignedTheirKeysAreWhereTheConfigurationPutsThem) {
  Site site = two_resources();
  site.config.authorization_servers[0].access_token.format = config::TokenFormat::jwt;
  site.config.authorization_servers[0].endpoints.jwks = "/keys";
  const Routed routed(std::move(site));
  EXPECT_EQ(routed.kind("/keys"), "jwks");
  EXPECT_EQ(routed.at("/keys")->methods, "GET, HEAD, OPTIONS");
  EXPECT_EQ(routed.kind("/oauth/jwks"), "none");
  EXPECT_EQ(routed.kind("/.well-known/jwks.json"), "none");
}

TEST(Router, AResourceOfATenantIsThatOfWhomTheHostNames) {
  Site site("https://{tenant}.example.test/mcp/orgonaut");
  site.add("https://{tenant}.example.test/mcp/orgonaut");
  const Routed routed(std::move(site));
  const auto acme = routed.at("/mcp/orgonaut/", "acme.example.test");
  ASSERT_TRUE(acme);
  EXPECT_EQ(acme->resource->url, "https://acme.example.test/mcp/orgonaut");
  EXPECT_EQ(acme->resource->fixed_tenant, "acme");
  EXPECT_EQ(acme->resource->server->issuer, "https://acme.example.test/mcp/orgonaut");
  const auto token = routed.at("/oauth/token", "globex.example.test");
  ASSERT_TRUE(token);
  EXPECT_EQ(token->server->issuer, "https://globex.example.test/mcp/orgonaut");
  EXPECT_EQ(token->server->tenant, "globex");
  for (const char* path :
       {"/.well-known/oauth-protected-resource/mcp/orgonaut", "/.well-known/oauth-protected-resource"}) {
    EXPECT_EQ(routed.kind(path, "acme.example.test"), "resource_metadata") << path;
  }
  EXPECT_EQ(routed.kind("/.well-known/oauth-authorization-server/mcp/orgonaut", "acme.example.test"),
            "server_metadata");
  for (const char* host : {"example.test", "a.b.example.test", "-a.example.test", "acme.example.com", ".example.test",
                           "acme.example.test.evil.test", "acme_x.example.test", "acme.example.test:8443"}) {
    EXPECT_FALSE(routed.router.serves(true, host)) << host;
    EXPECT_EQ(routed.kind("/mcp/orgonaut", host), "none") << host;
  }
}

TEST(Router, AResourceOfATenantIsThatOfWhomThePathNames) {
  Site site;
  site.add("https://ai.example.test/t/{tenant}/mcp");
  const Routed routed(std::move(site));
  EXPECT_EQ(routed.at("/t/acme/mcp")->resource->url, "https://ai.example.test/t/acme/mcp");
  EXPECT_EQ(routed.at("/.well-known/oauth-protected-resource/t/acme/mcp")->resource->fixed_tenant, "acme");
  EXPECT_EQ(routed.kind("/.well-known/oauth-protected-resource"), "none") << "it would be one for each tenant";
  for (const char* path : {"/t//mcp", "/t/Acme/mcp", "/t/ac%6de/mcp", "/t/../mcp", "/t/acme/mcp/x", "/t/acme",
                           "/t/a.b/mcp", "/t/{tenant}/mcp", "/t/acme/x/mcp", "/t/-/mcp"}) {
    EXPECT_EQ(routed.kind(path), "none") << path;
  }
}

TEST(Router, WhatIsWrittenOutWinsOverATenant) {
  Site site;
  site.add("https://{tenant}.example.test/mcp");
  site.add("https://ai.example.test/mcp/{tenant}");
  site.add("https://ai.example.test/mcp/orgonaut");
  const Routed routed(std::move(site));
  EXPECT_EQ(routed.at("/mcp/orgonaut")->resource->fixed_tenant, "");
  EXPECT_EQ(routed.at("/mcp/acme")->resource->fixed_tenant, "acme");
  EXPECT_EQ(routed.kind("/mcp"), "none") << "a host of its own is never a tenant's";
  EXPECT_EQ(routed.at("/mcp", "acme.example.test")->resource->fixed_tenant, "acme");
}

TEST(RouterRest, ToolsAreBelowTheRootOfTheHost) {
  Site site;
  site.add("https://ai.example.test/mcp").rest = true;
  const Routed routed(std::move(site));
  for (const auto& [path, name] :
       std::vector<std::pair<std::string, std::string>>{{"/tools/echo", "echo"},
                                                        {"/tools/links.get", "links.get"},
                                                        {"/tools/a/b", "a/b"},
                                                        {"/tools/gr%C3%B6%C3%9Fe", "größe"}}) {
    const auto route = routed.at(path);
    ASSERT_TRUE(route) << path;
    EXPECT_EQ(route->kind, RouteKind::rest_tool) << path;
    EXPECT_EQ(route->tool, name) << path;
    EXPECT_EQ(route->methods, "POST, OPTIONS") << path;
    EXPECT_EQ(route->resource->url, "https://ai.example.test/mcp") << path;
  }
  for (const char* path :
       {"/tools", "/tools/", "/tools/echo/", "/Tools/echo", "/health/", "/.well-known/openapi.json/"}) {
    EXPECT_EQ(routed.kind(path), "none") << path;
  }
  EXPECT_EQ(routed.kind("/health"), "rest_health");
  EXPECT_EQ(routed.kind("/.well-known/openapi.json"), "rest_openapi");
  EXPECT_EQ(routed.kind("/.well-known/ai-plugin.json"), "rest_manifest");
}

TEST(RouterRest, AResourceThatDoesNotAskForItHasNone) {
  const Routed routed(two_resources());
  for (const char* path :
       {"/tools/echo", "/health", "/.well-known/openapi.json", "/.well-known/ai-plugin.json", "/tools/"}) {
    EXPECT_EQ(routed.kind(path), "none") << path;
  }
}

TEST(RouterRest, TheTenantIsThatOfTheHost) {
  Site site;
  site.add("https://{tenant}.example.test/mcp").rest = true;
  site.add("https://{tenant}.example.test/t/mcp");
  const Routed routed(std::move(site));
  const auto route = routed.at("/tools/echo", "acme.example.test");
  ASSERT_TRUE(route);
  EXPECT_EQ(route->resource->fixed_tenant, "acme");
  EXPECT_EQ(route->resource->origin, "https://acme.example.test");
  EXPECT_EQ(routed.at("/health", "acme.example.test")->resource->fixed_tenant, "acme");
}

// What is written out wins over {tenant}: no tenant can be called as to take the place of the tools.
TEST(RouterRest, ToolsWinOverATenantOfTheirName) {
  Site site;
  site.add("https://ai.example.test/mcp").rest = true;
  site.add("https://ai.example.test/{tenant}/mcp");
  const Routed routed(std::move(site));
  EXPECT_EQ(routed.kind("/acme/mcp"), "resource");
  EXPECT_EQ(routed.kind("/tools/mcp"), "rest_tool");
}

TEST(Router, SignInsElsewhereComeBackOnlyWhereThereAreProviders) {
  EXPECT_EQ(Routed(two_resources()).kind("/login/return"), "none");
  Site site = two_resources();
  site.config.identity.callback = "https://sign-in.example.test/back";
  site.config.identity.providers.resize(1);
  const Routed routed(std::move(site));
  EXPECT_EQ(routed.kind("/login/return"), "login_return");
  EXPECT_EQ(routed.at("/login/return")->methods, "GET");
  EXPECT_EQ(routed.kind("/back", "sign-in.example.test"), "callback");
  EXPECT_EQ(routed.kind("/back"), "none");
  EXPECT_EQ(routed.kind("/login", "sign-in.example.test"), "none");
}

// Tokens made elsewhere: the provider's metadata beside the resource, and no endpoint of ours.
TEST(Router, NothingOfOursIsServedForAProvider) {
  Site site("https://ai.example.test");
  site.config.authorization_servers[0].external = config::External{};
  site.config.authorization_servers[0].external->issuer = "https://ai.example.test";
  site.add("https://tools.example.test/mcp");
  const Routed routed(std::move(site));
  constexpr auto* host = "tools.example.test";
  EXPECT_EQ(routed.kind("/mcp", host), "resource");
  EXPECT_EQ(routed.kind("/.well-known/oauth-protected-resource/mcp", host), "resource_metadata");
  EXPECT_EQ(routed.kind("/.well-known/openid-configuration", host), "provider_metadata");
  EXPECT_EQ(routed.at("/.well-known/openid-configuration", host)->resource->server->name, "main");
  for (const char* path : {"/.well-known/oauth-authorization-server", "/oauth/authorize", "/oauth/token", "/login"}) {
    EXPECT_EQ(routed.kind(path, host), "none") << path;
    EXPECT_EQ(routed.kind(path), "none") << path;
  }
  EXPECT_FALSE(routed.router.serves(true, "ai.example.test"));
}

}  // namespace
}  // namespace postern::runtime

#include "tenant/catalog.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "unit/tenant/test_policy.hpp"

namespace postern::tenant {
namespace {

using Scopes = tests::TestPolicy::Scopes;

class CatalogTest : public testing::Test {
 protected:
  CatalogTest() {
    config_.authorization_servers.resize(2);
    config_.authorization_servers[0].name = "main";
    config_.authorization_servers[0].issuer = "https://ai.example.test";
    config_.authorization_servers[1].name = "other";
    config_.authorization_servers[1].issuer = "https://other.example.test";
    config_.upstreams.resize(1);
    config_.upstreams[0].name = "tools";
    policies_["first"] = std::make_shared<tests::TestPolicy>("first");
    policies_["second"] = std::make_shared<tests::TestPolicy>("second", Scopes{{"read", "Read"}, {"extra", "More"}},
                                                              std::vector<std::string>{});
  }

  config::Resource& add(const std::string& serve, const std::string& server = "main",
                        const std::string& policy = "first") {
    config::Resource resource;
    resource.serve = serve;
    resource.upstream = "tools";
    resource.policy = policy;
    resource.authorization_server = server;
    return config_.resources.emplace_back(resource);
  }
  Catalog catalog() const { return Catalog(config_, policies_); }

  config::Config config_;
  Catalog::Policies policies_;
};

TEST_F(CatalogTest, EverythingFollowsFromTheUrl) {
  auto& entry = add("https://AI.Example.test:443/mcp/orgonaut");
  entry.tenant = "acme";
  const Catalog catalog = this->catalog();
  const Resource& resource = *catalog.resources().front();
  EXPECT_EQ(resource.url, "https://ai.example.test/mcp/orgonaut");
  EXPECT_EQ(resource.canonical, "https://ai.example.test/mcp/orgonaut");
  EXPECT_EQ(resource.origin, "https://ai.example.test");
  EXPECT_EQ(resource.authority, "ai.example.test");
  EXPECT_EQ(resource.path, "/mcp/orgonaut");
  EXPECT_EQ(resource.name, "tools");
  EXPECT_EQ(resource.fixed_tenant, "acme");
  EXPECT_EQ(resource.metadata_path, "/.well-known/oauth-protected-resource/mcp/orgonaut");
  EXPECT_EQ(resource.metadata_url, "https://ai.example.test/.well-known/oauth-protected-resource/mcp/orgonaut");
  EXPECT_EQ(resource.policy->name(), "first");
  EXPECT_EQ(resource.upstream->name, "tools");
  EXPECT_EQ(resource.server->name, "main");
}

TEST_F(CatalogTest, AResourceAtTheRootHasItsMetadataAtTheRoot) {
  add("http://localhost:8080");
  const Catalog catalog = this->catalog();
  const Resource& resource = *catalog.resources().front();
  EXPECT_EQ(resource.url, "http://localhost:8080");
  EXPECT_EQ(resource.authority, "localhost:8080");
  EXPECT_EQ(resource.path, "/");
  EXPECT_EQ(resource.metadata_path, "/.well-known/oauth-protected-resource");
  EXPECT_EQ(catalog.by_indicator("http://localhost:8080/")->url, resource.url);
}

TEST_F(CatalogTest, RootMetadataIsForTheOnlyResourceOfAHostOrTheOneThatAsksForIt) {
  add("https://alone.example.test/mcp");
  add("https://two.example.test/a");
  add("https://two.example.test/b").root = true;
  const Catalog catalog = this->catalog();
  EXPECT_TRUE(catalog.resources()[0]->root_metadata);
  EXPECT_FALSE(catalog.resources()[1]->root_metadata);
  EXPECT_TRUE(catalog.resources()[2]->root_metadata);
}

TEST_F(CatalogTest, ResourceIndicatorsAreComparedCanonically) {
  add("https://ai.example.test/mcp");
  add("https://ai.example.test/t1");
  const Catalog catalog = this->catalog();
  const auto resource = catalog.resources().front();
  for (const char* same : {"https://ai.example.test/mcp", "https://ai.example.test/mcp/", "https://AI.example.TEST/mcp",
                           "HTTPS://ai.example.test/mcp", "https://ai.example.test:443/mcp"}) {
    EXPECT_EQ(catalog.by_indicator(same), resource) << same;
  }
  for (const char* other :
       {"https://ai.example.test/mcp#x", "ai.example.test/mcp", "https://ai.example.test/MCP",
        "https://ai.example.test/mcp%2f..%2ft1", "https://ai.example.test/x/../mcp", "http://ai.example.test/mcp",
        "https://ai.example.test", "https://user@ai.example.test/mcp", "", "https://ai.example.test/mcp?tenant=t1"}) {
    EXPECT_EQ(catalog.by_indicator(other), nullptr) << other;
  }
  EXPECT_EQ(catalog.by_canonical("https://ai.example.test/mcp"), resource);
}

TEST_F(CatalogTest, ARequestWithoutResourceMeansTheOnlyOneOfTheServer) {
  add("https://ai.example.test/a", "other");
  const Catalog one = catalog();
  EXPECT_EQ(one.default_of(config_.authorization_servers[1]), one.resources().front());
  EXPECT_EQ(one.default_of(config_.authorization_servers[0]), nullptr);

  add("https://ai.example.test/b", "other");
  const Catalog two = catalog();
  EXPECT_EQ(two.default_of(config_.authorization_servers[1]), nullptr);
}

TEST_F(CatalogTest, ScopesOfAServerAreThoseOfItsResourcesEachOnce) {
  add("https://ai.example.test/a");
  add("https://ai.example.test/b", "main", "second");
  add("https://ai.example.test/c", "other", "second");
  const Catalog catalog = this->catalog();
  EXPECT_EQ(catalog.scopes_of(config_.authorization_servers[0]),
            (std::vector<std::string>{"connect", "read", "write", "extra"}));
  EXPECT_EQ(catalog.scopes_of(config_.authorization_servers[1]), (std::vector<std::string>{"read", "extra"}));
}

TEST_F(CatalogTest, AnUncheckedConfigurationIsABug) {
  add("https://ai.example.test/a", "nobody");
  EXPECT_THROW(catalog(), std::logic_error);
}

TEST_F(CatalogTest, ATemplateIsOneResourceForEachTenant) {
  config_.authorization_servers[1].issuer = "https://{tenant}.example.test";
  add("https://{tenant}.example.test/mcp", "other");
  const Catalog catalog = this->catalog();
  const auto acme = catalog.by_indicator("https://ACME.example.test/mcp/");
  ASSERT_TRUE(acme);
  EXPECT_EQ(acme->url, "https://acme.example.test/mcp");
  EXPECT_EQ(acme->canonical, "https://acme.example.test/mcp");
  EXPECT_EQ(acme->authority, "acme.example.test");
  EXPECT_EQ(acme->metadata_url, "https://acme.example.test/.well-known/oauth-protected-resource/mcp");
  EXPECT_EQ(acme->fixed_tenant, "acme");
  EXPECT_EQ(acme->serve, "https://{tenant}.example.test/mcp") << "metrics have one name for all";
  EXPECT_EQ(acme->server->issuer, "https://acme.example.test");
  EXPECT_EQ(acme->server->tenant, "acme");
  EXPECT_EQ(catalog.by_canonical(acme->canonical)->url, acme->url);
  EXPECT_EQ(catalog.by_indicator("https://a.b.example.test/mcp"), nullptr);
  EXPECT_EQ(acme->pattern, "https://{tenant}.example.test/mcp");
  EXPECT_EQ(catalog.by_template("https://{tenant}.EXAMPLE.test/mcp/")->canonical, acme->pattern);
  EXPECT_EQ(catalog.by_template("https://acme.example.test/mcp"), nullptr) << "that is one tenant's";
  EXPECT_EQ(catalog.by_template("https://{tenant}.example.test/other"), nullptr);
  EXPECT_EQ(catalog.by_template("nonsense {tenant}"), nullptr);
  EXPECT_EQ(catalog.default_of(*acme->server)->url, acme->url);
  EXPECT_EQ(catalog.default_of(*catalog.servers()[1]), nullptr) << "whose would it be?";
}

TEST_F(CatalogTest, JoinedAddressesAreOneResourceAndEachPublishesItself) {
  add("https://{tenant}.mcp.example.test/mcp");
  auto joined = add("https://ai.example.test/mcp/{tenant}/mcp");
  config_.resources.back().same_as = "https://{tenant}.mcp.example.test/mcp";
  add("https://ai.example.test/mcp");
  const Catalog catalog = this->catalog();
  const auto hosted = catalog.by_indicator("https://acme.mcp.example.test/mcp");
  const auto fallback = catalog.by_indicator("https://ai.example.test/mcp/acme/mcp");
  ASSERT_TRUE(hosted && fallback);
  EXPECT_EQ(fallback->url, "https://ai.example.test/mcp/acme/mcp");
  EXPECT_EQ(fallback->canonical, hosted->canonical);
  EXPECT_EQ(catalog.by_canonical(hosted->canonical)->url, hosted->url);
  EXPECT_EQ(catalog.by_canonical(fallback->url), nullptr) << "grants know one name";
  EXPECT_EQ(fallback->pattern, "https://{tenant}.mcp.example.test/mcp");
  EXPECT_EQ(catalog.by_template("https://ai.example.test/mcp/{tenant}/mcp")->canonical, fallback->pattern);
  const auto shared = catalog.by_indicator("https://ai.example.test/mcp");
  EXPECT_NE(shared->canonical, hosted->canonical);
  EXPECT_EQ(shared->fixed_tenant, "");
}

TEST_F(CatalogTest, AFixedTenantHasItsIssuer) {
  config_.authorization_servers[1].issuer = "https://{tenant}.example.test";
  add("https://tools.example.test/mcp", "other").tenant = "acme";
  EXPECT_EQ(catalog().resources().front()->server->issuer, "https://acme.example.test");
}

}  // namespace
}  // namespace postern::tenant

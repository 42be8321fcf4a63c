#include "proxy/cors.hpp"

#include <gtest/gtest.h>

#include "unit/edge/fields_of.hpp"
#include "unit/proxy/world.hpp"

namespace postern::proxy {
namespace {

class CorsTest : public testing::Test {
 protected:
  CorsTest() { context_.id = "r-1"; }

  http::Response preflight(const Pairs& fields) {
    kept_ = fields;
    context_.head.fields = edge::fields_of(kept_);
    return cors_preflight(context_, *world_.generation, world_.resource());
  }
  std::string header(const http::Response& response, std::string_view name) {
    return std::string(response.headers.get(name).value_or("none"));
  }

 private:
  World world_{[](config::Config& config) {
    config.resources.push_back(config.resources[0]);
    config.resources[1].serve = "https://other.example.test/mcp";
    config.origins = {"https://inspector.example.test", "http://localhost:6274"};
  }};
  edge::RequestContext context_;
  Pairs kept_;
};

// Fetch standard, section 3.2.2
TEST_F(CorsTest, APreflightOfAnAllowedOriginNamesItAndEverythingAClientMaySend) {
  for (const std::string origin :
       {"https://ai.example.test", "https://inspector.example.test", "http://localhost:6274"}) {
    const auto response = preflight({{"Origin", origin}, {"Access-Control-Request-Method", "POST"}});
    EXPECT_EQ(response.status, 204) << origin;
    EXPECT_EQ(header(response, "Access-Control-Allow-Origin"), origin);
    EXPECT_EQ(header(response, "Vary"), "Origin");
    EXPECT_EQ(header(response, "Access-Control-Allow-Methods"), "GET, POST, DELETE, OPTIONS");
    const auto allowed = header(response, "Access-Control-Allow-Headers");
    for (const char* name : {"Authorization", "Content-Type", "Accept", "Mcp-Session-Id", "MCP-Protocol-Version",
                             "Last-Event-ID", "Mcp-Method", "Mcp-Name"}) {
      EXPECT_NE(allowed.find(name), std::string::npos) << name;
    }
    EXPECT_EQ(response.body, "");
  }
}

TEST_F(CorsTest, AnyOtherOriginIsRefusedAndNamedNowhere) {
  for (const std::string origin :
       {"https://evil.test", "null", "", "*", "http://ai.example.test", "https://ai.example.test:8443",
        "https://ai.example.test.evil.test", "https://x.ai.example.test", "https://ai.example.test/",
        "HTTPS://AI.EXAMPLE", "https://other.example.test", "http://localhost",
        "https://inspector.example.test, https://evil.test"}) {
    const auto response = preflight({{"Origin", origin}});
    EXPECT_EQ(response.status, 403) << origin;
    EXPECT_EQ(header(response, "Access-Control-Allow-Origin"), "none") << origin;
  }
  EXPECT_EQ(preflight({}).status, 403);
  EXPECT_EQ(preflight({{"Origin", "https://ai.example.test"}, {"Origin", "https://evil.test"}}).status, 403);
}

TEST_F(CorsTest, CredentialsAreNeverAllowed) {
  const auto response = preflight({{"Origin", "https://ai.example.test"}});
  EXPECT_EQ(header(response, "Access-Control-Allow-Credentials"), "none");
  EXPECT_NE(header(response, "Access-Control-Allow-Origin"), "*");
}

TEST_F(CorsTest, OfTheHeadersAskedForOnlyMcpParametersAreAdded) {
  const auto allowed = [&](const std::string& asked) {
    const auto response = preflight({{"Origin", "https://ai.example.test"}, {"Access-Control-Request-Headers", asked}});
    EXPECT_EQ(response.status, 204);
    return header(response, "Access-Control-Allow-Headers");
  };
  const auto without = allowed("content-type");
  EXPECT_EQ(allowed("mcp-param-region, content-type,mcp-param-b"), without + ", mcp-param-region, mcp-param-b");
  for (const std::string& other :
       {std::string("cookie, x-forwarded-for"), std::string("x-mcp-param-a"), std::string("*"),
        std::string("mcp-param-a b"), std::string("mcp-param-\"x\""), std::string(), std::string(",,,"),
        std::string("mcp-param-") + std::string(2000, 'a')}) {
    EXPECT_EQ(allowed(other), without) << other;
  }
}

TEST_F(CorsTest, EveryOtherAnswerExposesWhatAClientHasToRead) {
  http::Headers headers;
  add_cors(headers, "https://ai.example.test");
  EXPECT_EQ(headers.get("Access-Control-Allow-Origin"), "https://ai.example.test");
  EXPECT_EQ(headers.get("Vary"), "Origin");
  const std::string exposed(headers.get("Access-Control-Expose-Headers").value_or(""));
  for (const char* name : {"WWW-Authenticate", "Mcp-Session-Id", "Retry-After"}) {
    EXPECT_NE(exposed.find(name), std::string::npos) << name;
  }
  http::Headers of_no_browser;
  add_cors(of_no_browser, "");
  EXPECT_TRUE(of_no_browser.all().empty());
}

}  // namespace
}  // namespace postern::proxy

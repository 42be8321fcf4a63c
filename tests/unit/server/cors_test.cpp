#include <gtest/gtest.h>

#include "server/mcp_exchange.hpp"
#include "unit/server/fixture.hpp"
#include "unit/tenant/test_store.hpp"

namespace postern::server {
namespace {

using namespace std::chrono_literals;

class SilentLog final : public telemetry::Log {
 public:
  bool enabled(telemetry::Level) const noexcept override { return false; }
  void write(telemetry::Level, std::string_view, std::span<const telemetry::Field>) override {}
  void audit(std::string_view, std::span<const telemetry::Field>) override {}
};

class CorsTest : public testing::Test {
 protected:
  CorsTest() {
    Site site;
    site.add("https://ai.example.test/mcp");
    site.add("https://other.example.test/mcp");
    site.config.origins = {"https://inspector.example.test", "http://localhost:6274"};
    snapshot_ = std::make_shared<const Snapshot>(site.config, site.policies, services_);
    context_.id = "r-1";
    context_.snapshot = snapshot_;
  }

  http::Response preflight(const Pairs& fields) {
    kept_ = fields;
    context_.head.fields = fields_of(kept_);
    return cors_preflight(context_, *snapshot_->catalog().resources().front());
  }
  std::string header(const http::Response& response, std::string_view name) {
    return std::string(response.headers.get(name).value_or("none"));
  }

 private:
  tests::TestStore store_;
  SystemClock clock_;
  SilentLog log_;
  std::unique_ptr<telemetry::Metrics> metrics_ = telemetry::make_metrics();
  token::TokenCache tokens_{16, 10s};
  net::OffloadPool pool_{"test", 1, 1};
  crypto::Aead seal_{std::string(32, 'k')};
  RateLimiters limiters_{config::Limits()};
  RefusalLog refusals_;
  BodyBudget bodies_{1024};
  CallCounter calls_{1};
  UpstreamTls upstream_tls_;
  upstream::Documents documents_{[](const std::string&, const net::FairQueue::Path&) -> Result<upstream::Fetched> {
                                   return fail(Errc::denied, "nothing is fetched");
                                 },
                                 pool_, clock_};
  token::SigningKeys signing_keys_{store_->keys(), std::string(32, 'm'), clock_};
  upstream::Fetcher fetcher_{{}, clock_};
  idp::ProviderKeys provider_keys_{documents_, documents_};
  UsageCounter usage_;
  ToolChecks tool_checks_{1, 1};
  telemetry::SaidOnce said_;
  Services services_{.store = *store_,
                     .clock = clock_,
                     .log = log_,
                     .metrics = *metrics_,
                     .tokens = tokens_,
                     .store_read_pool = pool_,
                     .store_write_pool = pool_,
                     .password_pool = pool_,
                     .familiar_password_pool = pool_,
                     .long_work_pool = pool_,
                     .session_seal = seal_,
                     .consent_seal = seal_,
                     .limiters = limiters_,
                     .refusals = refusals_,
                     .bodies = bodies_,
                     .endpoint_bodies = bodies_,
                     .calls = calls_,
                     .fetches = calls_,
                     .upstream_tls = upstream_tls_,
                     .documents = documents_,
                     .key_sets = documents_,
                     .provider_metadata = documents_,
                     .provider_key_sets = documents_,
                     .provider_fetcher = fetcher_,
                     .provider_pool = pool_,
                     .provider_keys = provider_keys_,
                     .signing_keys = signing_keys_,
                     .usage = usage_,
                     .tool_checks = tool_checks_,
                     .said = said_,
                     .duplex = nullptr};
  std::shared_ptr<const Snapshot> snapshot_;
  RequestContext context_;
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
}  // namespace postern::server

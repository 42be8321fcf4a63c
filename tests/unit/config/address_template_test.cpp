#include "config/address_template.hpp"

#include <gtest/gtest.h>

namespace postern::config {
namespace {

TEST(AddressTemplate, TheTenantIsOneWholeLabelOrSegment) {
  for (const char* good : {"https://{tenant}.example.test/mcp", "https://mcp.{tenant}.example.test",
                           "https://a.example.test/t/{tenant}/mcp", "https://a.example.test/{tenant}",
                           "https://{tenant}.example.test:8443/", "https://a.example.test/mcp"}) {
    EXPECT_EQ(tenant_part_fault(good), "") << good;
  }
  for (const char* bad :
       {"https://{tenant}", "https://{tenant}/mcp", "https://{tenant}:8443/mcp", "https://x{tenant}.example.test/mcp",
        "https://{tenant}x.example.test/mcp", "https://a.example.{tenant}/mcp", "https://a.example.test/t-{tenant}/mcp",
        "https://a.example.test/{tenant}.json", "https://{tenant}.example.test/{tenant}",
        "https://{handle}.example.test/", "https://a.example.test/{tenant", "https://a.example.test/tenant}",
        "https://a.example.test/{{tenant}}", "https://a.example.test/mcp?tenant={tenant}", "{tenant}",
        "https://{tenant}@a.example.test/mcp"}) {
    EXPECT_NE(tenant_part_fault(bad), "") << bad;
  }
}

TEST(AddressTemplate, IsFilledInAndTakenApart) {
  EXPECT_EQ(with_tenant("https://{tenant}.example.test/mcp", "acme"), "https://acme.example.test/mcp");
  EXPECT_EQ(with_tenant("https://a.example.test/mcp", "acme"), "https://a.example.test/mcp");
  const auto host = address_parts("https://{tenant}.example.test:443/mcp");
  ASSERT_TRUE(host);
  EXPECT_EQ(host->origin, "https://{tenant}.example.test");
  EXPECT_EQ(host->path, "/mcp");
  const auto path = address_parts("https://t.tt.ttt.test/t/{tenant}/tt");
  ASSERT_TRUE(path);
  EXPECT_EQ(path->origin, "https://t.tt.ttt.test");
  EXPECT_EQ(path->path, "/t/{tenant}/tt");
  EXPECT_FALSE(address_parts("no url"));
}

bool ambiguous(const char* one, const char* other) {
  const bool forth = are_ambiguous(*address_parts(one), *address_parts(other));
  EXPECT_EQ(forth, are_ambiguous(*address_parts(other), *address_parts(one)));
  return forth;
}

TEST(AddressTemplate, TwoThatMayBothBeMeantAreAmbiguous) {
  EXPECT_TRUE(ambiguous("https://a.test/mcp", "https://a.test/mcp"));
  EXPECT_TRUE(ambiguous("https://a.test/t/{tenant}", "https://a.test/{tenant}/t"));
  EXPECT_TRUE(ambiguous("https://{tenant}.b.a.test/mcp", "https://c.{tenant}.a.test/x"));
  EXPECT_TRUE(ambiguous("https://{tenant}.a.test/mcp", "https://{tenant}.a.test/mcp"));
}

TEST(AddressTemplate, TheMoreExactOneWinsWithoutAFault) {
  EXPECT_FALSE(ambiguous("https://a.test/t/{tenant}", "https://a.test/t/acme"));
  EXPECT_FALSE(ambiguous("https://{tenant}.a.test/mcp", "https://ai.a.test/mcp"));
  EXPECT_FALSE(ambiguous("https://a.test/t/{tenant}", "https://a.test/u/{tenant}"));
  EXPECT_FALSE(ambiguous("https://a.test/{tenant}/mcp", "https://a.test/{tenant}"));
  EXPECT_FALSE(ambiguous("https://{tenant}.a.test/mcp", "https://{tenant}.b.test/mcp"));
  EXPECT_FALSE(ambiguous("https://{tenant}.a.test/a", "https://{tenant}.a.test/b"));
  EXPECT_FALSE(ambiguous("https://{tenant}.a.test/mcp", "http://{tenant}.a.test/mcp"));
}

}  // namespace
}  // namespace postern::config

#include "net/tls/certificate.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "unit/net/certificates.hpp"

namespace postern::net {
namespace {

class CertificateTest : public testing::Test {
 protected:
  std::string file(const std::string& name, const std::vector<std::string>& names) {
    return net_testing::make_certificate(directory_, name, names).certificate;
  }

  net_testing::TemporaryDirectory directory_;
};

TEST_F(CertificateTest, NamesWhatItsAlternativeNamesSay) {
  const auto chain = CertificateChain::read(file("common.example", {"ai.example.test", "*.mcp.example.test"})).value();
  for (const std::string host : {"ai.example.test", "AI.example.test", "a.mcp.example.test"})
    EXPECT_TRUE(chain.names(host)) << host;
  for (const std::string host :
       {"common.example", "b.ai.example.test", "mcp.example.test", "a.b.mcp.example.test", "127.0.0.1", "[::1]"})
    EXPECT_FALSE(chain.names(host)) << host;
}

TEST_F(CertificateTest, HoldsAsLongAsAllOfThemDo) {
  const auto first = file("first", {"a.example"});
  const auto now = SystemClock().now();
  const auto alone = CertificateChain::read(first).value();
  EXPECT_LT(alone.not_before(), now);
  EXPECT_GT(alone.not_after(), now);
  EXPECT_EQ(alone.not_after() - alone.not_before(), std::chrono::seconds(3660));
  // Another one behind it that begins later narrows what holds.
  const auto second = file("second", {"b.example"});
  const auto later = CertificateChain::read(second).value();
  std::ofstream(first, std::ios::app) << std::ifstream(second).rdbuf();
  const auto both = CertificateChain::read(first).value();
  EXPECT_EQ(both.not_before(), std::max(alone.not_before(), later.not_before()));
  EXPECT_EQ(both.not_after(), std::min(alone.not_after(), later.not_after()));
  EXPECT_TRUE(both.names("a.example"));
  EXPECT_FALSE(both.names("b.example")) << "only the first one is shown for a host";
}

TEST_F(CertificateTest, WhatIsNoneIsAnErrorThatNamesTheFile) {
  const auto text = directory_ / "text.pem";
  std::ofstream(text) << "no certificate\n";
  EXPECT_EQ(CertificateChain::read(text).error().what, text + " holds no certificate");
  const auto missing = directory_ / "missing.pem";
  EXPECT_TRUE(
      CertificateChain::read(missing).error().what.starts_with("cannot read the certificate " + missing + ": "));
}

}  // namespace
}  // namespace postern::net

#include "idp/provider_metadata.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace postern::idp {
namespace {

constexpr auto* kIssuer = "https://login.example/v2.0";

std::string document(const nlohmann::json& changes = {}) {
  nlohmann::json out = {{"issuer", kIssuer},
                        {"authorization_endpoint", "https://login.example/authorize?p=x"},
                        {"token_endpoint", "https://login.example/token"},
                        {"jwks_uri", "https://keys.example/jwks"}};
  if (changes.is_object()) out.update(changes);
  return out.dump();
}

TEST(ProviderMetadata, IsRead) {
  const auto read = read_provider_metadata(document(), kIssuer);
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(read->authorization_endpoint, "https://login.example/authorize?p=x");
  EXPECT_EQ(read->token_endpoint, "https://login.example/token");
  EXPECT_EQ(read->jwks_uri, "https://keys.example/jwks");
  EXPECT_FALSE(read->names_itself);
  const auto named = document({{"authorization_response_iss_parameter_supported", true}});
  EXPECT_TRUE(read_provider_metadata(named, kIssuer)->names_itself);
}

// RFC 8414 section 3.3: byte by byte.
TEST(ProviderMetadata, OfAnotherIssuerIsNotTaken) {
  for (const auto& other :
       {nlohmann::json("https://login.example/v2.0/"), nlohmann::json("https://LOGIN.example/v2.0"),
        nlohmann::json("https://evil.example"), nlohmann::json(), nlohmann::json::array({kIssuer})}) {
    const auto read = read_provider_metadata(document({{"issuer", other}}), kIssuer);
    ASSERT_FALSE(read) << other;
    EXPECT_EQ(read.error().code, Errc::protocol);
  }
  EXPECT_FALSE(read_provider_metadata("[]", kIssuer));
  EXPECT_FALSE(read_provider_metadata(R"({"issuer":")" + std::string(kIssuer) + R"(","issuer":"x"})", kIssuer));
}

TEST(ProviderMetadata, AddressesAreHttpsOrOnTheLoopback) {
  for (const char* name : {"authorization_endpoint", "token_endpoint", "jwks_uri"}) {
    for (const char* bad : {"http://login.example/x", "javascript:alert(1)", "/token", "https://u:p@login.example/",
                            "https://login.example/#x", "file:///etc/passwd", ""}) {
      EXPECT_FALSE(read_provider_metadata(document({{name, bad}}), kIssuer)) << name << ' ' << bad;
    }
    EXPECT_TRUE(read_provider_metadata(document({{name, "http://127.0.0.1:9/x"}}), kIssuer)) << name;
    EXPECT_FALSE(read_provider_metadata(document({{name, 7}}), kIssuer)) << name;
  }
}

// OpenID Connect Discovery 1.0 section 4, RFC 8414 section 3.1.
TEST(DiscoveryUrl, IsBehindTheIssuerOrBetweenHostAndPath) {
  const std::string first = "https://login.example/v2.0/.well-known/openid-configuration";
  EXPECT_EQ(discovery_url("https://login.example/v2.0"), first);
  EXPECT_EQ(discovery_url("https://login.example/v2.0/"), first);
  EXPECT_EQ(other_discovery_url(first), "https://login.example/.well-known/oauth-authorization-server/v2.0");
  EXPECT_EQ(other_discovery_url(discovery_url("https://login.example")),
            "https://login.example/.well-known/oauth-authorization-server");
  EXPECT_EQ(other_discovery_url("https://login.example/metadata.json"), "");
}

}  // namespace
}  // namespace postern::idp

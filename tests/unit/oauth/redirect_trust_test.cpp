#include "oauth/redirect_trust.hpp"

#include <array>

#include <gtest/gtest.h>

#include "oauth/redirect_uri.hpp"

namespace postern::oauth {
namespace {

store::Client client(const std::string& id, bool dynamic) {
  store::Client made;
  made.id = id;
  made.dynamic = dynamic;
  return made;
}

constexpr auto kElsewhere = std::to_array<const char*>(
    {"https://app.example.test/cb", "https://localhost/cb", "https://127.0.0.1:8443/cb", "https://[::1]/cb",
     "http://127.0.0.1.evil.example/cb", "http://localhost.evil.example/cb", "http://127.0.0.1@evil.example/cb",
     "http://127.0.0.1:80@evil.example/cb", "http://localhost\\@evil.example/cb", "HTTP://127.0.0.1/cb",
     "cursor://anysphere.cursor-mcp/oauth/callback", "web+evil://x/cb", "com.example.app:/cb", ""});
constexpr auto kLoopback = std::to_array<const char*>(
    {"http://127.0.0.1/cb", "http://127.0.0.1:51234/cb", "http://localhost:9/cb", "http://[::1]:1/cb?a=b"});

TEST(RedirectTrust, Attack9OnlyLoopbackUrisAreTrustedOfClientsThatRegisteredThemselves) {
  for (const auto& stranger : {client("client_a", true), client("https://app.example.test/client.json", true),
                               client("https://app.example.test/client.json", false)}) {
    for (const char* uri : kElsewhere) EXPECT_FALSE(redirects_before_sign_in(stranger, uri)) << uri;
    for (const char* uri : kLoopback) EXPECT_TRUE(redirects_before_sign_in(stranger, uri)) << uri;
  }
}

TEST(RedirectTrust, ClientsOfAnOperatorAreTrustedWithAllTheirUris) {
  const auto known = client("client_op", false);
  for (const char* uri : {"https://app.example.test/cb", "cursor://anysphere.cursor-mcp/oauth/callback"}) {
    EXPECT_TRUE(redirects_before_sign_in(known, uri)) << uri;
  }
  for (const char* uri : kLoopback) EXPECT_TRUE(redirects_before_sign_in(known, uri)) << uri;
}

}  // namespace
}  // namespace postern::oauth

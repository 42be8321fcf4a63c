#include "proxy/session/session_id.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/encoding.hpp"
#include "unit/proxy/session/sealed_support.hpp"

namespace postern::proxy {
namespace {

Session alices() {
  return {.id = "8f1c-upstream",
          .address = "127.0.0.1:3001",
          .upstream = "tools",
          .resource = "https://ai.example.test/mcp",
          .tenant = "acme",
          .user = "local:alice",
          .client = "client_a"};
}

void expect_same(const Session& a, const Session& b) {
  EXPECT_EQ(a.id, b.id);
  EXPECT_EQ(a.address, b.address);
  EXPECT_EQ(a.upstream, b.upstream);
  EXPECT_EQ(a.resource, b.resource);
  EXPECT_EQ(a.tenant, b.tenant);
  EXPECT_EQ(a.user, b.user);
  EXPECT_EQ(a.client, b.client);
}

TEST(SessionId, OpensWhatItSealed) {
  const auto opened = open_session(seal_session(alices(), our_key()), our_key());
  ASSERT_TRUE(opened);
  expect_same(*opened, alices());

  const auto empty = open_session(seal_session({}, our_key()), our_key());
  ASSERT_TRUE(empty);
  expect_same(*empty, {});

  Session odd = alices();
  odd.id = std::string(1000, '~');
  odd.user = std::string("\0\x01|:,", 5);
  const auto opened_odd = open_session(seal_session(odd, our_key()), our_key());
  ASSERT_TRUE(opened_odd);
  expect_same(*opened_odd, odd);
}

// MCP transport: a session id holds visible ASCII characters only (0x21 to 0x7E).
TEST(SessionId, IsVisibleAscii) {
  Session binary = alices();
  binary.id = "\xff\r\n ";
  for (const Session& session : {alices(), binary}) {
    const auto sealed = seal_session(session, our_key());
    EXPECT_TRUE(std::ranges::all_of(sealed, [](char c) { return c > 0x20 && c < 0x7f; }));
  }
}

TEST(SessionId, ShowsNothingOfWhatItHolds) {
  const auto bytes = base64url_decode(seal_session(alices(), our_key()));
  ASSERT_TRUE(bytes);
  for (const char* secret : {"8f1c-upstream", "127.0.0.1", "acme", "alice", "client_a"}) {
    EXPECT_EQ(bytes->find(secret), std::string::npos) << secret;
  }
  EXPECT_NE(seal_session(alices(), our_key()), seal_session(alices(), our_key()));
}

TEST(SessionId, OneThatWasChangedInAnyPlaceDoesNotOpen) {
  const auto sealed = seal_session(alices(), our_key());
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    auto changed = sealed;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(open_session(changed, our_key())) << i;
  }
}

TEST(SessionId, OneThatWasCutOrMadeLongerDoesNotOpen) {
  const auto sealed = seal_session(alices(), our_key());
  for (std::size_t size = 0; size < sealed.size(); ++size) {
    EXPECT_FALSE(open_session(sealed.substr(0, size), our_key())) << size;
  }
  for (const char* more : {"A", "AAAA", "=", "==", " ", "\n"}) EXPECT_FALSE(open_session(sealed + more, our_key()));
  EXPECT_FALSE(open_session(sealed + sealed, our_key()));
}

TEST(SessionId, OneThatWasMadeUpDoesNotOpen) {
  for (const std::string& made_up :
       {std::string(), std::string("8f1c-upstream"), std::string(100, 'A'), std::string(4096, 'A'),
        std::string(1'000'000, 'A'), base64url_encode("8f1c-upstream|acme|local:alice"), std::string("\0", 1)}) {
    EXPECT_FALSE(open_session(made_up, our_key()));
  }
}

TEST(SessionId, OneOfAnotherGatewayDoesNotOpen) {
  const crypto::Aead other(std::string(31, 'k') + "l");
  EXPECT_FALSE(open_session(seal_session(alices(), other), our_key()));
}

TEST(SessionId, WhatTheSameKeySealedForAnotherPurposeDoesNotOpen) {
  const auto bytes = base64url_decode(seal_session(alices(), our_key()));
  const auto plain = our_key().open(*bytes, "mcp-session");
  ASSERT_TRUE(plain);
  EXPECT_TRUE(open_session(base64url_encode(our_key().seal(*plain, "mcp-session")), our_key()));
  EXPECT_FALSE(open_session(base64url_encode(our_key().seal(*plain, "consent")), our_key()));
  EXPECT_FALSE(open_session(base64url_encode(our_key().seal(*plain, "")), our_key()));
  EXPECT_FALSE(open_session(base64url_encode(our_key().seal(*plain + "x", "mcp-session")), our_key()));
  EXPECT_FALSE(open_session(base64url_encode(our_key().seal(plain->substr(1), "mcp-session")), our_key()));
}

TEST(CheckSession, ItsUserMayUseItThroughAnyGrant) {
  auto later = alice();
  later.grant = "after a step-up";
  later.scopes = {"write"};
  later.role = "viewer";
  EXPECT_EQ(check_session(alices(), alice(), "tools"), SessionVerdict::ours);
  EXPECT_EQ(check_session(alices(), later, "tools"), SessionVerdict::ours);
}

// MCP security best practices, session hijacking: an id that leaked is of no use to others.
TEST(CheckSession, NobodyElseMayUseIt) {
  for (const char* user : {"local:mallory", "entra:alice", "alice", "local:ALICE", "local:alice ", ""}) {
    auto other = alice();
    other.user = user;
    EXPECT_EQ(check_session(alices(), other, "tools"), SessionVerdict::not_ours) << user;
    other.tenant = "other";
    EXPECT_EQ(check_session(alices(), other, "tools"), SessionVerdict::not_ours) << user;
  }
  auto client = alice();
  client.client = "client_b";
  EXPECT_EQ(check_session(alices(), client, "tools"), SessionVerdict::not_ours);
}

TEST(CheckSession, AtAnotherResourceOrUpstreamItIsNoSession) {
  auto elsewhere = alice();
  elsewhere.resource = "https://ai.example.test/other";
  EXPECT_EQ(check_session(alices(), elsewhere, "tools"), SessionVerdict::not_ours);
  EXPECT_EQ(check_session(alices(), alice(), "files"), SessionVerdict::not_ours);
}

TEST(CheckSession, TheSameUserForAnotherTenantIsToldSo) {
  auto other = alice();
  other.tenant = "umbrella";
  EXPECT_EQ(check_session(alices(), other, "tools"), SessionVerdict::other_handle);
  other.resource = "https://umbrella.example.test/mcp";
  EXPECT_EQ(check_session(alices(), other, "tools"), SessionVerdict::other_handle);
}

}  // namespace
}  // namespace postern::proxy

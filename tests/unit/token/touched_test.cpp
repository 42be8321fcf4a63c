#include "token/touched.hpp"

#include <gtest/gtest.h>

#include "base/encoding.hpp"

namespace postern::token {
namespace {

using store::Change;
using store::ChangeKind;

std::string hex_of(const crypto::Digest& digest) { return hex_encode(crypto::as_string(digest)); }

Principal alice() {
  Principal p;
  p.grant = "g1";
  p.user = "local:alice";
  p.tenant = "acme";
  p.client = "client_1";
  p.key_ring = "https://ai.example.test";
  return p;
}

TEST(Touched, Attack6EachChangeTouchesWhatItNames) {
  const auto token = crypto::sha256("token");
  const std::pair<Change, Change> own_and_other[] = {
      {{1, ChangeKind::access_revoked, hex_of(token)}, {1, ChangeKind::access_revoked, hex_of(crypto::sha256("x"))}},
      {{1, ChangeKind::grant_revoked, "g1"}, {1, ChangeKind::grant_revoked, "g2"}},
      {{1, ChangeKind::user, "local:alice"}, {1, ChangeKind::user, "local:bob"}},
      {{1, ChangeKind::membership, "local:alice"}, {1, ChangeKind::membership, "local:bob"}},
      {{1, ChangeKind::tenant, "acme"}, {1, ChangeKind::tenant, "beta"}},
      {{1, ChangeKind::client, "client_1"}, {1, ChangeKind::client, "client_2"}},
      {{1, ChangeKind::signing_keys, "https://ai.example.test"}, {1, ChangeKind::signing_keys, "https://b.test"}},
  };
  for (const auto& [own, other] : own_and_other) {
    const auto kind = static_cast<int>(own.kind);
    EXPECT_TRUE(touched_by({own}).has(token, alice())) << kind;
    EXPECT_FALSE(touched_by({other}).has(token, alice())) << kind;
    EXPECT_FALSE(touched_by({own, other}).everything) << kind;
    EXPECT_EQ(touched_by({own}).only_tokens(), own.kind == ChangeKind::access_revoked) << kind;
  }
}

TEST(Touched, KeysThatAreKeptForLongerTouchNothing) {
  const auto touched = touched_by({{1, ChangeKind::key_life, "https://ai.example.test"}});
  EXPECT_FALSE(touched.has(crypto::sha256("token"), alice()));
  EXPECT_TRUE(touched.only_tokens());
}

TEST(Touched, WhatCannotBeReadCountsAsEverything) {
  const auto hash = hex_of(crypto::sha256("token"));
  for (const auto& subject : {std::string(), hash.substr(1), hash + "0", "x" + hash.substr(1), hash.substr(2) + "AB"}) {
    EXPECT_TRUE(touched_by({{1, ChangeKind::access_revoked, subject}}).everything) << subject;
  }
  EXPECT_TRUE(touched_by({{1, static_cast<ChangeKind>(200), "x"}}).everything);
  EXPECT_TRUE(touched_by({{1, ChangeKind::tenant, ""}}).everything) << "many tenants";
  EXPECT_TRUE(touched_by({{1, ChangeKind::tenant, ""}}).has(crypto::sha256("other"), Principal()));
}

}  // namespace
}  // namespace postern::token

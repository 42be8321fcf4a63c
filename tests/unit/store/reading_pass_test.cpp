#include "store/reading_pass.hpp"

#include "unit/store/contract.hpp"

namespace postern::store {
namespace {

POSTERN_STORE_CONTRACT(ReadingPassTest);

TEST_P(ReadingPassTest, Attack2ReadsAndNotesNothing) {
  ASSERT_TRUE(ok(store_->tenants().apply({.tenants = {{"acme", "Acme", "business"}}})));
  ReadingPass pass;
  const auto facets = store_->reading(pass);
  EXPECT_EQ(facets->tenants().find("acme").value()->name, "Acme");
  EXPECT_TRUE(ok(facets->clients().list()));
  EXPECT_FALSE(facets->grants().take_step_up("no-grant", kNow).value());
  EXPECT_FALSE(pass.wants_write());
}

TEST_P(ReadingPassTest, Attack2RefusesEveryWriteAndNotesIt) {
  const auto refuses = [this](auto write) {
    ReadingPass pass;
    const auto facets = store_->reading(pass);
    EXPECT_EQ(code_of(write(*facets)), "unavailable");
    EXPECT_TRUE(pass.wants_write());
  };
  refuses([](Facets& facets) { return facets.users().add(sample_user()); });
  refuses([](Facets& facets) { return facets.tenants().apply({.tenants = {{"acme", "", ""}}}); });
  refuses([](Facets& facets) { return facets.clients().add(sample_client()); });
  refuses([](Facets& facets) { return facets.grants().approve(sample_approval()); });
  refuses([](Facets& facets) { return facets.keys().raise_token_life("issuer", 1min); });
  refuses([](Facets& facets) { return facets.usage().add({}); });
  EXPECT_TRUE(store_->users().list().value().empty());
  EXPECT_TRUE(store_->tenants().list().value().empty());
  EXPECT_TRUE(store_->clients().list().value().empty());
}

}  // namespace
}  // namespace postern::store

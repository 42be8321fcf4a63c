#include "base/network.hpp"
#include "store/sqlite/connection/query.hpp"
#include "unit/store/contract.hpp"

namespace postern::store {
namespace {

constexpr std::size_t kMost = 32;

// An address of its own /64 in 2001:db8:0:: for each number.
std::string crowd(int number) { return "2001:db8:0:" + std::to_string(number % 9000 + 1) + "::1"; }

class UnusedClients : public Contract {
 protected:
  Result<Registered> try_to_register(const std::string& id, const std::string& address,
                                     const std::string& fingerprint = "", std::size_t most = kMost) {
    Client client = sample_client(id, fingerprint);
    client.created_at = client.last_used_at = clock_->now();
    return store_->clients().register_client({client, networks_of(address), most});
  }
  std::string register_from(const std::string& address, const std::string& id, const std::string& fingerprint = "") {
    clock_->set(clock_->now() + 1ms);
    const auto registered = try_to_register(id, address, fingerprint);
    EXPECT_TRUE(ok(registered));
    return registered ? registered->client.id : "";
  }
  void flood(int count, const std::string& name = "flood") {
    for (int i = 0; i < count; ++i) register_from(crowd(i), name + std::to_string(i));
  }
  void begin_authorization(const std::string& id) {
    ASSERT_TRUE(ok(store_->clients().keep_under_way(id, clock_->now(), kMost)));
  }
  bool is_there(const std::string& id) { return store_->clients().find(id).value().has_value(); }
  std::size_t clients() { return store_->clients().list().value().size(); }
  std::int64_t counted() {
    auto db = sqlite::Connection::open(directory_ / "postern.db", SQLITE_OPEN_READONLY, "", std::chrono::seconds(1));
    return *sqlite::first(db.value(), sqlite::read_integer, "SELECT sum(clients) FROM unused_networks WHERE level = 0")
                .value();
  }
};
INSTANTIATE_TEST_SUITE_P(Store, UnusedClients, testing::ValuesIn(backends()),
                         [](const auto& tested) { return tested.param.name; });

TEST_P(UnusedClients, Attack7RegistrationsTakeABoundedNumberOfPlacesAndTellHowManyGaveWay) {
  flood(32);
  EXPECT_EQ(clients(), kMost);
  const auto registered = try_to_register("one more", crowd(1));
  ASSERT_TRUE(ok(registered));
  EXPECT_EQ(registered->gave_way, 1);
  EXPECT_EQ(clients(), kMost);
  EXPECT_FALSE(is_there("flood0"));
  EXPECT_TRUE(is_there("flood31"));
}

TEST_P(UnusedClients, Attack7OfTheNetworkThatHasMostTheOldestGivesWay) {
  for (int i = 0; i < 15; ++i) register_from("192.0." + std::to_string(i) + ".1", "honest" + std::to_string(i));
  flood(200);
  EXPECT_EQ(clients(), kMost);
  for (int i = 0; i < 15; ++i) EXPECT_TRUE(is_there("honest" + std::to_string(i))) << i;
  EXPECT_TRUE(is_there("flood199"));
  EXPECT_FALSE(is_there("flood182"));
}

TEST_P(UnusedClients, Attack7ANeighbourInTheCrowdedNetworkKeepsItsPlace) {
  register_from("2001:db8:1::1", "another site");
  register_from("198.51.100.2", "another address");
  flood(100);
  for (int i = 0; i < 100; ++i) register_from("198.51.100.1", "address" + std::to_string(i));
  EXPECT_TRUE(is_there("another site"));
  EXPECT_TRUE(is_there("another address"));
}

TEST_P(UnusedClients, Attack7RegistrationsFromEverNewNetworksPushOutTheOldestFirst) {
  register_from("203.0.113.1", "honest");
  for (int i = 0; i < 31; ++i) register_from("10." + std::to_string(i) + ".0.1", "flood" + std::to_string(i));
  EXPECT_TRUE(is_there("honest"));
  register_from("203.0.114.1", "newcomer");
  EXPECT_FALSE(is_there("honest"));
  for (int i = 31; i < 62; ++i) register_from("10." + std::to_string(i) + ".0.1", "flood" + std::to_string(i));
  EXPECT_TRUE(is_there("newcomer"));
}

TEST_P(UnusedClients, Attack7RegistrationsNeverPushOutAClientWithAnAuthorizationUnderWay) {
  register_from(crowd(0), "honest");
  begin_authorization("honest");
  flood(200);
  EXPECT_TRUE(is_there("honest"));
  clock_->set(clock_->now() + kUnderWay);
  flood(kMost, "again");
  EXPECT_FALSE(is_there("honest"));
}

TEST_P(UnusedClients, Attack7AnAuthorizationThatGoesOnKeepsThePlaceForAsLongAsAPageIsGood) {
  register_from(crowd(0), "honest");
  begin_authorization("honest");
  const Time begun = clock_->now();
  clock_->set(begun + kUnderWay - kUnderWayLeft + 1ms);
  begin_authorization("honest");
  clock_->set(begun + kUnderWay + kUnderWayLeft - 1s);
  flood(200);
  EXPECT_TRUE(is_there("honest"));
}

TEST_P(UnusedClients, Attack7RegistrationsOfOneNetworkKeepASixteenthOfThePlacesByBeginningAuthorizations) {
  for (int i = 0; i < 30; ++i) {
    register_from(crowd(i), "crowd" + std::to_string(i));
    begin_authorization("crowd" + std::to_string(i));
  }
  for (int i = 0; i < 40; ++i) register_from("10.200." + std::to_string(i) + ".1", "newcomer" + std::to_string(i));
  EXPECT_EQ(clients(), kMost);
  for (int i = 0; i < 30; ++i) EXPECT_EQ(is_there("crowd" + std::to_string(i)), i >= 28) << i;
}

TEST_P(UnusedClients, Attack7RegistrationsOfManyNetworksKeepHalfOfThePlacesByBeginningAuthorizations) {
  for (int i = 0; i < 100; ++i) {
    register_from("10." + std::to_string(i) + ".0.1", "flood" + std::to_string(i));
    begin_authorization("flood" + std::to_string(i));
  }
  for (int i = 0; i < 40; ++i) register_from(crowd(i), "newcomer" + std::to_string(i));
  EXPECT_EQ(clients(), kMost);
  int kept = 0;
  for (int i = 0; i < 100; ++i) kept += is_there("flood" + std::to_string(i)) ? 1 : 0;
  EXPECT_GE(kept, 16);
  for (int i = 0; i < 20; ++i) register_from("172.16." + std::to_string(i) + ".1", "another" + std::to_string(i));
  EXPECT_TRUE(is_there("another19"));
}

TEST_P(UnusedClients, Attack7RegistrationsLeaveClientsAloneThatSomebodyApproved) {
  register_from(crowd(0), "client-1");
  ASSERT_TRUE(ok(store_->grants().approve(sample_approval())));
  flood(200);
  EXPECT_TRUE(is_there("client-1"));
  EXPECT_EQ(clients(), kMost + 1);
  EXPECT_EQ(counted(), static_cast<std::int64_t>(kMost));
  begin_authorization("client-1");
  EXPECT_EQ(counted(), static_cast<std::int64_t>(kMost));
}

TEST_P(UnusedClients, APurgeLeavesAClientAloneWhoseAuthorizationHasJustBegun) {
  register_from("203.0.113.1", "honest");
  clock_->set(clock_->now() + 24h - 1min);
  begin_authorization("honest");
  ASSERT_TRUE(ok(store_->purge(clock_->now() + 20min)));
  EXPECT_TRUE(is_there("honest"));
  ASSERT_TRUE(ok(store_->purge(clock_->now() + 24h)));
  EXPECT_FALSE(is_there("honest"));
}

TEST_P(UnusedClients, Attack7RegistrationsOfTheSameMetadataDoNotPullAClientIntoTheirCrowd) {
  register_from("203.0.113.1", "honest", "print");
  flood(20);
  EXPECT_EQ(register_from(crowd(3), "copy", "print"), "honest");
  flood(200, "more");
  EXPECT_TRUE(is_there("honest"));
}

TEST_P(UnusedClients, Attack7TheSameMetadataFromAQuietNetworkGetsAClientOutOfTheCrowd) {
  EXPECT_EQ(register_from(crowd(0), "theirs", "print"), "theirs");
  flood(20);
  EXPECT_EQ(register_from("203.0.113.1", "honest", "print"), "theirs");
  flood(200, "more");
  EXPECT_TRUE(is_there("theirs"));
}

TEST_P(UnusedClients, Attack7WhatIsRemovedOrPurgedLeavesItsPlace) {
  flood(32);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(ok(store_->clients().remove("flood" + std::to_string(i))));
  EXPECT_EQ(counted(), 22);
  ASSERT_TRUE(ok(store_->purge(clock_->now() + 25h)));
  EXPECT_EQ(clients(), 0U);
  flood(32);
  EXPECT_EQ(clients(), kMost);
  EXPECT_EQ(counted(), 32);
}

TEST_P(UnusedClients, Attack7ABoundThatWasLoweredIsReached) {
  for (int i = 0; i < 100; ++i) {
    const std::string id = "old" + std::to_string(i);
    ASSERT_TRUE(ok(try_to_register(id, crowd(i), "", 100)));
    ASSERT_TRUE(ok(store_->clients().keep_under_way(id, clock_->now(), 1000)));
  }
  register_from("203.0.113.1", "honest");
  EXPECT_EQ(clients(), kMost);
  EXPECT_TRUE(is_there("honest"));
}

TEST_P(UnusedClients, Attack7RegistrationsOfSeveralProcessesShareTheBound) {
  const auto second_process = open();
  for (int i = 0; i < 100; ++i) {
    Client client = sample_client("client" + std::to_string(i));
    Store& store = i % 2 == 0 ? *store_ : *second_process;
    ASSERT_TRUE(ok(store.clients().register_client({client, networks_of(crowd(i)), kMost})));
  }
  EXPECT_EQ(clients(), kMost);
}

TEST_P(UnusedClients, Attack7ClientsOfBeforeThereWereBoundsCount) {
  for (int i = 0; i < 40; ++i)
    ASSERT_TRUE(ok(store_->clients().add(sample_client("old" + std::to_string(i), "print" + std::to_string(i)))));
  ASSERT_TRUE(ok(store_->clients().add(sample_client("client-1"))));
  ASSERT_TRUE(ok(store_->grants().approve(sample_approval())));
  store_.reset();
  {
    auto db = sqlite::Connection::open(directory_ / "postern.db", SQLITE_OPEN_READWRITE, "", std::chrono::seconds(1));
    ASSERT_TRUE(ok(db.value().execute(
        "DROP TABLE clock; DROP TABLE unused_clients; DROP TABLE unused_networks; PRAGMA user_version=9")));
  }
  store_ = open();
  register_from("203.0.113.1", "honest");
  EXPECT_EQ(clients(), kMost + 1);
  EXPECT_TRUE(is_there("honest"));
  EXPECT_TRUE(is_there("client-1"));
}

}  // namespace
}  // namespace postern::store

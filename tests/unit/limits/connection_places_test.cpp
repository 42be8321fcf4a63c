#include "limits/connection_places.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace postern::limits {
namespace {

using Verdict = ConnectionPlaces::Verdict;
using Path = ConnectionPlaces::Path;

// Places with the bounds that a test gives them.
struct Places : ConnectionPlaces {
  explicit Places(Bounds of) : bounds(of) {}

  Verdict enter(const Path& networks) { return ConnectionPlaces::enter(networks, bounds); }

  Bounds bounds;
};

class ConnectionPlacesTest : public testing::Test {
 protected:
  // Writes down who has to give way.
  void watch(Places& places) {
    places.on_give_way([this](const std::string& network) { gave_way_.push_back(network); });
  }
  static void enter(Places& places, const Path& networks, int count) {
    for (int i = 0; i < count; ++i) ASSERT_EQ(places.enter(networks), Verdict::admitted);
  }

  const Path mine_{"198.51.100/24", "198.51.100.1"};
  const Path theirs_{"203.0.113/24", "203.0.113.7"};
  std::vector<std::string> gave_way_;
};

TEST_F(ConnectionPlacesTest, Attack10OneAddressHasItsBoundAndOthersTheRest) {
  Places places({3, 2, 0, false});
  enter(places, theirs_, 2);
  EXPECT_EQ(places.enter(theirs_), Verdict::per_address);
  EXPECT_EQ(places.enter(mine_), Verdict::admitted);
  EXPECT_EQ(places.enter({"198.51.100/24", "198.51.100.2"}), Verdict::total);
  places.leave(theirs_);
  EXPECT_EQ(places.enter(theirs_), Verdict::admitted);
}

TEST_F(ConnectionPlacesTest, Attack10WhoHasMostGivesWayToWhoHasFewer) {
  Places places({4, 10, 2, false});
  watch(places);
  enter(places, theirs_, 3);
  enter(places, mine_, 1);
  EXPECT_EQ(places.enter(mine_), Verdict::admitted);
  EXPECT_EQ(gave_way_, std::vector<std::string>{"203.0.113.7"});
  EXPECT_EQ(places.enter(theirs_), Verdict::total) << "they have most";
}

TEST_F(ConnectionPlacesTest, Attack10ManyAddressesOfOneNetworkCountTogether) {
  Places places({6, 10, 2, false});
  watch(places);
  for (const char* address : {"203.0.113.1", "203.0.113.2", "203.0.113.2", "203.0.113.3"})
    enter(places, {"203.0.113/24", address}, 1);
  enter(places, mine_, 2);
  EXPECT_EQ(places.enter(mine_), Verdict::admitted) << "none of them has more alone";
  EXPECT_EQ(gave_way_, std::vector<std::string>{"203.0.113.2"});
}

TEST_F(ConnectionPlacesTest, Attack10WithinANetworkTheAddressThatHasMostGivesWay) {
  Places places({3, 10, 2, false});
  watch(places);
  enter(places, theirs_, 3);
  EXPECT_EQ(places.enter({"203.0.113/24", "203.0.113.8"}), Verdict::admitted);
  EXPECT_EQ(gave_way_, std::vector<std::string>{"203.0.113.7"});
}

TEST_F(ConnectionPlacesTest, Attack10WhileNobodyLeavesTheExchangeIsBounded) {
  Places places({10, 10, 2, false});
  enter(places, theirs_, 10);
  EXPECT_EQ(places.enter(mine_), Verdict::admitted);
  EXPECT_EQ(places.enter(mine_), Verdict::admitted);
  EXPECT_EQ(places.enter(mine_), Verdict::total);
  places.leave(theirs_);
  EXPECT_EQ(places.enter(mine_), Verdict::admitted);
}

TEST_F(ConnectionPlacesTest, Attack10ATrustedProxyIsNotCountedAndNeverGivesWay) {
  Places places({4, 1, 2, false});
  watch(places);
  enter(places, {}, 4);
  EXPECT_EQ(places.enter(mine_), Verdict::total);
  EXPECT_TRUE(gave_way_.empty());
  places.leave({});
  EXPECT_EQ(places.enter(mine_), Verdict::admitted);
}

TEST_F(ConnectionPlacesTest, Attack10OfOperationsTheNewestWins) {
  Places places({2, 10, 2, true});
  watch(places);
  enter(places, mine_, 3);
  EXPECT_EQ(gave_way_, std::vector<std::string>{"198.51.100.1"});
}

TEST_F(ConnectionPlacesTest, Attack10WhoLeftHasNothingAnyMore) {
  Places places({4, 10, 2, false});
  watch(places);
  enter(places, theirs_, 3);
  for (int i = 0; i < 3; ++i) places.leave(theirs_);
  enter(places, mine_, 4);
  EXPECT_EQ(places.enter(theirs_), Verdict::admitted);
  EXPECT_EQ(gave_way_, std::vector<std::string>{"198.51.100.1"});
}

TEST_F(ConnectionPlacesTest, Attack10WhenDescriptorsRunOutWhoHasMostGivesWay) {
  Places places({100, 10, 2, false});
  watch(places);
  places.shed();
  EXPECT_TRUE(gave_way_.empty());
  enter(places, mine_, 1);
  enter(places, theirs_, 2);
  places.shed();
  EXPECT_EQ(gave_way_, std::vector<std::string>{"203.0.113.7"});
}

TEST_F(ConnectionPlacesTest, ChangedBoundsCountAtOnceForThoseWhoCome) {
  Places places({3, 2, 0, false});
  enter(places, theirs_, 2);
  places.bounds = {2, 3, 0, false};
  EXPECT_EQ(places.enter(theirs_), Verdict::total);
  places.bounds = {4, 3, 0, false};
  EXPECT_EQ(places.enter(theirs_), Verdict::admitted);
  EXPECT_EQ(places.enter(theirs_), Verdict::per_address);
}

TEST_F(ConnectionPlacesTest, WhenBoundsAreLoweredWhoHasMostGivesWayUntilTheyHold) {
  Places places({10, 10, 1, false});
  watch(places);
  enter(places, theirs_, 6);
  enter(places, mine_, 2);
  places.bounds = {3, 3, 1, false};
  for (int left = 0; left < 4; ++left) {
    EXPECT_EQ(places.enter(mine_), Verdict::total);
    places.leave(theirs_);
  }
  EXPECT_EQ(places.enter(mine_), Verdict::total);
  EXPECT_EQ(gave_way_, std::vector<std::string>(4, theirs_.back()));
}

}  // namespace
}  // namespace postern::limits

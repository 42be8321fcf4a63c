#include "idp/local_users.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "crypto/password.hpp"
#include "unit/tenant/test_store.hpp"

namespace postern::idp {
namespace {

using namespace std::chrono_literals;

constexpr crypto::PasswordCost kCheap{.memory_kib = 8, .passes = 1, .lanes = 1};

class ManualClock final : public Clock {
 public:
  Time now() const noexcept override { return from_millis(millis_); }
  void advance(Duration by) { millis_ += by.count(); }

 private:
  std::atomic<std::int64_t> millis_{1'800'000'000'000};
};

class LocalUsersTest : public testing::Test {
 protected:
  LocalUsersTest() {
    add("ada", "correct horse");
    add("gone", "correct horse");
    EXPECT_TRUE(store_->users().set_disabled("local:gone", true));
    add("federated", "");
  }

  void add(const std::string& name, const std::string& password) {
    store::User user;
    user.key = "local:" + name;
    user.name = name;
    if (!password.empty()) user.password_hash = crypto::hash_password(Secret(password), kCheap);
    EXPECT_TRUE(store_->users().add(user));
  }
  SignInOutcome try_in(std::string_view name, const std::string& password, std::string_view address = "192.0.2.1") {
    const auto result = users_.sign_in(name, Secret(password), address);
    EXPECT_TRUE(result);
    return result ? result->outcome : SignInOutcome::wrong;
  }
  void fail_times(int times, std::string_view name, std::string_view address = "192.0.2.1") {
    for (int i = 0; i < times; ++i) EXPECT_EQ(try_in(name, "nope", address), SignInOutcome::wrong) << i;
  }

  tests::TestStore store_;
  ManualClock clock_;
  LocalUsers users_{store_->users(), clock_, kCheap};
};

TEST_F(LocalUsersTest, TheRightPasswordYieldsTheUser) {
  const auto result = users_.sign_in("ada", Secret("correct horse"), "192.0.2.1");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->outcome, SignInOutcome::ok);
  EXPECT_EQ(result->user.key, "local:ada");
}

TEST_F(LocalUsersTest, UnknownWrongDisabledAndForeignAreOneAnswer) {
  EXPECT_EQ(try_in("ada", "wrong"), SignInOutcome::wrong);
  EXPECT_EQ(try_in("nobody", "correct horse"), SignInOutcome::wrong);
  EXPECT_EQ(try_in("gone", "correct horse"), SignInOutcome::wrong);
  EXPECT_EQ(try_in("federated", ""), SignInOutcome::wrong);
  EXPECT_EQ(try_in("", ""), SignInOutcome::wrong);
}

TEST_F(LocalUsersTest, NamesAreComparedExactly) {
  EXPECT_EQ(try_in("Ada", "correct horse"), SignInOutcome::wrong);
  EXPECT_EQ(try_in(" ada", "correct horse"), SignInOutcome::wrong);
  EXPECT_EQ(try_in("local:ada", "correct horse"), SignInOutcome::wrong);
}

TEST_F(LocalUsersTest, OversizedNamesAndPasswordsAreWrong) {
  EXPECT_EQ(try_in(std::string(LocalUsers::kLongestName + 1, 'a'), "x"), SignInOutcome::wrong);
  EXPECT_EQ(try_in("ada", std::string(LocalUsers::kLongestPassword + 1, 'a')), SignInOutcome::wrong);
}

TEST_F(LocalUsersTest, FiveFailuresRefuseEvenTheRightPasswordFromThatAddress) {
  fail_times(5, "ada");
  const auto refused = users_.sign_in("ada", Secret("correct horse"), "192.0.2.1");
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->outcome, SignInOutcome::limited);
  EXPECT_EQ(refused->retry_after, 15min);
  EXPECT_EQ(try_in("ada", "correct horse", "198.51.100.7"), SignInOutcome::ok);
  clock_.advance(15min + 1s);
  EXPECT_EQ(try_in("ada", "correct horse"), SignInOutcome::ok);
}

TEST_F(LocalUsersTest, UnknownNamesAreLimitedLikeKnownOnes) {
  fail_times(5, "nobody");
  EXPECT_EQ(try_in("nobody", "nope"), SignInOutcome::limited);
}

TEST_F(LocalUsersTest, SuccessForgetsTheFailuresOfThatAccountAndAddress) {
  fail_times(4, "ada");
  EXPECT_EQ(try_in("ada", "correct horse"), SignInOutcome::ok);
  fail_times(5, "ada");
  EXPECT_EQ(try_in("ada", "correct horse"), SignInOutcome::limited);
}

TEST_F(LocalUsersTest, SigningInOftenIsNoGuessing) {
  for (int i = 0; i < 60; ++i) EXPECT_EQ(try_in("ada", "correct horse"), SignInOutcome::ok) << i;
}

TEST_F(LocalUsersTest, FiftyFailuresOfAnAddressRefuseEveryAccountThere) {
  for (int i = 0; i < 10; ++i) fail_times(5, "name" + std::to_string(i));
  EXPECT_EQ(try_in("ada", "correct horse"), SignInOutcome::limited);
  EXPECT_EQ(try_in("ada", "correct horse", "198.51.100.7"), SignInOutcome::ok);
}

TEST_F(LocalUsersTest, AddressesOfOneIpv6NetworkCountTogether) {
  for (int i = 0; i < 5; ++i) fail_times(1, "ada", "2001:db8:1:2::" + std::to_string(i + 1));
  EXPECT_EQ(try_in("ada", "correct horse", "2001:db8:1:2:ffff::9"), SignInOutcome::limited);
  EXPECT_EQ(try_in("ada", "correct horse", "2001:db8:1:3::1"), SignInOutcome::ok);
}

TEST_F(LocalUsersTest, StrangersElsewhereSlowAnAccountButDoNotLockIt) {
  for (int i = 0; i < 25; ++i) fail_times(4, "ada", "203.0.113." + std::to_string(i));
  const auto paused = users_.sign_in("ada", Secret("correct horse"), "192.0.2.1");
  ASSERT_TRUE(paused);
  EXPECT_EQ(paused->outcome, SignInOutcome::limited);
  EXPECT_EQ(paused->retry_after, 10s);
  clock_.advance(11s);
  EXPECT_EQ(try_in("ada", "correct horse"), SignInOutcome::ok);
}

TEST_F(LocalUsersTest, TriesAtTheSameTimeDoNotPassTheLimit) {
  std::atomic<int> judged = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&] {
      const auto result = users_.sign_in("ada", Secret("nope"), "192.0.2.1");
      if (result && result->outcome == SignInOutcome::wrong) ++judged;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_LE(judged, 5);
  EXPECT_GE(judged, 1);
}

}  // namespace
}  // namespace postern::idp

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
  // As the caller of the page does: with the password hashed when it is wanted, and asked again.
  Result<SignIn> sign_in(std::string_view name, const std::string& password, std::string_view address,
                         const std::vector<Device>& devices = {}) {
    PasswordCheck check(kCheap);
    const SignInTry attempt{name, Secret(password), address, devices};
    auto result = users_.sign_in(attempt, check);
    if (!result || result->outcome != SignInOutcome::pending) return result;
    ++hashed_;
    check.bring(PasswordCheck::matches(*check.wanted(), check.cost()));
    return users_.sign_in(attempt, check);
  }
  SignInOutcome try_in(std::string_view name, const std::string& password, std::string_view address = "192.0.2.1",
                       const std::vector<Device>& devices = {}) {
    const auto result = sign_in(name, password, address, devices);
    EXPECT_TRUE(result);
    return result ? result->outcome : SignInOutcome::wrong;
  }
  // What the browser of somebody who just signed in shows from then on.
  std::vector<Device> known_browser(const std::string& name = "ada") {
    const auto user = store_->users().find("local:" + name);
    EXPECT_TRUE(user && *user);
    return {new_device(**user, clock_.now())};
  }
  // Guesses at one account from networks that were never seen before, until it is paused.
  void guess_from_everywhere(std::string_view name = "ada") {
    for (int i = 0; i < 25; ++i) fail_times(4, name, "203.0.113." + std::to_string(i));
    EXPECT_EQ(try_in(name, "nope", "203.0.113.200"), SignInOutcome::paused);
  }
  void fail_times(int times, std::string_view name, std::string_view address = "192.0.2.1") {
    for (int i = 0; i < times; ++i) EXPECT_EQ(try_in(name, "nope", address), SignInOutcome::wrong) << i;
  }

  tests::TestStore store_;
  ManualClock clock_;
  LocalUsers users_{store_->users(), clock_};
  std::atomic<int> hashed_ = 0;
};

TEST_F(LocalUsersTest, TheRightPasswordYieldsTheUser) {
  const auto result = sign_in("ada", "correct horse", "192.0.2.1");
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
  EXPECT_EQ(try_in("ada", std::string(1025, 'a')), SignInOutcome::wrong);
}

TEST_F(LocalUsersTest, FiveFailuresRefuseEvenTheRightPasswordFromThatAddress) {
  fail_times(5, "ada");
  const auto refused = sign_in("ada", "correct horse", "192.0.2.1");
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

TEST_F(LocalUsersTest, StrangersElsewhereSlowAnAccountForStrangers) {
  guess_from_everywhere();
  const auto paused = sign_in("ada", "correct horse", "192.0.2.1");
  ASSERT_TRUE(paused);
  EXPECT_EQ(paused->outcome, SignInOutcome::paused);
  EXPECT_EQ(paused->retry_after, 10s);
  clock_.advance(11s);
  EXPECT_EQ(try_in("ada", "correct horse"), SignInOutcome::ok);
}

TEST_F(LocalUsersTest, NamesThatNobodyHasArePausedAlike) { guess_from_everywhere("nobody"); }

TEST_F(LocalUsersTest, InAPauseOneStrangerIsJudgedHoweverManyTryAtOnce) {
  guess_from_everywhere();
  clock_.advance(11s);
  // All of them have passed what is looked at before the hash.
  std::vector<std::string> addresses;
  for (int i = 1; i < 9; ++i) addresses.push_back("198.51.100." + std::to_string(i));
  std::vector<PasswordCheck> checks(addresses.size(), PasswordCheck(kCheap));
  const auto try_again = [&](std::size_t i) {
    return users_.sign_in({"ada", Secret("nope"), addresses[i], {}}, checks[i])->outcome;
  };
  for (std::size_t i = 0; i < checks.size(); ++i) EXPECT_EQ(try_again(i), SignInOutcome::pending);
  for (auto& check : checks) check.bring(false);
  EXPECT_EQ(try_again(0), SignInOutcome::wrong);
  for (std::size_t i = 1; i < checks.size(); ++i) EXPECT_EQ(try_again(i), SignInOutcome::paused);
}

TEST_F(LocalUsersTest, Attack3AKnownBrowserSignsInWhileStrangersGuess) {
  const auto devices = known_browser();
  guess_from_everywhere();
  EXPECT_EQ(try_in("ada", "correct horse", "192.0.2.1"), SignInOutcome::paused) << "without its cookie";
  EXPECT_EQ(try_in("ada", "correct horse", "192.0.2.1", devices), SignInOutcome::ok);
  EXPECT_EQ(try_in("ada", "nope", "203.0.113.201"), SignInOutcome::paused) << "strangers still are";
}

TEST_F(LocalUsersTest, Attack3AKnownNetworkSignsInWhileStrangersGuess) {
  EXPECT_EQ(try_in("ada", "correct horse", "2001:db8:1:2::1"), SignInOutcome::ok);
  guess_from_everywhere();
  EXPECT_EQ(try_in("ada", "correct horse", "2001:db8:1:3::1"), SignInOutcome::paused) << "from another network";
  EXPECT_EQ(try_in("ada", "correct horse", "2001:db8:1:2::2"), SignInOutcome::ok);
}

TEST_F(LocalUsersTest, ANetworkIsKnownForOneAccountOnly) {
  add("bob", "correct horse");
  EXPECT_EQ(try_in("bob", "correct horse", "192.0.2.1"), SignInOutcome::ok);
  guess_from_everywhere();
  EXPECT_EQ(try_in("ada", "correct horse", "192.0.2.1"), SignInOutcome::paused);
}

TEST_F(LocalUsersTest, ANetworkIsForgottenAfterAMonthAndWithANewPassword) {
  EXPECT_EQ(try_in("ada", "correct horse"), SignInOutcome::ok);
  clock_.advance(store::kNetworkKnown);
  guess_from_everywhere();
  EXPECT_EQ(try_in("ada", "correct horse"), SignInOutcome::paused);
  clock_.advance(11s);
  EXPECT_EQ(try_in("ada", "correct horse"), SignInOutcome::ok);
  const std::string hash = crypto::hash_password(Secret("new"), kCheap);
  ASSERT_TRUE(store_->users().set_password("local:ada", hash));
  EXPECT_EQ(try_in("ada", "new"), SignInOutcome::paused);
}

TEST_F(LocalUsersTest, AKnownBrowserHasItsOwnLimitInEveryNetwork) {
  const auto devices = known_browser();
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(try_in("ada", "nope", "198.51.100." + std::to_string(i), devices), SignInOutcome::wrong);
  }
  guess_from_everywhere();
  EXPECT_EQ(try_in("ada", "correct horse", "198.51.100.9", devices), SignInOutcome::paused)
      << "a copied cookie makes a stranger once its tries are used up";
  clock_.advance(15min + 1s);
  EXPECT_EQ(try_in("ada", "correct horse", "198.51.100.9", devices), SignInOutcome::ok);
}

TEST_F(LocalUsersTest, FailuresOfAKnownBrowserCountForNobodyElse) {
  for (int i = 0; i < 30; ++i) {
    const auto devices = known_browser();
    for (int j = 0; j < 5; ++j) EXPECT_EQ(try_in("ada", "nope", "192.0.2.1", devices), SignInOutcome::wrong);
  }
  EXPECT_EQ(try_in("ada", "correct horse", "192.0.2.1"), SignInOutcome::ok);
}

TEST_F(LocalUsersTest, AKnownBrowserIsNotRefusedForWhatOthersDoInItsNetwork) {
  const auto devices = known_browser();
  for (int i = 0; i < 10; ++i) fail_times(5, i == 0 ? "ada" : "name" + std::to_string(i));
  EXPECT_EQ(try_in("ada", "correct horse"), SignInOutcome::limited);
  EXPECT_EQ(try_in("ada", "correct horse", "192.0.2.1", devices), SignInOutcome::ok);
}

TEST_F(LocalUsersTest, ADeviceIsOfOneAccountAndItsPasswordUntilItsEnd) {
  add("bob", "correct horse");
  const auto devices = known_browser("bob");
  guess_from_everywhere();
  EXPECT_EQ(try_in("ada", "correct horse", "192.0.2.1", devices), SignInOutcome::paused) << "of another account";
  const auto before = known_browser();
  ASSERT_TRUE(store_->users().set_password("local:ada", crypto::hash_password(Secret("new"), kCheap)));
  EXPECT_EQ(try_in("ada", "new", "192.0.2.1", before), SignInOutcome::paused) << "of the old password";
  const auto after = known_browser();
  auto forged = after;
  forged[0].id += "x";
  EXPECT_EQ(try_in("ada", "new", "192.0.2.1", forged), SignInOutcome::paused) << "with another id";
  EXPECT_EQ(try_in("ada", "new", "192.0.2.1", after), SignInOutcome::ok);
  clock_.advance(kDeviceLifetime);
  EXPECT_EQ(find_device(after, **store_->users().find("local:ada"), clock_.now()), nullptr);
}

TEST_F(LocalUsersTest, EveryTryThatIsJudgedCostsOneHashAndARefusedOneNone) {
  for (const char* name : {"ada", "nobody", "gone", "federated", ""}) {
    hashed_ = 0;
    fail_times(5, name);
    EXPECT_EQ(hashed_, 5) << name;
    EXPECT_EQ(try_in(name, "nope"), SignInOutcome::limited);
    EXPECT_EQ(hashed_, 5) << name;
  }
}

TEST_F(LocalUsersTest, ATryThatFoundNoPlaceCountsAsNone) {
  for (int i = 0; i < 10; ++i) {
    PasswordCheck check(kCheap);
    const SignInTry attempt{"ada", Secret("correct horse"), "192.0.2.1", {}};
    EXPECT_EQ(users_.sign_in(attempt, check)->outcome, SignInOutcome::pending);
    check.bring(std::nullopt);
    const auto busy = users_.sign_in(attempt, check);
    EXPECT_EQ(busy->outcome, SignInOutcome::busy);
    EXPECT_GT(busy->retry_after, Duration::zero());
  }
  fail_times(5, "ada");
}

TEST_F(LocalUsersTest, APasswordThatIsReplacedWhileItIsCheckedIsWrong) {
  PasswordCheck check(kCheap);
  const SignInTry attempt{"ada", Secret("correct horse"), "192.0.2.1", {}};
  EXPECT_EQ(users_.sign_in(attempt, check)->outcome, SignInOutcome::pending);
  ASSERT_TRUE(store_->users().set_password("local:ada", crypto::hash_password(Secret("new"), kCheap)));
  check.bring(PasswordCheck::matches(*check.wanted(), check.cost()));
  EXPECT_EQ(users_.sign_in(attempt, check)->outcome, SignInOutcome::wrong);
}

TEST_F(LocalUsersTest, OnlyWhoIsKnownWaitsApartFromStrangers) {
  const auto familiar = [&](std::string_view address, const std::vector<Device>& devices) {
    PasswordCheck check(kCheap);
    EXPECT_EQ(users_.sign_in({"ada", Secret("nope"), address, devices}, check)->outcome, SignInOutcome::pending);
    return check.wanted()->familiar;
  };
  const auto devices = known_browser();
  EXPECT_EQ(familiar("192.0.2.1", {}), "");
  EXPECT_EQ(familiar("192.0.2.1", known_browser("gone")), "");
  EXPECT_EQ(try_in("ada", "correct horse", "192.0.2.7"), SignInOutcome::ok);
  const auto of_network = familiar("192.0.2.7", {});
  const auto of_browser = familiar("192.0.2.7", devices);
  EXPECT_NE(of_network, "");
  EXPECT_NE(of_browser, "");
  EXPECT_NE(of_browser, of_network);
  EXPECT_EQ(of_browser, familiar("198.51.100.1", devices));
}

TEST_F(LocalUsersTest, TriesAtTheSameTimeDoNotPassTheLimit) {
  std::atomic<int> judged = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&] {
      const auto result = sign_in("ada", "nope", "192.0.2.1");
      if (result && result->outcome == SignInOutcome::wrong) ++judged;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_LE(judged, 5);
  EXPECT_GE(judged, 1);
}

}  // namespace
}  // namespace postern::idp

#include "app/process/change_feed.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <optional>
#include <semaphore>
#include <span>
#include <utility>

#include "base/encoding.hpp"
#include "unit/store/contract.hpp"

namespace postern::app {
namespace {

using namespace std::chrono_literals;
using store::Change;
using store::ChangeKind;
using store::Contract;
using store::ok;

// Long enough for any machine; a test that passes does not wait for it.
constexpr auto kPatience = 60s;

class CountingLog final : public telemetry::Log {
 public:
  bool enabled(telemetry::Level) const noexcept override { return true; }
  void write(telemetry::Level, std::string_view, std::span<const telemetry::Field>) override { ++lines_; }
  void audit(std::string_view, std::span<const telemetry::Field>) override {}
  int lines() const { return lines_; }

 private:
  std::atomic<int> lines_ = 0;
};

class ChangeFeedTest : public Contract {
 protected:
  // As a process that follows the store, which must outlive it: the first change and the first loss are kept.
  std::unique_ptr<ChangeFeed> follow(store::Store& store) {
    return std::make_unique<ChangeFeed>(
        store, log_, [this](const std::vector<Change>& changes) { hear(heard_, changes.front()); },
        [this](ChangeFeed::Lost lost) {
          hear(lost_, lost);
          losses_.release();
        });
  }
  // On the feed's thread alone.
  template <class T>
  static void hear(std::optional<std::promise<T>>& promise, const T& value) {
    if (promise) promise->set_value(value);
    promise.reset();
  }

  CountingLog log_;
  std::counting_semaphore<> losses_{0};
  std::optional<std::promise<Change>> heard_{std::in_place};
  std::optional<std::promise<ChangeFeed::Lost>> lost_{std::in_place};
  std::future<Change> change_ = heard_->get_future();
  std::future<ChangeFeed::Lost> loss_ = lost_->get_future();
};
INSTANTIATE_TEST_SUITE_P(Store, ChangeFeedTest, testing::ValuesIn(store::backends()),
                         [](const auto& tested) { return tested.param.name; });

TEST_P(ChangeFeedTest, Attack6TellsWhichTokenAnotherProcessRevoked) {
  const auto other = open();
  ASSERT_TRUE(ok(other->grants().add_minted(store::sample_grant(), store::sample_access())));
  const auto feed = follow(*store_);
  ASSERT_TRUE(ok(other->grants().revoke_access(store::hash_of("access-1"))));
  ASSERT_EQ(change_.wait_for(kPatience), std::future_status::ready);
  const auto change = change_.get();
  EXPECT_EQ(change.kind, ChangeKind::access_revoked);
  EXPECT_EQ(change.subject, hex_encode(store::hash_of("access-1")));
}

// The store of another process, as far as a follower asks it for nothing but changes.
class FollowedStore : public store::Store {
 public:
  explicit FollowedStore(store::Store& inner) : inner_(inner) {}
  store::UserStore& users() override { return inner_.users(); }
  store::TenantStore& tenants() override { return inner_.tenants(); }
  store::ClientStore& clients() override { return inner_.clients(); }
  store::GrantStore& grants() override { return inner_.grants(); }
  store::KeyStore& keys() override { return inner_.keys(); }
  store::UsageStore& usage() override { return inner_.usage(); }
  void on_change(std::function<void(const std::vector<Change>&)> listener) override {
    inner_.on_change(std::move(listener));
  }
  std::unique_ptr<store::Facets> reading(store::ReadingPass& pass) override { return inner_.reading(pass); }
  std::string fault() const override { return inner_.fault(); }
  void on_fault(std::function<void(const std::string&)> listener) override { inner_.on_fault(std::move(listener)); }
  Result<void> purge(Time now) override { return inner_.purge(now); }
  Result<void> keep_time(const KeptTime& time) override { return inner_.keep_time(time); }
  Result<std::optional<KeptTime>> kept_time() override { return inner_.kept_time(); }
  Result<void> ping() override { return inner_.ping(); }
  Result<std::vector<Change>> changes_since(std::int64_t sequence) override { return inner_.changes_since(sequence); }
  Result<std::int64_t> newest_change() override { return inner_.newest_change(); }

 private:
  store::Store& inner_;
};

// Once a follower's changes were purged before it saw them.
class PurgedStore final : public FollowedStore {
 public:
  using FollowedStore::FollowedStore;

  // The changes up to 5 are gone, and 6 is there.
  Result<std::vector<Change>> changes_since(std::int64_t sequence) override {
    if (sequence < 5) return fail(Errc::expired, "changes were purged before they were seen");
    if (sequence > 5) return std::vector<Change>();
    return std::vector<Change>{{6, ChangeKind::tenant, "acme"}};
  }
  Result<std::int64_t> newest_change() override { return asked_++ == 0 ? 1 : 5; }

 private:
  int asked_ = 0;
};

class UnreadableStore final : public FollowedStore {
 public:
  using FollowedStore::FollowedStore;

  Result<std::vector<Change>> changes_since(std::int64_t sequence) override {
    if (!readable_) return fail(Errc::unavailable, "the disk is gone");
    return FollowedStore::changes_since(sequence);
  }
  void come_back() { readable_ = true; }

 private:
  std::atomic<bool> readable_ = false;
};

TEST_P(ChangeFeedTest, WhoseChangesWerePurgedUnseenIsToldAndGoesOnWithWhatFollows) {
  PurgedStore purged(*store_);
  const auto feed = follow(purged);
  ASSERT_EQ(loss_.wait_for(kPatience), std::future_status::ready);
  EXPECT_EQ(loss_.get(), ChangeFeed::Lost::unseen);
  ASSERT_EQ(change_.wait_for(kPatience), std::future_status::ready);
  EXPECT_EQ(change_.get().subject, "acme");
}

// What is cached between two looks may be stale at the second one as well, so each of them has to say so.
TEST_P(ChangeFeedTest, WhileNothingCanBeReadEachLookTellsAndThenWhatWasMissedIsHeard) {
  const auto other = open();
  ASSERT_TRUE(ok(other->grants().add_minted(store::sample_grant(), store::sample_access())));
  UnreadableStore away(*store_);
  const auto feed = follow(away);
  ASSERT_TRUE(ok(other->grants().revoke_access(store::hash_of("access-1"))));
  for (int looks = 0; looks < 3; ++looks) ASSERT_TRUE(losses_.try_acquire_for(kPatience));
  EXPECT_EQ(loss_.get(), ChangeFeed::Lost::unreadable);
  EXPECT_EQ(log_.lines(), 1) << "the operator is told once";
  EXPECT_EQ(change_.wait_for(0s), std::future_status::timeout);
  away.come_back();
  ASSERT_EQ(change_.wait_for(kPatience), std::future_status::ready);
  EXPECT_EQ(change_.get().subject, hex_encode(store::hash_of("access-1")));
  EXPECT_EQ(log_.lines(), 1) << "nothing was lost";
}

}  // namespace
}  // namespace postern::app

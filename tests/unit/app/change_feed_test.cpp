#include "app/change_feed.hpp"

#include <gtest/gtest.h>

#include <future>
#include <optional>
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

class ChangeFeedTest : public Contract {
 protected:
  // As a process that follows the store: the first change and the first loss are kept.
  void follow(store::Store& store) {
    feed_.emplace(
        store, *log_, [this](const std::vector<Change>& changes) { hear(heard_, changes.front()); },
        [this](ChangeFeed::Lost lost) { hear(lost_, lost); });
  }
  // On the feed's thread alone.
  template <class T>
  static void hear(std::optional<std::promise<T>>& promise, const T& value) {
    if (promise) promise->set_value(value);
    promise.reset();
  }
  void TearDown() override { feed_.reset(); }

  std::unique_ptr<telemetry::Log> log_ = telemetry::make_null_log();
  std::optional<std::promise<Change>> heard_{std::in_place};
  std::optional<std::promise<ChangeFeed::Lost>> lost_{std::in_place};
  std::future<Change> change_ = heard_->get_future();
  std::future<ChangeFeed::Lost> loss_ = lost_->get_future();
  std::optional<ChangeFeed> feed_;
};
INSTANTIATE_TEST_SUITE_P(Store, ChangeFeedTest, testing::ValuesIn(store::backends()),
                         [](const auto& tested) { return tested.param.name; });

TEST_P(ChangeFeedTest, Attack6TellsWhichTokenAnotherProcessRevoked) {
  const auto other = open();
  ASSERT_TRUE(ok(other->grants().add_minted(store::sample_grant(), store::sample_access())));
  follow(*store_);
  ASSERT_TRUE(ok(other->grants().revoke_access(store::hash_of("access-1"))));
  ASSERT_EQ(change_.wait_for(kPatience), std::future_status::ready);
  const auto change = change_.get();
  EXPECT_EQ(change.kind, ChangeKind::access_revoked);
  EXPECT_EQ(change.subject, hex_encode(store::hash_of("access-1")));
}

// Once a follower's changes were purged before it saw them.
class PurgedStore final : public store::Store {
 public:
  explicit PurgedStore(store::Store& inner) : inner_(inner) {}
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

  // The changes up to 5 are gone, and 6 is there.
  Result<std::vector<Change>> changes_since(std::int64_t sequence) override {
    if (sequence < 5) return fail(Errc::expired, "changes were purged before they were seen");
    if (sequence > 5) return std::vector<Change>();
    return std::vector<Change>{{6, ChangeKind::tenant, "acme"}};
  }
  Result<std::int64_t> newest_change() override { return asked_++ == 0 ? 1 : 5; }

 private:
  store::Store& inner_;
  int asked_ = 0;
};

TEST_P(ChangeFeedTest, WhoseChangesWerePurgedUnseenIsToldAndGoesOnWithWhatFollows) {
  PurgedStore purged(*store_);
  follow(purged);
  ASSERT_EQ(loss_.wait_for(kPatience), std::future_status::ready);
  EXPECT_EQ(loss_.get(), ChangeFeed::Lost::unseen);
  ASSERT_EQ(change_.wait_for(kPatience), std::future_status::ready);
  EXPECT_EQ(change_.get().subject, "acme");
}

}  // namespace
}  // namespace postern::app

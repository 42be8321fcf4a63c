#include "net/descriptors.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

namespace postern::net {
namespace {

// Puts the limit of this process back when it goes.
class LimitKept {
 public:
  LimitKept() { ::getrlimit(RLIMIT_NOFILE, &limit_); }
  ~LimitKept() { ::setrlimit(RLIMIT_NOFILE, &limit_); }
  LimitKept(const LimitKept&) = delete;
  LimitKept& operator=(const LimitKept&) = delete;

  void lower_to(rlim_t soft) const {
    const rlimit lowered{soft, limit_.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &lowered), 0);
  }

 private:
  rlimit limit_{};
};

TEST(Descriptors, Attack10TheSoftLimitIsRaisedToWhatIsWanted) {
  const LimitKept kept;
  kept.lower_to(100);
  EXPECT_EQ(descriptor_limit().soft, 100U);
  EXPECT_EQ(raise_descriptor_limit(200).soft, 200U);
  EXPECT_EQ(descriptor_limit().soft, 200U);
}

TEST(Descriptors, Attack10TheHardLimitIsTheMost) {
  const LimitKept kept;
  kept.lower_to(100);
  const auto raised = raise_descriptor_limit(static_cast<std::size_t>(-1));
  EXPECT_EQ(raised.soft, raised.hard);
}

TEST(Descriptors, Attack10TheLimitIsNeverLowered) {
  const LimitKept kept;
  kept.lower_to(200);
  EXPECT_EQ(raise_descriptor_limit(100).soft, 200U);
}

}  // namespace
}  // namespace postern::net

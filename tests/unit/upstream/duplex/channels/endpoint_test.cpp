#include "upstream/duplex/channels/endpoint.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::upstream {
namespace {

using ::testing::HasSubstr;

constexpr auto* kStream = "http://127.0.0.1:3001/v1/sse?key=1";

struct Case {
  const char* reference;
  const char* target;
};

class Resolved : public ::testing::TestWithParam<Case> {};

TEST_P(Resolved, AgainstTheStreamsOwnAddress) {
  const auto target = resolve_endpoint(kStream, GetParam().reference);
  ASSERT_TRUE(target) << target.error().what;
  EXPECT_EQ(*target, GetParam().target);
}

INSTANTIATE_TEST_SUITE_P(Endpoint, Resolved,
                         ::testing::Values(Case{"/message?sessionId=a-1", "/message?sessionId=a-1"},
                                           Case{"message?s=1", "/v1/message?s=1"}, Case{"?s=1", "/v1/sse?s=1"},
                                           Case{"http://127.0.0.1:3001/m?s=1", "/m?s=1"},
                                           Case{"HTTP://127.0.0.1:3001/m", "/m"}, Case{"http://127.0.0.1:3001", "/"},
                                           Case{"//127.0.0.1:3001/m", "/m"}, Case{"/m?s=1#part", "/m?s=1"}));

class Refused : public ::testing::TestWithParam<const char*> {};

TEST_P(Refused, WhenItLeadsElsewhereOrNowhere) {
  const auto target = resolve_endpoint(kStream, GetParam());
  ASSERT_FALSE(target) << *target;
  EXPECT_EQ(target.error().code, Errc::protocol);
  EXPECT_THAT(target.error().what, HasSubstr("its endpoint event"));
}

INSTANTIATE_TEST_SUITE_P(Endpoint, Refused,
                         ::testing::Values("", "#part", "http://127.0.0.1:3002/m", "http://127.0.0.2:3001/m",
                                           "https://127.0.0.1:3001/m", "//evil.test/m", "http://evil.test/m",
                                           "http://127.0.0.1:3001@evil.test/m", "http://u:p@127.0.0.1:3001/m",
                                           "javascript:alert(1)", "/m\r\nHost: evil.test", "/a/../admin", "/a b",
                                           "\\\\evil.test\\m"));

}  // namespace
}  // namespace postern::upstream

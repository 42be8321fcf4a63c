#include "upstream/turned_away.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::upstream {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(TurnedAway, Compat10ByRedirectsCredentialsAndHosts) {
  for (const int status : {300, 301, 302, 303, 304, 307, 308, 401, 403, 407, 421}) {
    EXPECT_TRUE(turns_gateway_away(status)) << status;
  }
  for (const int status : {200, 202, 299, 400, 404, 405, 406, 429, 500, 502}) {
    EXPECT_FALSE(turns_gateway_away(status)) << status;
  }
}

TEST(ShownLocation, IsOriginAndPathWithoutWhatMayBeSecret) {
  EXPECT_EQ(shown_location("http://127.0.0.1:3001/mcp/"), "http://127.0.0.1:3001/mcp/");
  EXPECT_EQ(shown_location("https://login.example.test/sign-in?token=secret#secret"),
            "https://login.example.test/sign-in");
  EXPECT_EQ(shown_location("https://user:secret@a.example.test/x"), "https://a.example.test/x");
  EXPECT_EQ(shown_location("/mcp/?token=secret"), "/mcp/");
  EXPECT_EQ(shown_location("/mcp#secret"), "/mcp");
}

TEST(ShownLocation, IsEmptyForWhatCannotBeRead) {
  for (const char* location : {"", "mcp/", "//a.example.test/x", "/a b", "/\x1B[2J", "/caf\xC3\xA9", "http://", "\x01",
                               "javascript:alert(1)"}) {
    EXPECT_EQ(shown_location(location), "") << location;
  }
  EXPECT_EQ(shown_location("/" + std::string(5000, 'a')).size(), 200U);
}

TEST(Advice, Compat10NamesTheKeyThatHelps) {
  EXPECT_THAT(advice_on(307, "http://127.0.0.1:3001/mcp/", "tools"), HasSubstr("`upstreams.tools.urls`"));
  EXPECT_THAT(advice_on(307, "http://127.0.0.1:3001/mcp/", "tools"), HasSubstr("http://127.0.0.1:3001/mcp/"));
  EXPECT_THAT(advice_on(302, "", "*"), HasSubstr("`upstreams.*.urls`"));
  EXPECT_THAT(advice_on(401, "", "tools"), HasSubstr("`upstreams.tools.credential.bearer`"));
  EXPECT_THAT(advice_on(401, "", "tools"), HasSubstr("`upstreams.tools.headers`"));
  EXPECT_THAT(advice_on(403, "", "tools"), HasSubstr("`upstreams.tools.credential.bearer`"));
  EXPECT_THAT(advice_on(421, "", "tools"), HasSubstr("Host header"));
  EXPECT_THAT(advice_on(421, "", "tools"), HasSubstr("`upstreams.tools.urls`"));
  EXPECT_THAT(advice_on(404, "", "tools"), HasSubstr("path in `upstreams.tools.urls`"));
  EXPECT_THAT(advice_on(400, "", "tools"), Not(HasSubstr("credential")));
}

}  // namespace
}  // namespace postern::upstream

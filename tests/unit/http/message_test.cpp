#include "http/message.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace postern::http {
namespace {

TEST(Headers, RefusesWhatWouldSplitTheMessage) {
  Headers headers;
  ASSERT_TRUE(headers.set("X-A", "1"));
  for (const std::string value :
       {"v\r\nInjected: 1", "v\n", "\rv", "a\x01", "a\x7F", "caf\xC3\xA9", " v", "v ", "\tv"}) {
    EXPECT_FALSE(headers.set("X-A", value)) << value;
    EXPECT_FALSE(headers.add("X-A", value)) << value;
  }
  EXPECT_FALSE(headers.set("X-A", std::string_view("a\0b", 3)));
  for (const std::string name : {"", "X A", "X:", "X\r\nY", "X\xC3", "X("}) {
    EXPECT_FALSE(headers.set(name, "v")) << name;
    EXPECT_FALSE(headers.add(name, "v")) << name;
  }
  ASSERT_EQ(headers.all().size(), 1U);
  EXPECT_EQ(headers.get("X-A"), "1");
}

TEST(Headers, SetReplacesEveryFieldOfThatNameWithoutCase) {
  Headers headers;
  ASSERT_TRUE(headers.add("X-A", "1"));
  ASSERT_TRUE(headers.add("x-a", "2"));
  ASSERT_TRUE(headers.add("X-B", "3"));
  EXPECT_EQ(headers.get("X-a"), "1");
  ASSERT_TRUE(headers.set("X-A", "4"));
  ASSERT_EQ(headers.all().size(), 2U);
  EXPECT_EQ(headers.get("x-a"), "4");
  headers.erase("x-B");
  EXPECT_EQ(headers.get("X-B"), std::nullopt);
}

TEST(Headers, SetTakesViewsIntoTheFieldItReplaces) {
  Headers headers;
  ASSERT_TRUE(headers.add("X-Name-Long-Enough-To-Be-Allocated", "a value long enough to be allocated too"));
  ASSERT_TRUE(headers.set(headers.all()[0].first, headers.all()[0].second));
  EXPECT_EQ(headers.get("X-Name-Long-Enough-To-Be-Allocated"), "a value long enough to be allocated too");
}

TEST(FieldValue, IsPrintableAsciiWithBlanksInside) {
  EXPECT_TRUE(is_field_value(""));
  EXPECT_TRUE(is_field_value("a b\tc~"));
  EXPECT_FALSE(is_field_value(" "));
}

TEST(Request, FindsFieldsWithoutCase) {
  Request request;
  request.fields = {{"Accept", "a"}, {"ACCEPT", "b"}};
  EXPECT_EQ(request.header("accept"), "a");
  EXPECT_EQ(request.header_count("accept"), 2U);
  EXPECT_EQ(request.header("host"), std::nullopt);
  EXPECT_EQ(request.header_count("host"), 0U);
}

TEST(Responses, AreNeverStoredUnlessSaid) {
  const auto json = json_response(201, "{}");
  EXPECT_EQ(json.status, 201);
  EXPECT_EQ(json.body, "{}");
  EXPECT_EQ(json.headers.get("content-type"), "application/json");
  EXPECT_EQ(json.headers.get("cache-control"), "no-store");
  EXPECT_EQ(json_response(200, "{}", "max-age=60").headers.get("cache-control"), "max-age=60");
  EXPECT_EQ(text_response(404, "no").headers.get("content-type"), "text/plain; charset=utf-8");
}

TEST(Responses, ARedirectIsA303AndNeverGoesWhereAHeaderCannotSay) {
  const auto redirect = redirect_response("https://a.test/cb?code=1");
  EXPECT_EQ(redirect.status, 303);
  EXPECT_EQ(redirect.headers.get("location"), "https://a.test/cb?code=1");
  EXPECT_EQ(redirect.headers.get("cache-control"), "no-store");
  const auto refused = redirect_response("https://a.test/\r\nSet-Cookie: a=b");
  EXPECT_EQ(refused.status, 500);
  EXPECT_EQ(refused.headers.get("location"), std::nullopt);
}

TEST(ReasonPhrase, NamesEveryStatusWeSend) {
  for (const int status : {100, 200, 201, 202, 204, 303, 304, 400, 401, 403, 404, 405, 406, 408, 409,
                           410, 411, 413, 414, 415, 417, 421, 429, 431, 500, 501, 502, 503, 504, 505}) {
    EXPECT_NE(reason_phrase(status), "Status") << status;
  }
  EXPECT_EQ(reason_phrase(404), "Not Found");
  EXPECT_EQ(reason_phrase(599), "Status");
}

}  // namespace
}  // namespace postern::http

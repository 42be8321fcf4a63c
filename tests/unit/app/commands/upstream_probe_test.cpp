#include "app/commands/upstream_probe.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::app {
namespace {

using testing::AllOf;
using testing::HasSubstr;

const std::string kUrl = "http://127.0.0.1:3001/mcp";

TEST(UpstreamProbe, SaysWhyNothingAnswersAndWhatToDo) {
  using doctor::Trouble;
  for (const auto trouble : {Trouble::name, Trouble::connection, Trouble::tls, Trouble::timed_out, Trouble::http}) {
    EXPECT_THAT(advice_on_upstream(kUrl, {.trouble = trouble, .why = "127.0.0.1 port 3001: Connection refused"}),
                AllOf(HasSubstr("no MCP server answers at " + kUrl + " (127.0.0.1 port 3001: Connection refused)"),
                      HasSubstr("--upstream")));
  }
}

TEST(UpstreamProbe, TakesAnyStatusForAnAnswerButOneThatKnowsNoSuchPath) {
  for (const int status : {200, 202, 400, 401, 405, 406, 500})
    EXPECT_EQ(advice_on_upstream(kUrl, {.status = status}), "") << status;
  EXPECT_THAT(advice_on_upstream(kUrl, {.status = 404}), HasSubstr("answers with 404: there is nothing at this path"));
}

TEST(UpstreamProbe, ShowsNoQueryBecauseItMayHoldAKey) {
  for (const auto& answer : {doctor::Answer{.status = 404}, doctor::Answer{.trouble = doctor::Trouble::connection}})
    EXPECT_EQ(advice_on_upstream(kUrl + "?api_key=secret", answer).find("secret"), std::string::npos);
}

}  // namespace
}  // namespace postern::app

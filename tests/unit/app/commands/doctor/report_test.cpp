#include "app/commands/doctor/report.hpp"

#include <gtest/gtest.h>

#include <sstream>

#include "unit/app/commands/doctor/deployment.hpp"

namespace postern::app::doctor {
namespace {

Diagnosis one_of_each() {
  Diagnosis diagnosis;
  diagnosis.lines = {{"a", "Good", nullptr, ok("fine")},
                     {"b", "Bad", nullptr, failed("wrong", "this", "that", "do it")},
                     {"c", "Known", find_client("claude"), note("odd", "so", "or so")},
                     {"d", "Later", find_client("claude"), skipped("not yet")}};
  return diagnosis;
}

TEST(DoctorsReport, SaysWhatWasSeenWhatWasExpectedAndTheMend) {
  std::ostringstream out;
  print(out, one_of_each(), {});
  EXPECT_EQ(out.str(),
            "✓ Good: fine\n"
            "✗ Bad [wrong]\n"
            "    seen:      this\n"
            "    expected:  that\n"
            "    mend:      do it\n"
            "\nClaude\n"
            "· Known: so\n"
            "    mend:      or so\n"
            "– Later: not yet\n");
}

TEST(DoctorsReport, HasColoursWhereTheyAreAskedForAlone) {
  std::ostringstream plain;
  std::ostringstream coloured;
  print(plain, one_of_each(), {});
  print(coloured, one_of_each(), {.colours = true});
  EXPECT_EQ(plain.str().find('\x1b'), std::string::npos);
  EXPECT_NE(coloured.str().find("\x1b[31m✗"), std::string::npos);
}

TEST(DoctorsReport, IsDataWithJson) {
  const auto json = to_json(one_of_each(), "");
  ASSERT_EQ(json.size(), 4U);
  EXPECT_EQ(json[1], (nlohmann::json{{"step", "b"},
                                     {"title", "Bad"},
                                     {"state", "failed"},
                                     {"fault", "wrong"},
                                     {"seen", "this"},
                                     {"expected", "that"},
                                     {"mend", "do it"}}));
  EXPECT_EQ(json[2]["client"], "claude");
  EXPECT_FALSE(json[0].contains("client"));
}

TEST(DoctorsReport, PrintsNothingThatMovesACursorAndNoToken) {
  EXPECT_EQ(harmless("a\x1b[2Jb\r\nc\xe2\x80\xae"), "a?[2Jb??c???");
  EXPECT_EQ(harmless("say s3cret, s3cret", "s3cret"), "say [token], [token]");
  EXPECT_EQ(harmless(std::string(10'000, 'x')).size(), 603U);
  EXPECT_EQ(harmless(std::string(10'000, 'x'), {}, 10'000), std::string(10'000, 'x')) << "what is to be pasted";
}

TEST(DoctorsReport, ShowsNoControlBytesOfServers) {
  Deployment deployment;
  deployment.at["GET " + Deployment::metadata_url()] = redirect("https://evil.test/\x1b]0;owned\x07");
  std::ostringstream out;
  print(out, diagnosis_of(deployment), {});
  EXPECT_NE(out.str().find("evil.test"), std::string::npos);
  EXPECT_EQ(out.str().find_first_of("\x1b\x07"), std::string::npos);
}

}  // namespace
}  // namespace postern::app::doctor

#include "mcp/member_name.hpp"

#include <array>

#include <gtest/gtest.h>

namespace postern::mcp {
namespace {

TEST(CaseTwin, DiffersByAsciiCaseOnly) {
  EXPECT_TRUE(is_case_twin("Name", "name"));
  EXPECT_TRUE(is_case_twin("TASKID", "taskId"));
  EXPECT_TRUE(is_case_twin("taskid", "taskId"));
  EXPECT_FALSE(is_case_twin("name", "name"));
  EXPECT_FALSE(is_case_twin("names", "name"));
  EXPECT_FALSE(is_case_twin("nam", "name"));
  EXPECT_FALSE(is_case_twin("", "name"));
}

TEST(CaseTwin, KnowsTheCharactersUnicodeFoldsOntoLetters) {
  EXPECT_TRUE(is_case_twin("argument\u017F", "arguments"));
  EXPECT_TRUE(is_case_twin("tas\u212AId", "taskId"));
  EXPECT_TRUE(is_case_twin("ur\u0131", "uri"));
  EXPECT_TRUE(is_case_twin("UR\u0130", "uri"));
  EXPECT_FALSE(is_case_twin("ur\u00EF", "uri"));
  EXPECT_FALSE(is_case_twin("uri\xC5", "uri"));
}

TEST(CaseTwin, IsLookedForInObjectsOnly) {
  constexpr std::array<std::string_view, 2> names = {"name", "uri"};
  EXPECT_TRUE(has_case_twin({{"x", 1}, {"URI", 1}}, names));
  EXPECT_FALSE(has_case_twin({{"name", 1}, {"uri", 1}}, names));
  EXPECT_FALSE(has_case_twin(nlohmann::json::array({"URI", "NAME"}), names));
  EXPECT_FALSE(has_case_twin(nullptr, names));
}

}  // namespace
}  // namespace postern::mcp

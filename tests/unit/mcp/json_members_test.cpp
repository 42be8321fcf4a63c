#include "mcp/json_members.hpp"

#include <gtest/gtest.h>

namespace postern::mcp {
namespace {

TEST(JsonMembers, AMemberIsItsText) {
  EXPECT_EQ(find_member(R"({"a":1,"b": [1.10, {"c":2}] ,"c":3})", "b").text, R"([1.10, {"c":2}])");
  EXPECT_EQ(find_member(R"({"k\u0065y":1e999})", "key").text, "1e999");
  EXPECT_EQ(find_member(" { } ", "key").text, "");
  for (const auto* value : {"[]", "\"key\"", "5", "null", ""}) EXPECT_EQ(find_member(value, "key").text, "") << value;
}

TEST(JsonMembers, AMemberThatIsRepeatedOrHasATwinIsNotPlain) {
  EXPECT_TRUE(find_member(R"({"key":1,"Other":2})", "key").plain);
  EXPECT_TRUE(find_member("{}", "key").plain);
  for (const auto* object : {R"({"key":1,"key":1})", R"({"key":1,"Key":2})", R"({"KEY":1,"key":2})", R"({"kEy":1})",
                             "{\"\xE2\x84\xAA"
                             R"(ey":1})",
                             R"({"key":1,"k\u0065y":1})"}) {
    const auto found = find_member(object, "key");
    EXPECT_FALSE(found.plain) << object;
    EXPECT_EQ(found.text, "1") << object;
  }
  EXPECT_TRUE(find_member(R"({"k\ud83dey":1})", "key").plain) << "half a surrogate pair is in no name";
}

TEST(JsonMembers, APathIsPlainWhereAllOfItIs) {
  EXPECT_EQ(find_at(R"({"a":{"b":{"c":1.0}}})", {"a", "b", "c"}).text, "1.0");
  EXPECT_EQ(find_at(R"({"a":{"b":5}})", {"a", "b", "c"}).text, "");
  EXPECT_FALSE(find_at(R"({"a":{},"a":{"b":1}})", {"a", "b"}).plain) << "another parser finds one";
  EXPECT_FALSE(find_at(R"({"a":{"b":1},"A":{}})", {"a", "b"}).plain);
  EXPECT_FALSE(find_at(R"({"a":{"b":1,"B":1}})", {"a", "b"}).plain);
}

TEST(JsonMembers, AnEditChangesWhatIsNamedAndNothingElse) {
  const std::string text = R"({"z":1.10, "id" : 5 ,"a":[1, 2],"o":{"id":6 ,"x":1}})";
  EXPECT_EQ(edited(text, {{{"id"}, "\"new\""}}), R"({"z":1.10, "id" : "new" ,"a":[1, 2],"o":{"id":6 ,"x":1}})");
  EXPECT_EQ(edited(text, {{{"o", "id"}, "7"}, {{"id"}, "8"}}),
            R"({"z":1.10, "id" : 8 ,"a":[1, 2],"o":{"id":7 ,"x":1}})");
  EXPECT_EQ(edited(text, {{{"none"}, "7"}, {{"a", "id"}, "7"}}), text);
  EXPECT_EQ(edited(" \n{ } ", {{{"id"}, "7"}}), "{ }");
}

TEST(JsonMembers, AnEditTakesOutWhatIsNamed) {
  EXPECT_EQ(edited(R"({"a":1,"b":2,"c":3})", {{{"a"}, std::nullopt}}), R"({"b":2,"c":3})");
  EXPECT_EQ(edited(R"({"a":1,"b":2,"c":3})", {{{"c"}, std::nullopt}, {{"b"}, std::nullopt}}), R"({"a":1})");
  const std::string wide = R"({ "a" : 1 , "b" : 2 , "c" : 3 })";
  EXPECT_EQ(edited(wide, {{{"a"}, std::nullopt}}), R"({ "b" : 2 , "c" : 3 })");
  EXPECT_EQ(edited(wide, {{{"b"}, std::nullopt}}), R"({ "a" : 1 , "c" : 3 })");
  EXPECT_EQ(edited(wide, {{{"c"}, std::nullopt}}), R"({ "a" : 1 , "b" : 2 })");
  EXPECT_EQ(edited(R"({"a":{"b":{}}})", {{{"a", "b"}, std::nullopt}}), R"({"a":{}})");
}

TEST(JsonMembers, AnEditLeavesOneReading) {
  EXPECT_EQ(edited(R"({"a":1,"A":2,"\u0061":3})", {{{"a"}, "9"}}), R"({"a":9,"A":9,"\u0061":9})");
  EXPECT_EQ(edited(R"({"a":{"b":1},"A":{"B":2},"a":3})", {{{"a", "b"}, std::nullopt}}), R"({"a":{},"A":{},"a":3})");
}

}  // namespace
}  // namespace postern::mcp

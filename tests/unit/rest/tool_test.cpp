#include "rest/tool.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::rest {
namespace {

using testing::Eq;
using testing::Optional;

TEST(ToolPath, HoldsTheNameWithItsSlashesAndAllElseEncoded) {
  const std::vector<std::pair<std::string, std::string>> cases{{"search_products", "/tools/search_products"},
                                                               {"links.get", "/tools/links.get"},
                                                               {"a/b", "/tools/a/b"},
                                                               {"größe ✓", "/tools/gr%C3%B6%C3%9Fe%20%E2%9C%93"},
                                                               {"{id}", "/tools/%7Bid%7D"},
                                                               {"50%", "/tools/50%25"},
                                                               {"a;b", "/tools/a%3Bb"},
                                                               {"what?#", "/tools/what%3F%23"}};
  for (const auto& [name, path] : cases) {
    EXPECT_THAT(tool_path(name), Optional(path)) << name;
    EXPECT_THAT(tool_name(path), Optional(name)) << path;
  }
}

// What two programs could read differently is no address of a tool.
TEST(ToolPath, NamesThatNoPathHoldsForSureHaveNone) {
  for (const auto& name : std::vector<std::string>{"", "/", "a/", "/a", "a//b", ".", "..", "a/../b", "./a", "a\\b",
                                                   "a\nb", std::string("a\0b", 3), "..;x/b", "\xFF"}) {
    EXPECT_EQ(tool_path(name), std::nullopt) << name;
  }
}

TEST(ToolPath, TheSameNameIsMeantHoweverItIsEncoded) {
  EXPECT_THAT(tool_name("/tools/%65cho"), Optional(Eq("echo")));
  for (const std::string path : {"/tools/", "/tools", "/tools/echo/", "/tools/a%2Fb", "/tools/%2e%2e", "/tools/a%00",
                                 "/tools/%C3", "/tools/%zz", "/tool/echo", "/tools//echo"}) {
    EXPECT_EQ(tool_name(path), std::nullopt) << path;
  }
}

TEST(ToolPath, NothingIsMadeEqualByCase) {
  EXPECT_THAT(tool_name("/tools/Echo"), Optional(Eq("Echo")));
  EXPECT_EQ(tool_name("/Tools/echo"), std::nullopt);
}

TEST(ReadTools, TakesWhatAListHolds) {
  const auto page = read_tools(R"({"id":1,"result":{"tools":[
    {"name":"a","title":"A","description":"does a","inputSchema":{"type":"object"},"outputSchema":{"type":"object"},
     "annotations":{"readOnlyHint":true}},
    {"name":"b","annotations":{"title":"B"},"inputSchema":7,"description":null}],"nextCursor":"x"}})");
  ASSERT_TRUE(page);
  ASSERT_EQ(page->tools.size(), 2U);
  const auto& a = page->tools[0];
  EXPECT_EQ(a.title + a.description, "Adoes a");
  EXPECT_TRUE(a.read_only && a.input.is_object() && a.output.is_object());
  const auto& b = page->tools[1];
  EXPECT_EQ(b.title, "B");
  EXPECT_TRUE(!b.read_only && b.input.is_null() && b.output.is_null() && b.description.empty());
  EXPECT_THAT(page->next, Optional(Eq("x")));
}

TEST(ReadTools, WhatIsNoListIsAFault) {
  for (const auto* text :
       {"{}", "[]", "null", R"({"result":{}})", R"({"result":{"tools":{}}})", R"({"result":{"Tools":[]}})",
        R"({"result":{"tools":[],"tools":[]}})", R"({"result":{"tools":[NaN]}})"}) {
    const auto page = read_tools(text);
    ASSERT_FALSE(page) << text;
    EXPECT_EQ(page.error().code, Errc::protocol) << text;
  }
}

TEST(ReadTools, Compat2ADamagedEntryCostsOnlyItself) {
  const auto page =
      read_tools(R"({"result":{"ttlMs":1e999,"tools":[{"name":"a","description":"\ud83d"},null,{},{"name":1},"b",
    {"name":"c","inputSchema":{"a":1,"a":2}},{"name":"d","x":1e999},{"name":"e\ud83d"},{"name":"f","Name":"g"},
    {"name":"z"}]}})");
  ASSERT_TRUE(page);
  ASSERT_EQ(page->tools.size(), 2U);
  EXPECT_EQ(page->tools[0].name, "a");
  EXPECT_EQ(page->tools[0].description, "\xEF\xBF\xBD");
  EXPECT_EQ(page->tools[1].name, "z");
  EXPECT_EQ(page->left_out, 8U);
  ASSERT_EQ(page->examples.size(), 8U);
  EXPECT_EQ(page->examples[0], "tools[1] is not an object");
  EXPECT_EQ(page->examples[4], "tools[5] 'c' cannot be part of a document: an object holds the same key twice");
}

TEST(ReadTools, Compat2NullIsAnEmptyList) {
  const auto page = read_tools(R"({"result":{"tools":null}})");
  ASSERT_TRUE(page);
  EXPECT_TRUE(page->tools.empty());
}

}  // namespace
}  // namespace postern::rest

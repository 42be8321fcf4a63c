#include "mcp/list_filter.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace postern::mcp {
namespace {

// Everything but names that begin with "secret".
bool no_secrets(std::string_view name) { return !name.starts_with("secret"); }

// The filtered answer; the answer itself where nothing was to change.
std::string filtered(const std::string& answer, ListKind kind = ListKind::tools) {
  const auto out = filter_list(answer, kind, no_secrets).value();
  return out ? *out : answer;
}

bool refused(std::string_view answer, ListKind kind = ListKind::tools) {
  return !filter_list(answer, kind, [](std::string_view) { return true; });
}

TEST(ListFilter, CutsOutWhatIsNotVisibleAndKeepsEveryOtherByte) {
  EXPECT_EQ(filtered(R"( {"jsonrpc" : "2.0", "result": {"ttlMs":1.50, "tools":[ {"name":"a","x":[1,{"y":"],}\""}]} ,)"
                     R"( {"name":"secret.b"}, {"title":"c","name":"c"} ], "nextCursor":"n"},"id":1} )"),
            R"( {"jsonrpc" : "2.0", "result": {"ttlMs":1.50, "tools":[{"name":"a","x":[1,{"y":"],}\""}]},)"
            R"({"title":"c","name":"c"}], "nextCursor":"n"},"id":1} )");
}

TEST(ListFilter, FirstLastAndAllMayGo) {
  const auto list = [](std::string_view tools) {
    return R"({"jsonrpc":"2.0","id":1,"result":{"tools":[)" + std::string(tools) + "]}}";
  };
  EXPECT_EQ(filtered(list(R"({"name":"secret"},{"name":"a"})")), list(R"({"name":"a"})"));
  EXPECT_EQ(filtered(list(R"({"name":"a"},{"name":"secret"})")), list(R"({"name":"a"})"));
  EXPECT_EQ(filtered(list(R"({"name":"secret1"},{"name":"secret2"})")), list(""));
  EXPECT_EQ(filtered(list(R"({"name":"a"},{"name":"b"},{"name":"secret"},{"name":"c"})")),
            list(R"({"name":"a"},{"name":"b"},{"name":"c"})"));
}

TEST(ListFilter, NothingToHideLeavesTheBytesAlone) {
  for (const auto* answer : {R"({"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"a"}]}})",
                             R"({"jsonrpc":"2.0","id":1,"result":{"tools":[ ]}})"}) {
    EXPECT_FALSE(filter_list(answer, ListKind::tools, no_secrets).value()) << answer;
  }
}

TEST(ListFilter, KnowsWhereEachListIsAndWhatNamesItsEntries) {
  EXPECT_EQ(filtered(R"({"result":{"resources":[{"uri":"secret","name":"a"},{"uri":"b","name":"secret"}]}})",
                     ListKind::resources),
            R"({"result":{"resources":[{"uri":"b","name":"secret"}]}})");
  EXPECT_EQ(filtered(R"({"result":{"resourceTemplates":[{"uriTemplate":"secret/{x}"},{"uriTemplate":"b"}]}})",
                     ListKind::resource_templates),
            R"({"result":{"resourceTemplates":[{"uriTemplate":"b"}]}})");
  EXPECT_EQ(filtered(R"({"result":{"prompts":[{"name":"secret"},{"name":"b"}]}})", ListKind::prompts),
            R"({"result":{"prompts":[{"name":"b"}]}})");
}

TEST(ListFilter, EscapesHideNothing) {
  EXPECT_EQ(filtered(R"({"re\u0073ult":{"a":{"tools":[]},"to\u006fls":[{"n\u0061me":"\u0073ecret"},{"name":"b"}]}})"),
            R"({"re\u0073ult":{"a":{"tools":[]},"to\u006fls":[{"name":"b"}]}})");
}

TEST(ListFilter, OtherMessagesPass) {
  for (const auto* answer : {R"({"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no"}})",
                             R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":1}})"}) {
    EXPECT_FALSE(filter_list(answer, ListKind::tools, no_secrets).value()) << answer;
  }
  EXPECT_FALSE(filter_list("anything", ListKind::none, no_secrets).value());
  EXPECT_FALSE(filter_list("", ListKind::tools, no_secrets).value());
}

TEST(ListFilter, WhatCannotBeReadMustNotPass) {
  for (const auto* answer :
       {" ", "not json", R"({"result":{"tools":[{"name":"secret"}]}} x)", R"([{"result":{"tools":[]}}])", "null",
        R"({"result":{"tools":[],"tools":[{"name":"secret"}]}})", "\xEF\xBB\xBF{\"result\":{\"tools\":[]}}"}) {
    EXPECT_TRUE(refused(answer)) << answer;
  }
}

TEST(ListFilter, AMisplacedListMustNotPass) {
  for (const auto* answer :
       {R"({"result":{}})", R"({"result":null})", R"({"result":[{"name":"secret"}]})", R"({"result":{"tools":null}})",
        R"({"result":{"tools":{"a":{"name":"secret"}}}})", R"({"result":{"Tools":[]}})",
        R"({"result":{"tools":[],"Tools":[{"name":"secret"}]}})", R"({"result":{"tools":[]},"Result":{}})"}) {
    EXPECT_TRUE(refused(answer)) << answer;
  }
}

TEST(ListFilter, ANamelessEntryMustNotPass) {
  for (const auto* entry : {"{}", "\"secret\"", "null", "[]", R"({"name":1})", R"({"name":"a","Name":"secret"})"}) {
    EXPECT_TRUE(refused(R"({"result":{"tools":[)" + std::string(entry) + "]}}")) << entry;
  }
}

TEST(ListFilter, AsksOnceForEachEntryInOrder) {
  std::vector<std::string> asked;
  const auto ask = [&](std::string_view name) {
    asked.emplace_back(name);
    return false;
  };
  ASSERT_TRUE(filter_list(R"({"result":{"tools":[{"name":"a"},{"name":"b"},{"name":"a"}]}})", ListKind::tools, ask));
  EXPECT_EQ(asked, (std::vector<std::string>{"a", "b", "a"}));
}

bool kinds_apart(ListKind kind, std::string_view name) { return (kind == ListKind::tools) == name.starts_with("tool"); }

TEST(AnyListFilter, FiltersEveryListTheAnswerHolds) {
  const auto out = filter_any_list(
      R"({"id":1,"result":{"tools":[{"name":"tool"},{"name":"x"}],"prompts":[{"name":"tool"},{"name":"p"}]}})",
      kinds_apart);
  EXPECT_EQ(out.value(), R"({"id":1,"result":{"tools":[{"name":"tool"}],"prompts":[{"name":"p"}]}})");
}

TEST(AnyListFilter, PassesWhatHoldsNone) {
  for (const auto* answer :
       {"", R"({"id":1,"result":{"content":[{"type":"text","text":"{\"tools\":[]}"}]}})", R"({"id":1,"result":{}})",
        R"({"id":1,"result":[{"name":"x"}]})", R"({"id":1,"result":"x"})",
        R"({"method":"notifications/message","params":{}})", R"({"id":1,"result":{"tools":[{"name":"tool"}]}})"}) {
    EXPECT_FALSE(filter_any_list(answer, kinds_apart).value()) << answer;
  }
}

TEST(AnyListFilter, WhatCannotBeReadMustNotPass) {
  for (const auto* answer : {"x", "[]", R"({"result":{"Tools":[{"name":"x"}]}})", R"({"result":{"prompts":[1]}})"}) {
    EXPECT_FALSE(filter_any_list(answer, kinds_apart)) << answer;
  }
}

}  // namespace
}  // namespace postern::mcp

#include "mcp/list_filter.hpp"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "mcp/answer.hpp"

namespace postern::mcp {
namespace {

// Everything but names that begin with "secret".
bool no_secrets(std::string_view name) { return !name.starts_with("secret"); }

// The filtered answer; the answer itself where nothing was to change.
std::string filtered(const std::string& answer, ListKind kind = ListKind::tools) {
  return filter_list(answer, kind, no_secrets).value().changed.value_or(answer);
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
    EXPECT_FALSE(filter_list(answer, ListKind::tools, no_secrets).value().changed) << answer;
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
    EXPECT_FALSE(filter_list(answer, ListKind::tools, no_secrets).value().changed) << answer;
  }
  EXPECT_FALSE(filter_list("anything", ListKind::none, no_secrets).value().changed);
  EXPECT_FALSE(filter_list("", ListKind::tools, no_secrets).value().changed);
}

TEST(ListFilter, WhatCannotBeReadMustNotPass) {
  for (const auto* answer :
       {" ", "not json", R"({"result":{"tools":[{"name":"secret"}]}} x)", R"([{"result":{"tools":[]}}])", "null",
        R"({"result":{"tools":[],"tools":[{"name":"secret"}]}})", "\xEF\xBB\xBF{\"result\":{\"tools\":[]}}"}) {
    EXPECT_TRUE(refused(answer)) << answer;
  }
}

// Each entry is looked at several times.
TEST(ListFilter, AListOfTooManyValuesMustNotPass) {
  std::string entries = "0";
  for (std::size_t i = 0; i < kListLimits.nodes; ++i) entries += ",0";
  EXPECT_TRUE(refused(R"({"result":{"tools":[)" + entries + "]}}"));
}

TEST(ListFilter, AMisplacedListMustNotPass) {
  for (const auto* answer :
       {R"({"result":{}})", R"({"result":null})", R"({"result":[{"name":"secret"}]})",
        R"({"result":{"tools":"secret"}})", R"({"result":{"tools":{"a":{"name":"secret"}}}})",
        R"({"result":{"Tools":[]}})", R"({"result":{"tools":[],"Tools":[{"name":"secret"}]}})",
        R"({"result":{"tools":[]},"Result":{}})", R"({"result":{"tools":[],"tools\u0000":[{"name":"secret"}]}})",
        R"({"result":{"too\u006cs":[],"tools":[]}})", R"({"result":{"tools":null,"TOOLS":[{"name":"secret"}]}})",
        R"({"result":{},"result":{"tools":[]}})", R"({"id":1,"id":2,"result":{"tools":[]}})",
        R"({"result":{"tools":[{"name":"secret"}]},"Error":{}})"}) {
    EXPECT_TRUE(refused(answer)) << answer;
  }
}

std::string list_of(const std::string& entries) {
  return R"({"jsonrpc":"2.0","id":1,"result":{"tools":[)" + entries + "]}}";
}

// Between two good entries, which must both be there afterwards.
Filtered among_others(const std::string& entry, std::string_view expected) {
  const std::string good = R"({"name":"a"},)";
  const std::string last = R"({"name":"z"})";
  auto out = filter_list(list_of(good + entry + "," + last), ListKind::tools, no_secrets).value();
  EXPECT_EQ(out.changed.value_or(""), list_of(good + std::string(expected) + last)) << entry;
  return out;
}

TEST(ListFilter, Compat2AnEntryThatHasNoSureNameCostsOnlyItself) {
  for (const auto& [entry, fault] : {
           std::pair<std::string, EntryFault>{"null", EntryFault::no_object},
           {"\"secret\"", EntryFault::no_object},
           {"[{\"name\":\"secret\"}]", EntryFault::no_object},
           {"{}", EntryFault::no_name},
           {R"({"title":"secret"})", EntryFault::no_name},
           {R"({"name":1})", EntryFault::no_text},
           {R"({"name":null})", EntryFault::no_text},
           {R"({"name":{"name":"b"}})", EntryFault::no_text},
           {R"({"name":"b","name":"secret"})", EntryFault::repeated},
           {R"({"name":"secret","n\u0061me":"b"})", EntryFault::repeated},
           {R"({"name":"b","Name":"secret"})", EntryFault::twin},
           {R"({"NAME":"secret"})", EntryFault::twin},
           {R"({"name":"b","name\u0000x":"secret"})", EntryFault::twin},
           {R"({"name":"b \ud83d"})", EntryFault::damaged},
           {"{\"name\":\"b\xFF\"}", EntryFault::damaged},
           {"{\"name\":\"b\xC3\"}", EntryFault::damaged},
           {R"({"name":"b\u0000secret"})", EntryFault::nul},
           {R"({"name":"b","x":)" + std::string(130, '[') + std::string(130, ']') + "}", EntryFault::too_deep},
       }) {
    const auto out = among_others(entry, "");
    ASSERT_EQ(out.damaged, 1U) << entry;
    ASSERT_EQ(out.examples.size(), 1U);
    EXPECT_TRUE(out.examples[0].starts_with("tools[1] ")) << out.examples[0];
    EXPECT_TRUE(out.examples[0].ends_with(describe(fault, ListKind::tools))) << out.examples[0];
  }
}

TEST(ListFilter, Compat2DamagedTextThatDecidesNothingIsRepaired) {
  for (const auto& [entry, expected] : {
           std::pair<std::string, std::string>{R"({"name":"b","description":"a \ud83d b"})",
                                               R"({"name":"b","description":"a \ufffd b"})"},
           {"{\"name\":\"b\",\"title\":\"S\xE3o\"}", "{\"name\":\"b\",\"title\":\"S\xEF\xBF\xBDo\"}"},
           {R"({"name":"b","\ude00":{"\ud83d":1}})", R"({"name":"b","\ufffd":{"\ufffd":1}})"},
       }) {
    EXPECT_EQ(among_others(entry, expected + ",").damaged, 0U);
  }
  const auto elsewhere =
      filter_list(R"({"id":1,"result":{"tools":[],"_meta":{"a":"\ud83d"}}})", ListKind::tools, no_secrets);
  EXPECT_EQ(elsewhere.value().changed.value_or(""), R"({"id":1,"result":{"tools":[],"_meta":{"a":"\ufffd"}}})");
}

TEST(ListFilter, Compat2WhatDecidesNothingIsKeptByteForByte) {
  for (const auto* entry : {R"({"name":"b","description":"x","description":"y"})",
                            R"({"name":"b","inputSchema":{"a":1,"a":2,"Name":"secret"}})",
                            R"({"name":"b","maximum":1e999})", R"({"name":"b","n":[123456789012345678901, 1.10]})"}) {
    EXPECT_FALSE(filter_list(list_of(entry), ListKind::tools, no_secrets).value().changed) << entry;
    EXPECT_EQ(filtered(list_of(R"({"name":"secret"},)" + std::string(entry))), list_of(entry));
  }
  const auto* answer = R"({"id":1,"result":{"ttlMs":1e999,"ttlMs":2,"tools":[{"name":"b"}]},"x":1,"x":2})";
  EXPECT_FALSE(filter_list(answer, ListKind::tools, no_secrets).value().changed);
}

TEST(ListFilter, Compat2NullIsAnEmptyList) {
  EXPECT_EQ(filtered(R"({"id":1,"result":{"tools": null ,"nextCursor":"n"}})"),
            R"({"id":1,"result":{"tools": [] ,"nextCursor":"n"}})");
  EXPECT_EQ(filtered(R"({"id":1,"result":{"resources":null}})", ListKind::resources),
            R"({"id":1,"result":{"resources":[]}})");
}

TEST(ListFilter, DamagedNamesAreSeenByNobodyElse) {
  std::vector<std::string> asked;
  const auto ask = [&](std::string_view name) {
    asked.emplace_back(name);
    return true;
  };
  ASSERT_TRUE(filter_list(list_of("{\"name\":\"a\xFF\"},{\"name\":\"b\"},null"), ListKind::tools, ask));
  EXPECT_EQ(asked, (std::vector<std::string>{"b"}));
}

TEST(ListFilter, WhatALogIsToldNamesToolsAndPromptsButNoUris) {
  const auto told = [](const std::string& answer, ListKind kind) {
    const auto out = filter_list(answer, kind, [](std::string_view) { return true; }).value();
    return describe(out.examples, out.damaged);
  };
  EXPECT_EQ(told(list_of("{\"name\":\"a\"},{\"name\":\"b\xFF\"},null"), ListKind::tools),
            "tools[1] 'b\xEF\xBF\xBD' has a name with damaged characters; tools[2] is not an object");
  EXPECT_EQ(told(list_of("{\"name\":\"a\"}"), ListKind::tools), "");
  EXPECT_EQ(told(R"({"result":{"resources":[{"uri":"file:///alice","Uri":"x"}]}})", ListKind::resources),
            "resources[0] has a member that differs from uri only by case or by a NUL");
  std::string many = "null";
  for (int i = 0; i < 20; ++i) many += ",null";
  EXPECT_TRUE(told(list_of(many), ListKind::tools).ends_with("tools[7] is not an object; and 13 more"));
  EXPECT_LT(told(list_of(R"({"Name":1,"name":")" + std::string(5000, 'n') + "\"}"), ListKind::tools).size(), 200U);
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
  EXPECT_EQ(out.value().changed.value_or(""),
            R"({"id":1,"result":{"tools":[{"name":"tool"}],"prompts":[{"name":"p"}]}})");
}

TEST(AnyListFilter, PassesWhatHoldsNone) {
  for (const auto* answer :
       {"", R"({"id":1,"result":{"content":[{"type":"text","text":"{\"tools\":[]}"}]}})", R"({"id":1,"result":{}})",
        R"({"id":1,"result":[{"name":"x"}]})", R"({"id":1,"result":"x"})",
        R"({"method":"notifications/message","params":{}})", R"({"id":1,"result":{"tools":[{"name":"tool"}]}})"}) {
    EXPECT_FALSE(filter_any_list(answer, kinds_apart).value().changed) << answer;
  }
}

TEST(AnyListFilter, WhatCannotBeReadMustNotPass) {
  for (const auto* answer : {"x", "[]", R"({"result":{"Tools":[{"name":"x"}]}})",
                             R"({"result":{"prompts":[],"prompts":[1]}})", R"({"result":{"resources":{}}})"}) {
    EXPECT_FALSE(filter_any_list(answer, kinds_apart)) << answer;
  }
}

TEST(AnyListFilter, Compat2DamagedEntriesCostOnlyThemselves) {
  const auto out = filter_any_list(
      R"({"id":1,"result":{"tools":[null,{"name":"tool","d":"\ud83d"}],"prompts":[{"name":"p"},{}],"resources":null}})",
      kinds_apart);
  EXPECT_EQ(out.value().changed.value_or(""),
            R"({"id":1,"result":{"tools":[{"name":"tool","d":"\ufffd"}],"prompts":[{"name":"p"}],"resources":[]}})");
  EXPECT_EQ(out.value().damaged, 2U);
}

}  // namespace
}  // namespace postern::mcp

#include "policy/unreachable.hpp"

#include <random>

#include "policy/glob.hpp"
#include "unit/policy/support.hpp"

namespace postern::policy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> unreachable(const std::string& rules) {
  const auto policy = policy_of(
      "policy: p\nscopes: {a: A, b: B}\ndefault_scopes: [a]\nconnect: [a]\nroles: {viewer: [a], editor: [a, "
      "b]}\nrules:\n" +
      rules);
  std::vector<std::string> found;
  for (const auto& fault : policy->unreachable()) found.push_back(to_string(fault.at) + " " + fault.what);
  return found;
}

TEST(Unreachable, AStarDecidesAllThatFollows) {
  EXPECT_THAT(
      unreachable("  - {tools: [\"*\"], scopes: [a]}\n  - {tools: [\"admin.*\"], deny: true}\n"),
      ElementsAre("p.yaml:8:14 `admin.*` of `tools` in rules[1] decides nothing, because rules[0] stands before "
                  "it and names all of it: move this rule up, or remove this"));
}

TEST(Unreachable, WhateverTheEarlierRuleDemands) {
  for (const std::string demands :
       {"deny: true", "roles: [editor]", "plans: [x]", "scopes: [b]", "arguments: {properties: {x: {type: string}}}"}) {
    EXPECT_THAT(unreachable("  - {tools: [\"links.*\"], " + demands + "}\n  - {tools: [links.add], scopes: [a]}\n"),
                ElementsAre(HasSubstr("`links.add`")))
        << demands;
  }
}

TEST(Unreachable, ExceptionsBeforeTheRuleAreWhatRulesAreFor) {
  EXPECT_THAT(unreachable("  - {tools: [links.list, \"links.get*\"], scopes: [a]}\n"
                          "  - {tools: [\"links.*\"], scopes: [b]}\n"
                          "  - {tools: [\"*\"], deny: true}\n"
                          "  - {resources: [\"**\"]}\n  - {prompts: [\"*\"]}\n  - {methods: [\"tasks/*\"]}\n"),
              IsEmpty());
}

TEST(Unreachable, EachKindByItself) {
  EXPECT_THAT(unreachable("  - {tools: [\"*\"]}\n  - {prompts: [x], resources: [\"x://y\"], tools: [z]}\n"),
              ElementsAre(HasSubstr("`z` of `tools`")));
}

TEST(Unreachable, OneGlobOfARuleMayBeDead) {
  EXPECT_THAT(unreachable("  - {tools: [\"a*\", b]}\n  - {tools: [b, c, \"ab*\"]}\n"),
              ElementsAre(HasSubstr("p.yaml:8:14 `b`"), HasSubstr("p.yaml:8:20 `ab*`")));
}

TEST(Unreachable, AStarOfUrisStopsAtTheSlash) {
  EXPECT_THAT(
      unreachable("  - {resources: [\"db://prod/*\"]}\n  - {resources: [\"db://prod/a/b\", \"db://prod/**\"]}\n"),
      IsEmpty());
  EXPECT_THAT(unreachable("  - {resources: [\"db://prod/**\"]}\n"
                          "  - {resources: [\"db://prod/a/*\", \"db://prod/%61\", \"db://prod/**/x\"]}\n"),
              ElementsAre(HasSubstr("a/*"), HasSubstr("%61"), HasSubstr("**/x")));
}

TEST(Unreachable, ADenialOfAnotherSpellingIsNoDeadRule) {
  // It holds for db://prod/x as well, which the rule before does not name as it is written.
  EXPECT_THAT(unreachable("  - {resources: [\"db://PROD/*\"]}\n  - {resources: [\"db://prod/x\"], deny: true}\n"),
              IsEmpty());
}

TEST(Unreachable, MethodsAndWhatTheyName) {
  EXPECT_THAT(unreachable("  - {methods: [\"tools/*\"], deny: true}\n  - {tools: [echo]}\n"),
              ElementsAre(HasSubstr("`echo` of `tools` in rules[1] decides nothing, because rules[0]")));
  EXPECT_THAT(unreachable("  - {tools: [\"*\"]}\n  - {methods: [tools/call], deny: true}\n"),
              ElementsAre(HasSubstr("`tools/call` of `methods`")));
  EXPECT_THAT(unreachable("  - {methods: [\"tasks/*\"]}\n  - {methods: [tasks/cancel]}\n"),
              ElementsAre(HasSubstr("`tasks/cancel`")));
  // Lists are decided by their method alone, and completions name prompts too.
  EXPECT_THAT(unreachable("  - {tools: [\"*\"]}\n  - {methods: [\"tools/*\"]}\n"), IsEmpty());
  EXPECT_THAT(unreachable("  - {methods: [prompts/get]}\n  - {prompts: [x]}\n"), IsEmpty());
  EXPECT_THAT(unreachable("  - {methods: [prompts/get]}\n  - {methods: [completion/complete]}\n  - {prompts: [x]}\n"),
              ElementsAre(HasSubstr("`x` of `prompts` in rules[2] decides nothing, because rules[1]")));
}

// What covers() says must hold for every text: a wrong word of it would call a rule dead that denies something.
TEST(GlobCovers, EverythingThatTheOtherNames) {
  std::mt19937 random(20261130);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same run every time
  const auto make = [&](std::string_view letters, std::size_t longest) {
    std::string text;
    for (auto left = random() % (longest + 1); left > 0; --left) text += letters[random() % letters.size()];
    return text;
  };
  int covered = 0;
  for (const auto kind : {GlobKind::name, GlobKind::uri}) {
    for (int round = 0; round < 4000; ++round) {
      const GlobSet one({make("ab/**", 6)}, kind);
      const auto glob = make("ab/**", 6);
      if (!one.covers(glob)) continue;
      ++covered;
      const GlobSet other({glob}, kind);
      for (int tries = 0; tries < 200; ++tries) {
        const auto text = make("ab/", 8);
        EXPECT_TRUE(!other.matches(text) || one.matches(text)) << glob << " " << text;
      }
    }
  }
  EXPECT_GT(covered, 200) << "the rounds say something";
}

TEST(GlobCovers, NothingThatIsNotCertain) {
  EXPECT_TRUE(GlobSet({"a*", "*"}, GlobKind::name).covers("b*"));
  EXPECT_FALSE(GlobSet().covers("a"));
  EXPECT_FALSE(GlobSet({"*"}, GlobKind::name).covers(std::string("a\x01")));
  EXPECT_TRUE(GlobSet({"**"}, GlobKind::uri).covers("db://PROD/**"));
}

}  // namespace
}  // namespace postern::policy

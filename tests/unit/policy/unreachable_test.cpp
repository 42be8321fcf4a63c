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

// What is called dead may be removed: no decision changes by it, whatever spelling of a URI is asked for.
TEST(Unreachable, WithoutADeadGlobEverythingIsDecidedAsBefore) {
  std::mt19937 random(20261201);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same run every time
  const auto one_of = [&](const std::vector<std::string>& all) { return all[random() % all.size()]; };
  const std::vector<std::string> hosts{"prod", "prod:**", "prod:*", "prod:5432", "prod:5432**",
                                       "PROD", "*",       "**",     "u@prod"};
  const std::vector<std::string> paths{"", "/t", "/*", "/**", "/t/**", "?q"};
  const std::vector<std::string> demands{"deny: true", "scopes: [a]", "scopes: [b]"};
  const std::vector<std::string> asked{"prod", "prod:5432", "prod:99", "PROD", "u@prod", "prod.", "test"};
  const auto policy_with = [](const std::vector<std::string>& rules) {
    std::string text = "policy: p\nscopes: {a: A, b: B}\ndefault_scopes: [a]\nconnect: [a]\nrules:\n";
    for (const auto& rule : rules) text += "  - {resources: [\"" + rule + "}\n";
    return policy_of(text + "otherwise: allow\n");
  };
  int dead = 0;
  for (int round = 0; round < 3000; ++round) {
    std::vector<std::string> rules;
    for (int i = 0; i < 3; ++i) rules.push_back("db://" + one_of(hosts) + one_of(paths) + "\"], " + one_of(demands));
    const auto whole = policy_with(rules);
    const auto found = whole->unreachable();
    if (found.empty()) continue;
    ++dead;
    auto left = rules;
    left.erase(left.begin() + found.front().at.line - 6);
    const auto without = policy_with(left);
    for (const auto& host : asked) {
      for (const std::string path : {"", "/t", "/t/u", "?q", "/"}) {
        const auto read = resource_read("db://" + host + path);
        for (const auto& who : {Caller{{"a"}, "", ""}, Caller{{"a", "b"}, "", ""}}) {
          EXPECT_EQ(whole->decide(read, who).verdict, without->decide(read, who).verdict) << host << path << "\n"
                                                                                          << rules[0] << "\n"
                                                                                          << rules[1] << "\n"
                                                                                          << rules[2];
        }
      }
    }
  }
  EXPECT_GT(dead, 500) << "the rounds say something";
}

TEST(Unreachable, APortThatAnEarlierGlobDoesNotNameWithoutOne) {
  EXPECT_THAT(unreachable("  - {resources: [\"db://prod/**\", \"db://prod:*/**\"]}\n"
                          "  - {resources: [\"db://prod:5432/t\"], deny: true}\n"),
              ElementsAre(HasSubstr("`db://prod:5432/t`")));
}

TEST(GlobCovers, NothingThatIsNotCertain) {
  EXPECT_TRUE(GlobSet({"a*", "*"}, GlobKind::name).covers("b*"));
  EXPECT_FALSE(GlobSet().covers("a"));
  EXPECT_FALSE(GlobSet({"*"}, GlobKind::name).covers(std::string("a\x01")));
  EXPECT_FALSE(GlobSet({"a\x01"
                        "b"},
                       GlobKind::name)
                   .covers("a*b"));
  EXPECT_FALSE(GlobSet({"file:///a%01b"}, GlobKind::uri).covers("file:///a*b"));
  EXPECT_TRUE(GlobSet({"**"}, GlobKind::uri).covers("db://PROD/**"));
}

}  // namespace
}  // namespace postern::policy

#include "policy/cases.hpp"

#include "unit/policy/support.hpp"

namespace postern::policy {
namespace {

using testing::HasSubstr;
using Results = boost::system::result<std::vector<CaseResult>, config::Faults>;

Results run(const std::string& cases) {
  const Policies policies{
      {"p", policy_of(with_head("roles: {viewer: [read], editor: [read, write]}\nrules:\n"
                                "  - {tools: [get], scopes: [read]}\n  - {tools: [set], scopes: [write]}\n"
                                "  - {prompts: [hi], arguments: {properties: {lang: {enum: [en]}}}}\n"
                                "  - {tools: [pro], plans: [pro]}\n  - {resources: ['x://open/*']}"))}};
  return run_cases("c.yaml", policies, sources_of({{"c.yaml", "policy: p\ncases:\n" + cases}}));
}

std::string outcome(const std::string& one) {
  const auto results = run("  - " + one + "\n");
  if (!results) return results.error().to_string();
  return results->at(0).passed ? "passed" : results->at(0).what;
}

TEST(Cases, PassWhenTheVerdictIsTheExpectedOne) {
  EXPECT_EQ(outcome("{tool: get, scopes: [use, read], role: viewer, expect: allow}"), "passed");
  EXPECT_EQ(outcome("{tool: set, scopes: [use], role: viewer, expect: deny}"), "passed");
  EXPECT_EQ(outcome("{tool: pro, scopes: [use], plan: free, expect: deny}"), "passed");
  EXPECT_EQ(outcome("{resource: 'x://open/1', scopes: [use], expect: allow}"), "passed");
  EXPECT_EQ(outcome("{prompt: hi, arguments: {lang: fr}, scopes: [use], expect: deny}"), "passed");
  EXPECT_EQ(outcome("{method: tools/list, scopes: [use], expect: allow}"), "passed");
  EXPECT_EQ(outcome("{method: notifications/initialized, scopes: [use], expect: allow}"), "passed");
  EXPECT_EQ(outcome("{method: tools/list, scopes: [], expect: step_up}"), "passed");
}

TEST(Cases, SayWhatCameInstead) {
  EXPECT_EQ(outcome("{tool: get, scopes: [use], role: viewer, expect: allow}"),
            "expected allow, got step_up by rules[0]");
  const auto results =
      run("  - {name: first, tool: get, expect: step_up}\n  - {name: second, tool: get, expect: allow}\n");
  ASSERT_TRUE(results);
  ASSERT_EQ(results->size(), 2u);
  EXPECT_FALSE(results->at(1).passed);
  EXPECT_EQ(results->at(1).name, "second");
  EXPECT_EQ(results->at(1).at.line, 4);
}

// Cases that were written when the `plans` of a rule gave not_found.
TEST(Cases, Compat16AnOldNotFoundIsExplained) {
  const auto results =
      run("  - {tool: pro, scopes: [use], plan: free, expect: not_found}\n"
          "  - {tool: pro, scopes: [use], plan: pro, expect: not_found}\n"
          "  - {tool: pro, scopes: [use], plan: free, expect: deny}\n");
  ASSERT_TRUE(results);
  EXPECT_TRUE(results->at(0).outdated);
  EXPECT_THAT(results->at(0).what,
              HasSubstr("expected not_found, got deny by rules[3] (only the policy's own `plans`"));
  EXPECT_THAT(results->at(0).what, HasSubstr("write `expect: deny`"));
  EXPECT_FALSE(results->at(1).outdated);
  EXPECT_EQ(results->at(1).what, "expected not_found, got allow by rules[3]");
  EXPECT_TRUE(results->at(2).passed);
}

TEST(Cases, CompareTheScopesOfTheChallenge) {
  EXPECT_EQ(outcome("{tool: set, scopes: [use], role: editor, expect: step_up, needs: [write, use]}"), "passed");
  EXPECT_EQ(outcome("{tool: set, scopes: [use], role: editor, expect: step_up, needs: [write]}"),
            "expected to need write, got use write");
}

TEST(Cases, CompareWhatListsShow) {
  EXPECT_EQ(outcome("{tool: set, scopes: [use], role: viewer, expect: deny, visible: false}"), "passed");
  EXPECT_EQ(outcome("{tool: set, scopes: [use], role: viewer, expect: deny, visible: true}"), "expected to be listed");
  EXPECT_EQ(outcome("{tool: get, scopes: [use, read], role: viewer, expect: allow, visible: false}"),
            "expected to be hidden");
}

TEST(Cases, FaultsHaveTheirPlace) {
  EXPECT_THAT(outcome("{tool: get}"), HasSubstr("c.yaml:3:5: a case needs `expect`"));
  EXPECT_THAT(outcome("{tool: get, expect: maybe}"), HasSubstr("c.yaml:3:25: `expect` must be `allow`"));
  EXPECT_THAT(outcome("{expect: allow}"), HasSubstr("c.yaml:3:5: a case names one of"));
  EXPECT_THAT(outcome("{tool: a, prompt: b, expect: allow}"), HasSubstr("a case names one of"));
  EXPECT_THAT(outcome("{method: tools/call, expect: allow}"), HasSubstr("c.yaml:3:14: `tools/call` names something"));
  EXPECT_THAT(outcome("{resource: 'x://y', arguments: {a: 1}, expect: allow}"), HasSubstr("`arguments` fit a case"));
  EXPECT_THAT(outcome("{method: ping, visible: true, expect: allow}"), HasSubstr("`visible` fits a case"));
  EXPECT_THAT(outcome("{tool: get, expct: allow}"), HasSubstr("did you mean `expect`?"));
  EXPECT_THAT(outcome("{tool: get, scopes: [raed], expect: allow}"), HasSubstr("has no scope `raed`"));
  EXPECT_THAT(outcome("{tool: get, role: veiwer, expect: allow}"),
              HasSubstr("c.yaml:3:23: the policy `p` has no role"));
}

TEST(Cases, AFileMustBeThereNameAPolicyAndHoldCases) {
  const auto error = [](const char* text) {
    const auto results = run_cases("c.yaml", {}, text == nullptr ? sources_of() : sources_of({{"c.yaml", text}}));
    return results ? "" : results.error().to_string();
  };
  EXPECT_EQ(error(nullptr), "c.yaml:1:1: cannot read this cases file: there is no such file\n");
  EXPECT_THAT(error("policy: q\ncases: [{tool: x, expect: allow}]"), HasSubstr("c.yaml:1:9: there is no policy `q`"));
  EXPECT_THAT(error("policy: q"), HasSubstr("needs `cases`"));
  EXPECT_THAT(error("policy: q\ncases: []"), HasSubstr("c.yaml:2:8: `cases` holds no case"));
}

}  // namespace
}  // namespace postern::policy

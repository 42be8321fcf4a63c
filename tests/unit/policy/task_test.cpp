#include "policy/task.hpp"

#include "unit/policy/support.hpp"

namespace postern::policy {
namespace {

using Scopes = std::vector<std::string>;

Decision about(const Policy& policy, std::string_view tool, Scopes scopes, std::string role = "",
               std::string_view method = "tasks/result") {
  return decide_task(policy, message_of(method, {{"taskId", "t"}}), tool, {std::move(scopes), std::move(role), ""});
}

TEST(DecideTask, Attack5FollowsTheRuleOfTheToolThatMadeIt) {
  const auto policy = policy_of(
      with_head("roles: {viewer: [read], editor: [read, write]}\nrules:\n  - {tools: [write], scopes: [write]}\n"
                "  - {tools: [gone], deny: true}\n  - {tools: [edit], roles: [editor]}\n  - {tools: [open]}"));
  for (const auto* method : {"tasks/get", "tasks/result", "tasks/cancel", "tasks/update"}) {
    EXPECT_EQ(about(*policy, "open", {"use"}, "editor", method).verdict, Verdict::allow) << method;
    EXPECT_EQ(about(*policy, "write", {"use", "write"}, "editor", method).verdict, Verdict::allow) << method;
    const auto missing = about(*policy, "write", {"use"}, "editor", method);
    EXPECT_EQ(missing.verdict, Verdict::step_up) << method;
    EXPECT_EQ(missing.needed, (Scopes{"use", "write"})) << method;
    EXPECT_EQ(about(*policy, "write", {"use", "write"}, "viewer", method).verdict, Verdict::deny) << "lowered since";
    EXPECT_EQ(about(*policy, "gone", {"use"}, "editor", method).verdict, Verdict::deny) << method;
    EXPECT_EQ(about(*policy, "edit", {"use"}, "viewer", method).verdict, Verdict::deny) << method;
    EXPECT_EQ(about(*policy, "unnamed", {"use"}, "editor", method).verdict, Verdict::deny) << method;
  }
  EXPECT_EQ(about(*policy, "open", {}).verdict, Verdict::step_up) << "connect";
}

TEST(DecideTask, Attack5ARuleThatNamesTheMethodDecidesInItsPlace) {
  const auto policy =
      policy_of(with_head("rules:\n  - {tools: [open]}\n  - {methods: [tasks/cancel], deny: true}\n"
                          "  - {methods: [tasks/get], scopes: [read]}\n  - {methods: [tools/call], scopes: [write]}"));
  EXPECT_EQ(about(*policy, "open", {"use"}, "", "tasks/cancel").verdict, Verdict::deny);
  EXPECT_EQ(about(*policy, "open", {"use"}, "", "tasks/get").verdict, Verdict::step_up);
  EXPECT_EQ(about(*policy, "other", {"use", "read"}, "", "tasks/get").verdict, Verdict::allow);
  EXPECT_EQ(about(*policy, "open", {"use"}).verdict, Verdict::allow);
  EXPECT_EQ(about(*policy, "other", {"use"}).verdict, Verdict::step_up) << "a rule for every call";
}

TEST(DecideTask, ArgumentsHavePassedBefore) {
  const auto policy = policy_of(with_head(
      "rules: [{tools: [x], scopes: [read], arguments: {required: [url], properties: {url: {pattern: a}}}}]"));
  EXPECT_EQ(about(*policy, "x", {"use", "read"}).verdict, Verdict::allow);
  EXPECT_EQ(about(*policy, "x", {"use"}).verdict, Verdict::step_up);
  EXPECT_EQ(policy->decide(tool_call("x", nlohmann::json::object()), {{"use", "read"}, "", ""}).verdict, Verdict::deny);
}

TEST(DecideTask, ThePlanOfThePolicyCountsToo) {
  const auto policy = policy_of(with_head("plans: [pro]\notherwise: allow"));
  EXPECT_EQ(about(*policy, "x", {"use"}).verdict, Verdict::not_found);
}

}  // namespace
}  // namespace postern::policy

#include "unit/policy/support.hpp"

namespace postern::policy {
namespace {

using nlohmann::json;
using Scopes = std::vector<std::string>;

Caller caller(Scopes scopes, std::string role = "", std::string plan = "") {
  return {std::move(scopes), std::move(role), std::move(plan)};
}

Verdict verdict_of(const Policy& policy, const mcp::Message& message, const Caller& who) {
  return policy.decide(message, who).verdict;
}

TEST(Decide, ConnectIsNeededForEverything) {
  const auto policy = policy_of(with_head("otherwise: allow"));
  EXPECT_EQ(policy->decide_connect(caller({"use"})).verdict, Verdict::allow);
  const auto refused = policy->decide_connect(caller({"read"}));
  EXPECT_EQ(refused.verdict, Verdict::step_up);
  EXPECT_EQ(refused.rule, "connect");
  EXPECT_EQ(refused.needed, Scopes{"use"});
  EXPECT_EQ(verdict_of(*policy, tool_call("x", json::object()), caller({})), Verdict::step_up);
  EXPECT_EQ(verdict_of(*policy, message_of("tools/list"), caller({})), Verdict::step_up);
}

TEST(Decide, ConnectMayDemandAllOrAny) {
  const auto all = policy_of("policy: p\nscopes: {a: A, b: B}\ndefault_scopes: [a, b]\nconnect: [a, b]");
  EXPECT_EQ(all->decide_connect(caller({"a"})).verdict, Verdict::step_up);
  EXPECT_EQ(all->decide_connect(caller({"a"})).needed, (Scopes{"a", "b"}));
  EXPECT_EQ(all->decide_connect(caller({"b", "a"})).verdict, Verdict::allow);
  const auto any = policy_of("policy: p\nscopes: {a: A, b: B}\ndefault_scopes: [a]\nconnect: {any: [a, b]}");
  EXPECT_EQ(any->decide_connect(caller({"b"})).verdict, Verdict::allow);
  EXPECT_EQ(any->decide_connect(caller({})).verdict, Verdict::step_up);
  EXPECT_EQ(any->decide_connect(caller({})).needed, Scopes{"a"});
}

class NarrowTest : public testing::Test {
 protected:
  static Caller of(Scopes scopes, bool narrowed, std::string role = "planner") {
    return {std::move(scopes), std::move(role), "", narrowed};
  }
  Verdict call(const char* tool, const Caller& who) const {
    return verdict_of(*policy_, tool_call(tool, json::object()), who);
  }
  // "read plan": the tools of its list.
  std::string listed(const Caller& who) const {
    std::string names;
    for (const auto* tool : {"read", "plan", "pay"}) {
      if (policy_->visible(mcp::ListKind::tools, tool, who)) names += std::string(names.empty() ? "" : " ") + tool;
    }
    return names;
  }

  std::shared_ptr<const Policy> policy_ = policy_of(R"(policy: p
scopes: {use: Use, access: Use it by hand, read: Read, plan: Plan, pay: Pay}
default_scopes: [use]
connect: {any: [use, access]}
roles: {viewer: [read], planner: [read, plan]}
scope_mode: narrow
rules:
  - {tools: [read], scopes: [read]}
  - {tools: [plan], scopes: [plan]}
  - {tools: [pay], scopes: [pay]}
)");
};

TEST(Decide, WhatIsMissingToConnectIsWhatEveryRequestNeeds) {
  const auto policy_with = [](const std::string& connect, const std::string& more = "") {
    return policy_of("policy: p\nscopes: {a: A, b: B, c: C}\ndefault_scopes: [a, b]\nconnect: " + connect + "\n" +
                     more);
  };
  const auto all = policy_with("[b, a]");
  EXPECT_EQ(all->missing_to_connect({"c"}), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(all->missing_to_connect({"c", "a"}), (std::vector<std::string>{"b"}));
  EXPECT_TRUE(all->missing_to_connect({"a", "b"}).empty());
  const auto any = policy_with("{any: [a, b]}");
  EXPECT_EQ(any->missing_to_connect({"c"}), (std::vector<std::string>{"a"}));
  EXPECT_TRUE(any->missing_to_connect({"b"}).empty());
  EXPECT_EQ(policy_with("[a]", "roles: {viewer: [c]}\n")->missing_to_connect({"c"}), (std::vector<std::string>{"a"}));
  EXPECT_TRUE(policy_with("[a]", "shadow: true\n")->missing_to_connect({"c"}).empty()) << "every call passes";
}

TEST_F(NarrowTest, WhoAskedForConnectAloneHasTheReachOfTheRole) {
  for (const auto* connect : {"use", "access"}) {
    EXPECT_EQ(listed(of({connect}, false)), "read plan");
    EXPECT_EQ(listed(of({connect}, false, "viewer")), "read");
    EXPECT_EQ(call("plan", of({connect}, false)), Verdict::allow);
    EXPECT_EQ(call("plan", of({connect}, false, "viewer")), Verdict::deny);
    EXPECT_EQ(call("pay", of({connect}, false)), Verdict::deny);
    EXPECT_EQ(call("read", of({connect}, false, "")), Verdict::deny);
  }
}

TEST_F(NarrowTest, ReachIsWhatTheConsentPageTells) {
  EXPECT_EQ(policy_->reach(of({"use"}, false)), (Scopes{"use", "read", "plan"}));
  EXPECT_EQ(policy_->reach(of({"use", "plan", "pay"}, true)), (Scopes{"use", "plan"}));
}

TEST_F(NarrowTest, WhoAskedForMoreHasWhatWasGrantedAndNoMore) {
  EXPECT_EQ(listed(of({"use", "read"}, true)), "read");
  EXPECT_EQ(call("read", of({"use", "read"}, true)), Verdict::allow);
  EXPECT_EQ(call("plan", of({"use", "read"}, true)), Verdict::step_up);
  EXPECT_EQ(call("pay", of({"use", "read", "pay"}, true)), Verdict::deny) << "the role never widens";
  EXPECT_EQ(listed(of({"use", "read", "pay"}, true)), "read");
}

TEST_F(NarrowTest, WhoAskedForMoreAndGotNothingHasNothing) {
  EXPECT_EQ(listed(of({"use"}, true)), "");
  EXPECT_EQ(call("read", of({"use"}, true)), Verdict::step_up);
  EXPECT_EQ(call("read", of({"use"}, true, "")), Verdict::deny);
}

TEST_F(NarrowTest, ReachNeedsTheScopesOfConnectFirst) {
  EXPECT_EQ(policy_->decide_connect(of({}, false)).verdict, Verdict::step_up);
  EXPECT_EQ(call("read", of({}, false)), Verdict::step_up);
  EXPECT_EQ(listed(of({}, false)), "");
}

TEST_F(NarrowTest, OnlyKnownScopesBeyondConnectAreMore) {
  EXPECT_FALSE(policy_->asks_beyond_connect({}));
  EXPECT_FALSE(policy_->asks_beyond_connect({"use", "access", "openid", "offline_access"}));
  EXPECT_TRUE(policy_->asks_beyond_connect({"use", "pay"}));
}

TEST(Decide, WhatWasAskedForMakesNoDifferenceWhereScopesAreRequired) {
  const auto policy = policy_of(with_head("rules:\n  - {tools: [x], scopes: [read]}"));
  EXPECT_TRUE(policy->asks_beyond_connect({"use"})) << "the mode may be changed while the grant lives";
  const Caller asked_little{{"use"}, "", "", false};
  EXPECT_EQ(verdict_of(*policy, tool_call("x", json::object()), asked_little), Verdict::step_up);
}

// What each method of MCP comes to, for a caller who holds `use`, under a policy that allows one thing of each kind.
TEST(Decide, EveryMethodHasAVerdict) {
  const auto policy = policy_of(
      with_head("rules:\n  - {tools: [open]}\n  - {resources: ['x://open']}\n  - {prompts: [open]}\notherwise: deny"));
  const auto who = caller({"use"});
  for (const auto& method : mcp::all_methods()) {
    SCOPED_TRACE(method.name);
    EXPECT_EQ(verdict_of(*policy, message_of(method.name), caller({})), Verdict::step_up);
    if (method.subject == mcp::Subject::unknown) {
      EXPECT_EQ(verdict_of(*policy, message_of(method.name), who), Verdict::deny);
      EXPECT_EQ(policy->decide(message_of(method.name), who).rule, "method");
    } else if (method.subject == mcp::Subject::completion) {
      const auto refer = [&](const char* name) {
        return message_of(method.name, {{"ref", {{"type", "ref/prompt"}, {"name", name}}}});
      };
      EXPECT_EQ(verdict_of(*policy, refer("open"), who), Verdict::allow);
      EXPECT_EQ(verdict_of(*policy, refer("shut"), who), Verdict::deny);
    } else if (method.named_by.empty() || method.subject == mcp::Subject::task) {
      EXPECT_EQ(verdict_of(*policy, message_of(method.name, {{"taskId", "1"}}), who), Verdict::allow);
    } else {
      const bool uri = method.named_by == "uri";
      const auto name = [&](const char* thing) {
        return message_of(method.name, {{std::string(method.named_by), (uri ? "x://" : "") + std::string(thing)}});
      };
      EXPECT_EQ(verdict_of(*policy, name("open"), who), Verdict::allow);
      EXPECT_EQ(verdict_of(*policy, name("shut"), who), Verdict::deny);
    }
  }
  EXPECT_EQ(verdict_of(*policy, message_of("tools/eval"), who), Verdict::deny);
  EXPECT_EQ(verdict_of(*policy, message_of("Tools/call", {{"name", "open"}}), who), Verdict::deny);
  EXPECT_EQ(verdict_of(*policy, message_of(""), who), Verdict::deny);
}

TEST(Decide, AMethodNobodyKnowsIsDeniedEvenWhereTheRestIsAllowed) {
  const auto policy = policy_of(with_head("rules: [{methods: ['*']}]\notherwise: allow"));
  EXPECT_EQ(verdict_of(*policy, message_of("sampling/createMessage"), caller({"use"})), Verdict::deny);
  EXPECT_EQ(verdict_of(*policy, message_of("unheard/of"), caller({"use"})), Verdict::deny);
}

TEST(Decide, AnswersToServerRequestsFollowConnect) {
  const auto policy = policy_of(with_head("otherwise: deny"));
  mcp::Message answer;
  answer.kind = mcp::MessageKind::response;
  answer.id = 1;
  EXPECT_EQ(verdict_of(*policy, answer, caller({"use"})), Verdict::allow);
  EXPECT_EQ(verdict_of(*policy, answer, caller({})), Verdict::step_up);
}

TEST(Decide, TheFirstRuleThatNamesTheCallDecides) {
  const auto policy = policy_of(with_head(
      "rules:\n  - {tools: [links.list]}\n  - {tools: ['links.*'], scopes: [write]}\n  - {tools: ['*'], deny: true}"));
  const auto who = caller({"use"});
  EXPECT_EQ(policy->decide(tool_call("links.list", json::object()), who).rule, "rules[0]");
  EXPECT_EQ(policy->decide(tool_call("links.set", json::object()), who).rule, "rules[1]");
  EXPECT_EQ(policy->decide(tool_call("other", json::object()), who).rule, "rules[2]");
}

TEST(Decide, ARuleForOneKindDoesNotNameAnother) {
  const auto policy = policy_of(with_head("rules: [{tools: ['*']}]"));
  EXPECT_EQ(verdict_of(*policy, tool_call("x", json::object()), caller({"use"})), Verdict::allow);
  EXPECT_EQ(verdict_of(*policy, prompt_get("x"), caller({"use"})), Verdict::deny);
  EXPECT_EQ(verdict_of(*policy, resource_read("x"), caller({"use"})), Verdict::deny);
}

TEST(Decide, OtherwiseDecidesWhatNoRuleNames) {
  const auto call = tool_call("x", json::object());
  const auto denied = policy_of(with_head("rules: []"))->decide(call, caller({"use"}));
  EXPECT_EQ(denied.verdict, Verdict::deny);
  EXPECT_EQ(denied.rule, "otherwise");
  EXPECT_EQ(verdict_of(*policy_of(with_head("otherwise: allow")), call, caller({"use"})), Verdict::allow);
}

TEST(Decide, AStepUpNamesEverythingTheCallNeedsInThePolicysOrder) {
  const auto policy = policy_of(with_head("rules: [{tools: [x], scopes: [write, read]}]"));
  const auto call = tool_call("x", json::object());
  const auto first = policy->decide(call, caller({}));
  EXPECT_EQ(first.verdict, Verdict::step_up);
  EXPECT_EQ(first.needed, (Scopes{"use", "read", "write"}));
  const auto second = policy->decide(call, caller({"use", "read"}));
  EXPECT_EQ(second.verdict, Verdict::step_up);
  EXPECT_EQ(second.rule, "rules[0]");
  EXPECT_EQ(second.needed, (Scopes{"use", "read", "write"}));
  EXPECT_EQ(verdict_of(*policy, call, caller({"use", "read", "write"})), Verdict::allow);
}

TEST(Decide, AnyAsksForTheScopeThatIsHeldElseForTheFirstThatCanBeHad) {
  const auto policy = policy_of(
      "policy: p\nscopes: {a: A, b: B, read: R, write: W}\ndefault_scopes: [a]\nconnect: {any: [a, b]}\n"
      "roles: {viewer: [write]}\nrules: [{tools: [x], scopes: {any: [read, write]}}]");
  const auto call = tool_call("x", json::object());
  EXPECT_EQ(policy->decide(call, caller({"b"}, "viewer")).needed, (Scopes{"b", "write"}));
  EXPECT_EQ(policy->decide(call, caller({}, "viewer")).needed, (Scopes{"a", "write"}));
  EXPECT_EQ(verdict_of(*policy, call, caller({"b", "write"}, "viewer")), Verdict::allow);
}

std::string with_roles() {
  return with_head(
      "roles: {viewer: [read], editor: [read, write]}\n"
      "rules:\n"
      "  - {tools: [get], scopes: [read]}\n"
      "  - {tools: [set], scopes: [write]}\n"
      "  - {tools: [drop], scopes: [write], roles: [editor]}\n");
}

TEST(Decide, AScopeTheRoleMayHoldIsAStepUpAndAnyOtherADenial) {
  const auto policy = policy_of(with_roles());
  const auto set = tool_call("set", json::object());
  EXPECT_EQ(verdict_of(*policy, tool_call("get", json::object()), caller({"use"}, "viewer")), Verdict::step_up);
  EXPECT_EQ(verdict_of(*policy, set, caller({"use"}, "editor")), Verdict::step_up);
  const auto denied = policy->decide(set, caller({"use"}, "viewer"));
  EXPECT_EQ(denied.verdict, Verdict::deny);
  EXPECT_TRUE(denied.needed.empty());
  EXPECT_EQ(verdict_of(*policy, set, caller({"use"}, "")), Verdict::deny);
  EXPECT_EQ(verdict_of(*policy, set, caller({"use"}, "Editor")), Verdict::deny);
}

TEST(Decide, ARoleLoweredAfterTheConsentLowersTheToken) {
  const auto policy = policy_of(with_roles());
  const auto set = tool_call("set", json::object());
  EXPECT_EQ(verdict_of(*policy, set, caller({"use", "write"}, "editor")), Verdict::allow);
  EXPECT_EQ(verdict_of(*policy, set, caller({"use", "write"}, "viewer")), Verdict::deny);
}

TEST(Decide, ARuleMayDemandARole) {
  const auto policy = policy_of(with_roles());
  const auto drop = tool_call("drop", json::object());
  EXPECT_EQ(verdict_of(*policy, drop, caller({"use", "write"}, "editor")), Verdict::allow);
  EXPECT_EQ(verdict_of(*policy, drop, caller({"use", "write"}, "viewer")), Verdict::deny);
}

TEST(Decide, EveryRoleMayConnect) {
  const auto policy = policy_of(with_roles());
  EXPECT_EQ(policy->decide_connect(caller({"use"}, "unheard-of")).verdict, Verdict::allow);
}

TEST(Decide, GrantableKeepsWhatExistsAndTheRoleMayHold) {
  const auto policy = policy_of(with_roles());
  EXPECT_EQ(policy->grantable({"write", "read", "root", "use"}, "viewer"), (Scopes{"use", "read"}));
  EXPECT_EQ(policy->grantable({"write", "read", "use"}, "editor"), (Scopes{"use", "read", "write"}));
  EXPECT_EQ(policy->grantable({"write"}, "viewer"), Scopes{});
  EXPECT_EQ(policy_of(kHead)->grantable({"write"}, "anyone"), Scopes{"write"}) << "without `roles` none restricts";
}

TEST(Decide, Compat16APlanOutsideThePolicyFindsNothingAndOneOutsideARuleIsDenied) {
  const auto policy =
      policy_of(with_head("plans: [pro, team]\nrules: [{tools: [x], plans: [team]}]\notherwise: allow"));
  const auto call = tool_call("x", json::object());
  EXPECT_EQ(policy->decide_connect(caller({"use"}, "", "free")).verdict, Verdict::not_found);
  EXPECT_EQ(policy->decide(call, caller({"use"}, "", "")).rule, "plans");
  EXPECT_EQ(verdict_of(*policy, call, caller({}, "", "free")), Verdict::not_found) << "the plan comes before the scope";
  EXPECT_EQ(verdict_of(*policy, call, caller({"use"}, "", "team")), Verdict::allow);
  const auto not_in_plan = policy->decide(call, caller({"use"}, "", "pro"));
  EXPECT_EQ(not_in_plan.verdict, Verdict::deny);
  EXPECT_EQ(not_in_plan.rule, "rules[0]");
  EXPECT_EQ(not_in_plan.reason, "the tenant's plan does not include this");
}

TEST(Decide, ArgumentsMustFitTheRule) {
  const auto policy =
      policy_of(with_head("rules:\n  - {tools: [x], scopes: [read], arguments: {required: [url], properties: {url: "
                          "{pattern: '^https://'}}}}\n"
                          "  - {prompts: [y], arguments: {properties: {lang: {enum: [en, de]}}}}"));
  const auto who = caller({"use", "read"});
  EXPECT_EQ(verdict_of(*policy, tool_call("x", {{"url", "https://a"}}), who), Verdict::allow);
  const auto denied = policy->decide(tool_call("x", {{"url", "http://secret"}}), who);
  EXPECT_EQ(denied.verdict, Verdict::deny);
  EXPECT_THAT(denied.reason, testing::HasSubstr("arguments.url"));
  EXPECT_THAT(denied.reason, testing::Not(testing::HasSubstr("secret")));
  EXPECT_EQ(verdict_of(*policy, tool_call("x", {{"url", "http://a"}}), caller({"use"})), Verdict::step_up);
  EXPECT_EQ(verdict_of(*policy, message_of("tools/call", {{"name", "x"}}), who), Verdict::deny) << "url is missing";
  EXPECT_EQ(verdict_of(*policy, message_of("tools/call", {{"name", "x"}, {"arguments", nullptr}}), who), Verdict::deny);
  EXPECT_EQ(verdict_of(*policy, message_of("tools/call", {{"name", "x"}, {"arguments", {"https://a"}}}), who),
            Verdict::deny);
  EXPECT_EQ(verdict_of(*policy, prompt_get("y", {{"lang", "fr"}}), who), Verdict::deny);
  EXPECT_EQ(verdict_of(*policy, message_of("prompts/get", {{"name", "y"}, {"arguments", nullptr}}), who),
            Verdict::allow);
}

TEST(Decide, ResourceUrisThatCanBeReadTwoWaysAreRefusedBeforeAnyRule) {
  const auto policy = policy_of(with_head("rules: [{resources: ['file:///public/**']}]\notherwise: allow"));
  const auto who = caller({"use"});
  EXPECT_EQ(verdict_of(*policy, resource_read("file:///public/a%20b.txt"), who), Verdict::allow);
  for (const auto* method : {"resources/read", "resources/subscribe", "resources/unsubscribe"}) {
    const auto refused = policy->decide(message_of(method, {{"uri", "file:///public/../etc/passwd"}}), who);
    EXPECT_EQ(refused.verdict, Verdict::deny) << method;
    EXPECT_EQ(refused.rule, "uri");
  }
}

TEST(Decide, ADenialOfResourcesHoldsForEverySpelling) {
  const auto policy = policy_of(with_head("rules: [{resources: ['file:///secret/**'], deny: true}]\notherwise: allow"));
  for (const auto* uri : {"file:///secret/x", "file:///%73ecret/x", "FILE:///secret/x", "file:/secret/x",
                          "file://localhost/secret/x", "file:///a/../secret/x", "file:////secret/x"}) {
    EXPECT_EQ(verdict_of(*policy, resource_read(uri), caller({"use"})), Verdict::deny) << uri;
  }
}

TEST(Decide, Attack4ADenialOfAHostHoldsForEverySpellingOfIt) {
  const auto policy =
      policy_of(with_head("rules: [{resources: ['file:///secret/**', 'db://prod/**'], deny: true}]\notherwise: allow"));
  for (const auto* uri : {"file://127.0.0.1/secret/b", "file://x/secret/b", "file://:0/secret/b", "db://PROD/t",
                          "db://prod:5432/t", "db://user@prod/t", "db://prod./t", "db://prod%2e/t", "db://%50rod/t",
                          "db://u%40prod/t", "db://prod:/t", "db://user@PROD.:99/t", "DB://prod/t"}) {
    for (const auto* method : {"resources/read", "resources/subscribe", "resources/unsubscribe"})
      EXPECT_EQ(verdict_of(*policy, message_of(method, {{"uri", uri}}), caller({"use"})), Verdict::deny) << uri;
    const auto listen = message_of("subscriptions/listen", {{"notifications", {{"resourceSubscriptions", {uri}}}}});
    EXPECT_EQ(verdict_of(*policy, listen, caller({"use"})), Verdict::deny) << uri;
    const auto complete = message_of("completion/complete", {{"ref", {{"type", "ref/resource"}, {"uri", uri}}}});
    EXPECT_EQ(verdict_of(*policy, complete, caller({"use"})), Verdict::deny) << uri;
    EXPECT_FALSE(policy->visible(mcp::ListKind::resources, uri, caller({"use"}))) << uri;
    EXPECT_FALSE(policy->visible(mcp::ListKind::resource_templates, uri, caller({"use"}))) << uri;
  }
  for (const auto* uri : {"file:///open/b", "db://test/t", "db://TEST/t", "db://production/t", "db://prod.example/t"}) {
    EXPECT_EQ(verdict_of(*policy, resource_read(uri), caller({"use"})), Verdict::allow) << uri;
    EXPECT_TRUE(policy->visible(mcp::ListKind::resources, uri, caller({"use"}))) << uri;
  }
}

TEST(Decide, Attack4ADenialInASecondSpellingHoldsForTheFirst) {
  const auto policy =
      policy_of(with_head("rules: [{resources: ['db://User@PROD./**', 'file://localhost/secret/**'], deny: true}]\n"
                          "otherwise: allow"));
  for (const auto* uri : {"db://prod/t", "db://PROD/t", "db://User@PROD./t", "file:///secret/b"})
    EXPECT_EQ(verdict_of(*policy, resource_read(uri), caller({"use"})), Verdict::deny) << uri;
}

TEST(Decide, Attack4WhatIsAllowedIsAllowedToNoOtherHost) {
  const auto policy = policy_of(with_head("rules: [{resources: ['db://pub*/**']}]"));
  EXPECT_EQ(verdict_of(*policy, resource_read("db://public/t"), caller({"use"})), Verdict::allow);
  for (const auto* uri : {"db://public@prod/t", "db://pub:x@prod/t", "db://pub%40prod/t"})
    EXPECT_EQ(verdict_of(*policy, resource_read(uri), caller({"use"})), Verdict::deny) << uri;
}

TEST(Decide, ARuleThatNamesAPortCountsForThatPort) {
  const auto policy = policy_of(with_head(
      "rules:\n  - {resources: ['db://prod:5432/keys'], deny: true}\n  - {resources: ['db://prod:5432/*']}\n"
      "  - {resources: ['db://prod:5433/*'], scopes: [read]}\n  - {resources: ['db://prod/**'], deny: true}"));
  const auto of = [&](std::string_view uri) { return verdict_of(*policy, resource_read(uri), caller({"use"})); };
  EXPECT_EQ(of("db://prod:5432/t"), Verdict::allow);
  EXPECT_EQ(of("db://prod:5432/keys"), Verdict::deny);
  EXPECT_EQ(of("db://prod:5433/t"), Verdict::step_up);
  EXPECT_EQ(of("db://prod:5434/t"), Verdict::deny);
  EXPECT_EQ(of("db://prod/t"), Verdict::deny);
  const auto hidden = policy_of(
      with_head("rules:\n  - {resources: ['db://prod/keys'], deny: true}\n  - {resources: ['db://*:5432/**']}"));
  EXPECT_EQ(verdict_of(*hidden, resource_read("db://prod:5432/t"), caller({"use"})), Verdict::allow);
  EXPECT_EQ(verdict_of(*hidden, resource_read("db://prod:5432/keys"), caller({"use"})), Verdict::deny)
      << "5432 may be the port that db: has by default";
}

TEST(Decide, Attack4ADenialOfAPortHoldsWithoutItAsWell) {
  const auto policy = policy_of(with_head("rules: [{resources: ['sftp://prod:22/**'], deny: true}]\notherwise: allow"));
  const auto of = [&](std::string_view uri) { return verdict_of(*policy, resource_read(uri), caller({"use"})); };
  for (const auto* uri : {"sftp://prod:22/x", "sftp://prod/x", "sftp://PROD/x"})
    EXPECT_EQ(of(uri), Verdict::deny) << uri;
  for (const auto* uri : {"sftp://prod:23/x", "sftp://test/x"}) EXPECT_EQ(of(uri), Verdict::allow) << uri;
}

TEST(Decide, Attack4ADenialOfPortsWhoseStarsReachFurtherHoldsWithoutThemAsWell) {
  for (const auto* glob : {"db://prod:**", "db://prod:5432**", "db://prod:*/**", "db://prod:**/t"}) {
    const auto policy = policy_of(
        with_head("rules: [{resources: ['" + std::string(glob) + "'], deny: true}, {resources: ['db://**']}]\n"));
    const auto of = [&](std::string_view uri) { return verdict_of(*policy, resource_read(uri), caller({"use"})); };
    for (const auto* uri : {"db://prod:5432/t", "db://prod/t", "db://prod/a/t"}) {
      EXPECT_EQ(of(uri), Verdict::deny) << glob << " " << uri;
    }
    for (const auto* uri : {"db://production/t", "db://test/t"})
      EXPECT_EQ(of(uri), Verdict::allow) << glob << " " << uri;
  }
}

TEST(Decide, Attack4ADenialOfAnAddressHoldsForItsOtherForms) {
  const auto policy = policy_of(with_head("rules: [{resources: ['db://10.0.0.10/**'], deny: true}]\notherwise: allow"));
  for (const auto* host :
       {"10.0.0.10", "10.10", "10.0.0.010", "167772170", "[::ffff:10.0.0.10]", "[::ffff:a00:a]", "[64:ff9b::10.0.0.10]",
        "[::10.0.0.10]", "[::a00:a]", "[2002:a00:a::1]", "x,10.0.0.10", "10.0.0.10,x"}) {
    const auto uri = "db://" + std::string(host) + "/t";
    EXPECT_EQ(verdict_of(*policy, resource_read(uri), caller({"use"})), Verdict::deny) << uri;
  }
}

TEST(Decide, ANumberIsANameUnlessARuleNamesTheAddress) {
  const auto policy = policy_of(with_head("rules: [{resources: ['users://4*/profile']}]"));
  EXPECT_EQ(verdict_of(*policy, resource_read("users://42/profile"), caller({"use"})), Verdict::allow);
  EXPECT_TRUE(policy->visible(mcp::ListKind::resources, "users://42/profile", caller({"use"})));
}

TEST(Decide, ASpellingThatNoRuleTellsApartIsLeftToTheServer) {
  const auto policy = policy_of(with_head("rules: [{resources: ['greeting://*', 'users://**', 'pg://**']}]"));
  for (const auto* uri : {"greeting://World", "users://42/profile", "pg://me@localhost:5432/shop/Orders"}) {
    EXPECT_EQ(verdict_of(*policy, resource_read(uri), caller({"use"})), Verdict::allow) << uri;
    EXPECT_TRUE(policy->visible(mcp::ListKind::resources, uri, caller({"use"}))) << uri;
  }
  EXPECT_TRUE(policy->visible(mcp::ListKind::resource_templates, "pg://{user}@{host}:{port}/{table}", caller({"use"})));
}

TEST(Decide, CompletionFollowsWhatItCompletes) {
  const auto policy = policy_of(
      with_head("rules:\n  - {prompts: [open], arguments: {required: [a]}}\n  - {prompts: [further], scopes: [read]}\n"
                "  - {resources: ['demo://text/*', 'file:///public/**']}"));
  const auto who = caller({"use"});
  const auto complete = [&](json ref) {
    return policy->decide(message_of("completion/complete", {{"ref", std::move(ref)}}), who);
  };
  EXPECT_EQ(complete({{"type", "ref/prompt"}, {"name", "open"}}).verdict, Verdict::allow)
      << "half-typed arguments pass";
  EXPECT_EQ(complete({{"type", "ref/prompt"}, {"name", "further"}}).verdict, Verdict::step_up);
  EXPECT_EQ(complete({{"type", "ref/prompt"}, {"name", "shut"}}).verdict, Verdict::deny);
  EXPECT_EQ(complete({{"type", "ref/resource"}, {"uri", "demo://text/{id}"}}).verdict, Verdict::allow);
  EXPECT_EQ(complete({{"type", "ref/resource"}, {"uri", "demo://blob/{id}"}}).verdict, Verdict::deny);
  EXPECT_EQ(complete({{"type", "ref/resource"}, {"uri", "file:///public/../secret/{id}"}}).rule, "uri");
  EXPECT_EQ(complete({{"type", "ref/prompt"}, {"uri", "demo://text/1"}}).verdict, Verdict::deny);
  EXPECT_EQ(complete({{"type", "ref/resource"}, {"uri", 1}}).verdict, Verdict::deny);
  EXPECT_EQ(complete("open").verdict, Verdict::deny);
  EXPECT_EQ(complete({{"type", "ref/other"}, {"uri", "demo://text/1"}}).verdict, Verdict::deny);
  EXPECT_EQ(policy->decide(message_of("completion/complete"), who).verdict, Verdict::deny);
}

TEST(Decide, ListenIsJudgedByItsStrictestResource) {
  const auto policy = policy_of(
      with_head("rules:\n  - {resources: ['x://open/*']}\n  - {resources: ['x://read/*'], scopes: [read]}\n"
                "  - {resources: ['x://write/*'], scopes: [write]}\n  - {resources: ['x://pro/*'], plans: [pro]}"));
  const auto listen = [&](json uris) {
    return policy->decide(
        message_of("subscriptions/listen", {{"notifications", {{"resourceSubscriptions", std::move(uris)}}}}),
        caller({"use"}));
  };
  EXPECT_EQ(listen({"x://open/1", "x://open/2"}).verdict, Verdict::allow);
  const auto step_up = listen({"x://open/1", "x://write/1", "x://read/1", "x://open/2"});
  EXPECT_EQ(step_up.verdict, Verdict::step_up);
  EXPECT_EQ(step_up.needed, (Scopes{"use", "read", "write"}));
  EXPECT_EQ(listen({"x://read/1", "x://shut/1"}).verdict, Verdict::deny);
  EXPECT_EQ(listen({"x://open/1", "x://open/../shut"}).verdict, Verdict::deny);
  EXPECT_EQ(listen({"x://open/1", "x://pro/1"}).verdict, Verdict::deny);
  EXPECT_EQ(listen({"x://pro/1", "x://read/1"}).verdict, Verdict::deny);
  EXPECT_EQ(listen({"x://open/1", 2}).verdict, Verdict::deny);
  EXPECT_EQ(listen("x://open/1").verdict, Verdict::deny);
  EXPECT_EQ(listen(json::array()).verdict, Verdict::allow);
  EXPECT_EQ(listen(json(std::vector<std::string>(1000, "x://read/1"))).needed, (Scopes{"use", "read"}));
  EXPECT_EQ(listen(json(std::vector<std::string>(1001, "x://open/1"))).verdict, Verdict::deny);
  const auto odd =
      message_of("subscriptions/listen", {{"notifications", json::array({{{"resourceSubscriptions", {"x"}}}})}});
  EXPECT_EQ(verdict_of(*policy, odd, caller({"use"})), Verdict::deny);
  const auto lists = message_of("subscriptions/listen", {{"notifications", {{"toolsListChanged", true}}}});
  EXPECT_EQ(verdict_of(*policy, lists, caller({"use"})), Verdict::allow);
}

TEST(Decide, ARuleMayNameMethods) {
  const auto policy =
      policy_of(with_head("rules:\n  - {methods: [logging/setLevel, subscriptions/listen], deny: true}\n  - {methods: "
                          "['tasks/*'], scopes: [read]}\n"
                          "  - {methods: [tools/call], scopes: [write]}\notherwise: deny"));
  const auto who = caller({"use"});
  EXPECT_EQ(verdict_of(*policy, message_of("logging/setLevel"), who), Verdict::deny);
  EXPECT_EQ(verdict_of(*policy, message_of("subscriptions/listen"), who), Verdict::deny);
  EXPECT_EQ(verdict_of(*policy, message_of("tasks/get", {{"taskId", "1"}}), who), Verdict::step_up);
  EXPECT_EQ(verdict_of(*policy, tool_call("any", json::object()), who), Verdict::step_up);
  EXPECT_EQ(verdict_of(*policy, message_of("ping"), who), Verdict::allow);
}

TEST(Decide, AShadowPolicyDecidesAndSaysThatTheCallPasses) {
  const auto policy = policy_of(with_head("shadow: true"));
  const auto decision = policy->decide(tool_call("x", json::object()), caller({"use"}));
  EXPECT_EQ(decision.verdict, Verdict::deny);
  EXPECT_TRUE(decision.shadow);
  EXPECT_TRUE(policy->visible(mcp::ListKind::tools, "x", caller({"use"}))) << "what passes is listed";
  EXPECT_FALSE(policy_of(kHead)->decide(tool_call("x", json::object()), caller({"use"})).shadow);
}

TEST(Visible, ListsShowWhatTheCallerCouldEverUse) {
  const auto policy =
      policy_of(with_head("roles: {viewer: [read], editor: [read, write]}\nrules:\n"
                          "  - {tools: [secret], deny: true}\n  - {tools: [set], scopes: [write]}\n  - {tools: [both], "
                          "scopes: {any: [read, write]}}\n"
                          "  - {tools: [edit], roles: [editor]}\n  - {tools: [pro], plans: [pro]}\n"
                          "  - {resources: ['demo://text/*']}\n  - {prompts: [p]}"));
  const auto sees = [&](mcp::ListKind kind, std::string_view name, std::string role) {
    return policy->visible(kind, name, caller({"use"}, std::move(role), "free"));
  };
  using enum mcp::ListKind;
  EXPECT_FALSE(sees(tools, "secret", "editor"));
  EXPECT_TRUE(sees(tools, "set", "editor")) << "though the scope is not held yet";
  EXPECT_FALSE(sees(tools, "set", "viewer"));
  EXPECT_TRUE(sees(tools, "both", "viewer"));
  EXPECT_TRUE(sees(tools, "edit", "editor"));
  EXPECT_FALSE(sees(tools, "edit", "viewer"));
  EXPECT_FALSE(sees(tools, "pro", "editor"));
  EXPECT_FALSE(sees(tools, "unnamed", "editor"));
  EXPECT_TRUE(sees(resources, "demo://text/1", "viewer"));
  EXPECT_FALSE(sees(resources, "demo://blob/1", "viewer"));
  EXPECT_TRUE(sees(resource_templates, "demo://text/{id}", "viewer"));
  EXPECT_FALSE(sees(resource_templates, "demo://blob/{id}", "viewer"));
  EXPECT_TRUE(sees(prompts, "p", "viewer"));
  EXPECT_FALSE(sees(prompts, "q", "viewer"));
}

TEST(Visible, FollowsRulesThatNameTheMethodAndOtherwise) {
  const auto denied = policy_of(with_head("rules: [{methods: ['prompts/*'], deny: true}]\notherwise: allow"));
  EXPECT_FALSE(denied->visible(mcp::ListKind::prompts, "p", caller({"use"})));
  EXPECT_TRUE(denied->visible(mcp::ListKind::tools, "t", caller({"use"})));
}

TEST(Visible, HideNeverShowsEverything) {
  const auto policy = policy_of(with_head("hide: never\nrules: [{tools: [x], deny: true}]"));
  EXPECT_TRUE(policy->visible(mcp::ListKind::tools, "x", caller({})));
}

TEST(DefaultPolicy, NeedsOneScopeForEverything) {
  const auto policy = default_policy();
  EXPECT_EQ(policy->name(), "default");
  ASSERT_EQ(policy->scopes().size(), 1u);
  EXPECT_EQ(policy->scopes()[0].first, "mcp:use");
  EXPECT_EQ(policy->default_scopes(), Scopes{"mcp:use"});
  EXPECT_TRUE(policy->includes_plan("anything"));
  EXPECT_EQ(policy->grantable({"mcp:use", "x"}, "any"), Scopes{"mcp:use"});
  for (const auto& message : {tool_call("x", json::object()), resource_read("x://y"), prompt_get("x")}) {
    EXPECT_EQ(verdict_of(*policy, message, caller({"mcp:use"})), Verdict::allow);
    EXPECT_EQ(verdict_of(*policy, message, caller({})), Verdict::step_up);
  }
  EXPECT_EQ(verdict_of(*policy, resource_read("x://y/../z"), caller({"mcp:use"})), Verdict::deny);
  EXPECT_TRUE(policy->visible(mcp::ListKind::tools, "x", caller({"mcp:use"})));
}

// What a document for one token may name.
TEST(Usable, IsWhatTheTokenMayCallWithSomeArguments) {
  const auto policy = policy_of(with_head(
      "roles: {viewer: [read], editor: [read, write]}\n"
      "rules:\n"
      "  - {tools: [read.*], scopes: [read], arguments: {properties: {url: {pattern: \"^https\"}}, required: [url]}}\n"
      "  - {tools: [write.*], scopes: {any: [write, read]}}\n"
      "  - {tools: [edit], roles: [editor]}\n"
      "  - {tools: [plan], plans: [business]}\n"
      "  - {tools: [admin], deny: true}\n"));
  const auto usable = [&](std::string_view tool, const Caller& who) { return policy->usable(tool, who); };
  EXPECT_EQ(usable("read.a", caller({"use", "read"}, "viewer", "free")), (Scopes{"use", "read"}));
  EXPECT_EQ(usable("read.a", caller({"use"}, "viewer", "free")), std::nullopt) << "a scope is missing";
  EXPECT_EQ(usable("read.a", caller({"read"}, "viewer", "free")), std::nullopt) << "it cannot connect";
  EXPECT_EQ(usable("read.a", caller({"use", "read"}, "", "free")), std::nullopt) << "the role may not hold it";
  EXPECT_EQ(usable("write.a", caller({"use", "read"}, "viewer", "free")), (Scopes{"use", "read"}));
  EXPECT_EQ(usable("edit", caller({"use"}, "viewer", "free")), std::nullopt);
  EXPECT_EQ(usable("edit", caller({"use"}, "editor", "free")), Scopes{"use"});
  EXPECT_EQ(usable("plan", caller({"use"}, "viewer", "free")), std::nullopt);
  EXPECT_EQ(usable("plan", caller({"use"}, "viewer", "business")), Scopes{"use"});
  EXPECT_EQ(usable("admin", caller({"use"}, "editor", "free")), std::nullopt);
  EXPECT_EQ(usable("other", caller({"use"}, "editor", "free")), std::nullopt) << "otherwise: deny";
}

TEST(Usable, FollowsHideAndShadow) {
  for (const auto* key : {"hide: never\n", "shadow: true\n"}) {
    const auto policy = policy_of(with_head(std::string(key) + "rules: [{tools: [admin], deny: true}]\n"));
    EXPECT_TRUE(policy->usable("admin", caller({"use"})).has_value()) << key;
  }
}

}  // namespace
}  // namespace postern::policy

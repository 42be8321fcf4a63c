#include "config/text/file_kind.hpp"
#include "unit/policy/support.hpp"

namespace postern::policy {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Document, ReadsEveryKey) {
  const auto policy = policy_of(R"(
policy: ten-x
scopes: {use: Connect, read: Read links, write: Change links}
default_scopes: [use, read]
connect: {any: [use, write]}
plans: [business, agency]
roles: {viewer: [read], editor: [read, write]}
scope_mode: require
rules:
  - {tools: [links.list], scopes: [read], roles: [viewer, editor], plans: [agency], arguments: {type: object}}
  - {resources: ["file:///public/**"], prompts: ["*"], methods: ["tasks/*"], scopes: {any: [read, write]}}
  - {tools: ["admin.*"], deny: true}
otherwise: deny
shadow: false
hide: never
)");
  EXPECT_EQ(policy->name(), "ten-x");
  ASSERT_EQ(policy->scopes().size(), 3u);
  EXPECT_EQ(policy->scopes()[1], std::pair(std::string("read"), std::string("Read links")));
  EXPECT_EQ(policy->default_scopes(), (std::vector<std::string>{"use", "read"}));
  EXPECT_TRUE(policy->includes_plan("agency"));
  EXPECT_FALSE(policy->includes_plan("free"));
}

struct Broken {
  const char* rest;   // after kHead, whose four lines come first
  const char* fault;  // "line:column: …"
};

class BrokenDocument : public testing::TestWithParam<Broken> {};
TEST_P(BrokenDocument, IsAFaultAtItsPlace) {
  EXPECT_THAT(faults_of(with_head(GetParam().rest)), HasSubstr("p.yaml:" + std::string(GetParam().fault)));
}
INSTANTIATE_TEST_SUITE_P(
    Rules, BrokenDocument,
    testing::Values(
        Broken{"rules: [{scopes: [read]}]", "5:9: rules[0] names nothing"},
        Broken{"rules: [{tools: []}]", "5:17: `tools` is empty"},
        Broken{"rules: [{tools: x}]", "5:17: `tools` must be a list"},
        Broken{"rules: [{tools: [x], scopes: [raed]}]", "5:31: the scope `raed` is not among `scopes`"},
        Broken{"rules: [{tools: [x], scopes: []}]", "5:30: `scopes` is empty"},
        Broken{"rules: [{tools: [x], scopes: {any: []}}]", "5:36: `any` is empty"},
        Broken{"rules: [{tools: [x], scopes: {all: [read]}}]", "5:31: unknown key `all`"},
        Broken{"roles: {viewer: [read]}\nrules: [{tools: [x], roles: [editor]}]", "6:30: the role `editor`"},
        Broken{"plans: [pro]\nrules: [{tools: [x], plans: [free]}]", "6:30: the plan `free` is not among `plans`"},
        Broken{"rules: [{tools: [x], deny: true, scopes: [read]}]", "5:28: `deny: true` stands alone"},
        Broken{"rules: [{tools: [x], deny: true, plans: [free]}]", "5:28: `deny: true` stands alone"},
        Broken{"rules: [{tools: [x], deny: maybe}]", "5:28: `deny` must be `true` or `false`"},
        Broken{"rules: [{resources: [x], arguments: {type: object}}]", "5:37: `arguments` fits rules with `tools`"},
        Broken{"rules: [{tools: [x], arguments: {type: objekt}}]", "5:40: `objekt` is no JSON Schema type"},
        Broken{"rules: [{methods: [tools/cal]}]", "5:20: there is no method of MCP that `tools/cal` names"},
        Broken{"rules: [{tools: [x], scope: [read]}]", "5:22: unknown key `scope` in rules[0]: did you mean `scopes`?"},
        Broken{"rules: {tools: [x]}", "5:8: `rules` must be a list"},
        Broken{"rules: [x]", "5:9: rules[0] must be a mapping"}));
INSTANTIATE_TEST_SUITE_P(
    TopLevel, BrokenDocument,
    testing::Values(Broken{"otherwise: perhaps", "5:12: `otherwise` must be `deny` or `allow`"},
                    Broken{"shadow: 1", "5:9: `shadow` must be `true` or `false`"},
                    Broken{"scope_mode: widen", "5:13: `scope_mode` must be `require` or `narrow`"},
                    Broken{"hide: always", "5:7: `hide` must be `unusable` or `never`"},
                    Broken{"plans: []", "5:8: `plans` is empty"},
                    Broken{"roles: {viewer: read}", "5:17: a role names the list"},
                    Broken{"roles: {viewer: [raed]}", "5:18: the scope `raed` is not among"},
                    Broken{"policy: p", "5:1: "}, Broken{"polices: x", "5:1: unknown key `polices`"}));

TEST(Document, EveryKeyMarksAPolicy) {
  for (const auto key : config::kPolicyKeys) {
    EXPECT_THAT(faults_of(std::string(key) + ": x"), Not(HasSubstr("this is not a policy"))) << key;
    EXPECT_THAT(faults_of(std::string(key) + ": x"), Not(HasSubstr("unknown key"))) << key;
  }
  EXPECT_EQ(
      faults_of("root:$y$j9T$hash:19000:0:::\n"),
      "p.yaml:1:1: this is not a policy: the file must be a mapping of keys to values, such as `policy`, `scopes` and "
      "`default_scopes`\n");
}

TEST(Document, AMisspeltRequiredKeyIsReportedOnce) {
  EXPECT_EQ(faults_of("policy: p\nscopes: {a: A}\nconect: [a]\ndefault_scopes: [a]"),
            "p.yaml:3:1: unknown key `conect` in a policy: did you mean `connect`?\n");
}

TEST(Document, ConnectAndDefaultScopesAreRequired) {
  EXPECT_THAT(faults_of("policy: p\nscopes: {a: A}\ndefault_scopes: [a]"), HasSubstr("a policy needs `connect`"));
  EXPECT_THAT(faults_of("policy: p\nscopes: {a: A}\nconnect: [a]"), HasSubstr("a policy needs `default_scopes`"));
  EXPECT_THAT(faults_of("scopes: {a: A}\nconnect: [a]\ndefault_scopes: [a]"), HasSubstr("a policy needs `policy`"));
  EXPECT_THAT(faults_of("policy: p\nscopes: {a: A}\nconnect: []\ndefault_scopes: [a]"),
              HasSubstr("3:10: `connect` is empty"));
  EXPECT_THAT(faults_of("policy: p\nscopes: {}\nconnect: [a]\ndefault_scopes: [a]"), HasSubstr("at least one scope"));
}

TEST(Document, DefaultScopesMustLetIn) {
  EXPECT_THAT(faults_of("policy: p\nscopes: {a: A, b: B}\nconnect: [a]\ndefault_scopes: [b]"),
              HasSubstr("4:17: `default_scopes` must hold what `connect` demands"));
  EXPECT_EQ(faults_of("policy: p\nscopes: {a: A, b: B}\nconnect: {any: [a, b]}\ndefault_scopes: [b]"), "");
}

// RFC 6749 section 3.3.
TEST(Document, ScopeNamesAreScopeTokensWithATextForConsent) {
  EXPECT_THAT(faults_of("policy: p\nscopes: {'a b': A}\nconnect: ['a b']\ndefault_scopes: ['a b']"),
              HasSubstr("p.yaml:2:10: `a b` is no scope name"));
  EXPECT_THAT(faults_of("policy: p\nscopes: {a: ''}\nconnect: [a]\ndefault_scopes: [a]"), HasSubstr("p.yaml:2:13: "));
  EXPECT_THAT(faults_of("policy: p\nscopes: {a: [A]}\nconnect: [a]\ndefault_scopes: [a]"), HasSubstr("p.yaml:2:13: "));
}

TEST(Document, AGlobIsAtMost1024Bytes) {
  const auto rule = [](std::size_t length) { return "rules: [{tools: [" + std::string(length, 'x') + "]}]"; };
  EXPECT_EQ(faults_of(with_head(rule(1024))), "");
  EXPECT_THAT(faults_of(with_head(rule(1025))), HasSubstr("5:18: this is longer than 1024 bytes"));
}

TEST(Document, Attack4ARuleForAHostBeyondAsciiIsAFault) {
  for (const auto* uri : {"https://m\xC3\xBCller.test/**", "https://m%C3%BCller.test/**", "db://m\xC3\xBCller/**"})
    EXPECT_THAT(
        faults_of(with_head("rules: [{resources: ['" + std::string(uri) + "'], deny: true}]\notherwise: allow")),
        HasSubstr("5:22: the host in"))
        << uri;
  EXPECT_EQ(
      faults_of(with_head(
          "rules: [{resources: ['https://xn--mller-kva.test/\xC3\xBC', 'file:///\xC3\xBC', 'db://**\xC3\xBC']}]")),
      "");
}

TEST(Document, AllFaultsAreToldAtOnce) {
  const auto faults = faults_of(with_head("otherwise: perhaps\nshadow: 1\nrules: [{tools: []}, {}]"));
  EXPECT_THAT(faults, HasSubstr("5:12"));
  EXPECT_THAT(faults, HasSubstr("6:9"));
  EXPECT_THAT(faults, HasSubstr("7:17"));
  EXPECT_THAT(faults, HasSubstr("rules[1]"));
}

TEST(Document, AFileThatCannotBeReadIsAFault) {
  const auto loaded = policy::load("missing.yaml", sources_of());
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().to_string(), "missing.yaml:1:1: cannot read this policy file: there is no such file\n");
}

}  // namespace
}  // namespace postern::policy

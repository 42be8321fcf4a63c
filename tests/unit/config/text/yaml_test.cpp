#include "config/text/yaml.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/config/fake_sources.hpp"

namespace postern::config {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Yaml : public ::testing::Test {
 protected:
  std::optional<Value> parse(std::string_view text) {
    return parse_yaml(text, "/etc/p.yaml", fake_.sources(), faults_);
  }
  std::string refusal(std::string_view text) {
    EXPECT_FALSE(parse(text)) << text;
    return faults_.to_string();
  }

  FakeSources fake_;
  Faults faults_;
};

TEST_F(Yaml, BuildsATreeWithPositions) {
  const auto root = parse("a: 1\nb:\n  - x\n  - {c: 'd'}\n");
  ASSERT_TRUE(root);
  EXPECT_EQ(root->kind, Value::Kind::map);
  EXPECT_EQ(root->find("a")->scalar, "1");
  EXPECT_FALSE(root->find("a")->quoted);
  const auto& list = *root->find("b");
  ASSERT_EQ(list.items.size(), 2U);
  EXPECT_EQ(to_string(list.items[0].at), "/etc/p.yaml:3:5");
  EXPECT_EQ(to_string(list.items[1].entries[0].at), "/etc/p.yaml:4:6");
  EXPECT_TRUE(list.items[1].find("c")->quoted);
  EXPECT_EQ(to_string(list.items[1].find("c")->at), "/etc/p.yaml:4:9");
  EXPECT_EQ(root->find("zz"), nullptr);
}

TEST_F(Yaml, ColumnsCountCharactersNotBytes) {
  const auto root = parse("{ä: ö, b: c}");
  ASSERT_TRUE(root) << faults_.to_string();
  EXPECT_EQ(root->find("b")->at.column, 11);
}

TEST_F(Yaml, AByteOrderMarkIsSkipped) {
  const auto root = parse(
      "\xEF\xBB\xBF"
      "a: 1\n");
  ASSERT_TRUE(root) << faults_.to_string();
  EXPECT_EQ(root->entries[0].at.column, 1);
}

TEST_F(Yaml, WindowsLineEndsAreLineEnds) {
  const auto root = parse("a: 1\r\nb: 2\r\n");
  ASSERT_TRUE(root) << faults_.to_string();
  EXPECT_EQ(root->find("a")->scalar, "1");
  EXPECT_EQ(root->find("b")->at.line, 2);
}

TEST_F(Yaml, AnEmptyTextIsANullValue) {
  const auto root = parse("# nothing\n");
  ASSERT_TRUE(root);
  EXPECT_EQ(root->kind, Value::Kind::null);
}

TEST_F(Yaml, DoubledKeysAreFaultsWithBothPositions) {
  EXPECT_EQ(refusal("a: 1\nb: 2\na: 3\n"),
            "/etc/p.yaml:3:1: `a` is given twice in one mapping; the first is at /etc/p.yaml:1:1\n");
}

TEST_F(Yaml, TheSameKeyInTwoMappingsIsFine) { EXPECT_TRUE(parse("x: {a: 1}\ny: {a: 1}\n")); }

TEST_F(Yaml, AnchorsAreFaults) { EXPECT_THAT(refusal("a: &x 1\n"), HasSubstr("/etc/p.yaml:1:4: anchors")); }

TEST_F(Yaml, AliasesAreFaultsAndNeverExpanded) {
  EXPECT_THAT(refusal("a: &x [1, 1]\nb: &y [*x, *x]\nc: [*y, *y]\n"), HasSubstr("/etc/p.yaml:3:5: aliases"));
}

TEST_F(Yaml, AMappingThatHoldsItselfIsAFault) { EXPECT_THAT(refusal("a: &x {b: *x}\n"), HasSubstr("aliases")); }

TEST_F(Yaml, MergeKeysAreFaults) { EXPECT_THAT(refusal("a:\n  <<: {b: 1}\n"), HasSubstr("p.yaml:2:3: merge keys")); }

TEST_F(Yaml, TagsAreFaults) {
  EXPECT_THAT(refusal("a: !!str 1\n"), HasSubstr("p.yaml:1:4: tags"));
  EXPECT_THAT(refusal("a: ! 1\n"), HasSubstr("p.yaml:1:4: tags"));
  EXPECT_THAT(refusal("a: !custom {b: 1}\n"), HasSubstr("p.yaml:1:4: tags"));
}

TEST_F(Yaml, ASecondDocumentIsAFault) { EXPECT_THAT(refusal("a: 1\n---\nb: 2\n"), HasSubstr("a second document")); }

TEST_F(Yaml, AKeyThatLooksLikeNoKeyIsNotRepeated) {
  EXPECT_EQ(refusal("\"c\\n\\e[2K\": 1\n\"c\\n\\e[2K\": 2\n"),
            "/etc/p.yaml:2:1: this key is given twice in one mapping; the first is at /etc/p.yaml:1:1\n");
}

TEST_F(Yaml, MappingsAndListsAreNoKeys) {
  EXPECT_THAT(refusal("? [a]\n: 1\n"), HasSubstr("a key must be a plain word"));
  EXPECT_THAT(refusal("? {a: 1}\n: 1\n"), HasSubstr("a key must be a plain word"));
  EXPECT_THAT(refusal("~: 1\n"), HasSubstr("a key must be a plain word"));
}

TEST_F(Yaml, BrokenSyntaxIsAFaultWithItsPosition) {
  EXPECT_THAT(refusal("a: [1, 2\nb: 3\n"), HasSubstr("this is not YAML: end of sequence flow not found"));
  EXPECT_THAT(refusal("a: 1\n b: 2\n"), HasSubstr("/etc/p.yaml:2:3: this is not YAML"));
}

TEST_F(Yaml, ATabInTheIndentationIsNamed) {
  EXPECT_THAT(refusal("a:\n  b: 1\n\tc: 2\n"), HasSubstr("indent with blanks, not tabs"));
}

TEST_F(Yaml, AnUnquotedVariableInsideBracesIsExplained) {
  EXPECT_THAT(refusal("a: {b: ${X}}\n"), HasSubstr("write ${…} in quotes"));
}

TEST_F(Yaml, ControlCharactersAreFaults) {
  EXPECT_THAT(refusal(std::string_view("a: 1\nb: \0\n", 10)), HasSubstr("/etc/p.yaml:2:4: a control character"));
  // yaml-cpp would take this one for the end of the file and drop what follows.
  EXPECT_THAT(refusal("a: 1\n\x04\nb: 2\n"), HasSubstr("/etc/p.yaml:2:1: a control character"));
  EXPECT_THAT(refusal("a: 1\rb: 2\n"), HasSubstr("a control character"));
}

TEST_F(Yaml, OtherEncodingsAreFaults) {
  EXPECT_THAT(refusal("a: 1\nb: \xE4\n"), HasSubstr("/etc/p.yaml:2:1: this line is not UTF-8"));
  EXPECT_THAT(refusal(std::string_view("\xFF\xFE"
                                       "a\0:\0",
                                       6)),
              HasSubstr("not UTF-8"));
}

TEST_F(Yaml, LimitsAreKept) {
  EXPECT_THAT(refusal(std::string(4 * 1024 * 1024 + 1, ' ')), HasSubstr("larger than 4 MiB"));
  EXPECT_THAT(refusal(std::string(65, '[') + std::string(65, ']')), HasSubstr("64 levels"));
  EXPECT_TRUE(parse(std::string(64, '[') + std::string(64, ']')));
  std::string many;
  for (int i = 0; i < 200'001; ++i) many += "- 1\n";
  EXPECT_THAT(refusal(many), HasSubstr("200,000 values"));
}

TEST_F(Yaml, FaultsAreNotCollectedWithoutEnd) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "- &a 1\n";
  EXPECT_FALSE(parse(text));
  EXPECT_EQ(faults_.all().size(), 100U);
}

TEST_F(Yaml, VariablesAreFilledIn) {
  fake_.variables = {{"HOST", "h.test"}, {"EMPTY", ""}};
  const auto root =
      parse("a: https://${HOST}/x/${HOST}\nb: ${NONE:-d e:f}\nc: ${EMPTY}\nd: ${EMPTY:-x}\ne: ${NONE:-}\n");
  ASSERT_TRUE(root) << faults_.to_string();
  EXPECT_EQ(root->find("a")->scalar, "https://h.test/x/h.test");
  EXPECT_EQ(root->find("a")->written, "https://${HOST}/x/${HOST}");
  EXPECT_TRUE(root->find("a")->filled);
  EXPECT_EQ(root->find("b")->scalar, "d e:f");
  EXPECT_EQ(root->find("c")->scalar, "");
  EXPECT_EQ(root->find("d")->scalar, "x");
  EXPECT_EQ(root->find("e")->scalar, "");
}

TEST_F(Yaml, WhatIsFilledInIsNeverReadAsYamlNorFilledAgain) {
  fake_.variables = {{"EVIL", "x\nadmin: true # {a: [b]} ${OTHER} *y"}, {"OTHER", "no"}};
  const auto root = parse("a: \"${EVIL}\"\n");
  ASSERT_TRUE(root) << faults_.to_string();
  EXPECT_EQ(root->entries.size(), 1U);
  EXPECT_EQ(root->find("a")->scalar, fake_.variables["EVIL"]);
}

TEST_F(Yaml, AnUnsetVariableIsNamed) {
  EXPECT_EQ(refusal("a:\n  b: ${NOPE}\n"),
            "/etc/p.yaml:2:6: the variable `NOPE` is not set: set it, or write ${NOPE:-default}\n");
}

TEST_F(Yaml, KeysAndCommentsAreNotFilledIn) {
  const auto root = parse("# ${NOPE}\n\"${NOPE}\": 1\n");
  ASSERT_TRUE(root) << faults_.to_string();
  EXPECT_EQ(root->entries[0].key, "${NOPE}");
}

TEST_F(Yaml, MalformedReferencesAreFaults) {
  for (const auto* text : {"${}", "${1A}", "${A-b}", "${A:-${B}}", "${A B}", "${A:b}"}) {
    faults_ = {};
    EXPECT_THAT(refusal(std::string("a: \"") + text + "\"\n"), HasSubstr("only ${NAME} and ${NAME:-default}")) << text;
  }
  faults_ = {};
  EXPECT_THAT(refusal("a: \"${A\"\n"), HasSubstr("a ${ without its }"));
}

TEST_F(Yaml, ADoubledDollarIsALiteralOne) {
  const auto root = parse("a: \"$${NOPE} $ $$ {x}\"\n");
  ASSERT_TRUE(root) << faults_.to_string();
  EXPECT_EQ(root->find("a")->scalar, "${NOPE} $ $$ {x}");
  EXPECT_FALSE(root->find("a")->filled);
}

TEST_F(Yaml, AVariableThatIsNotTextIsAFaultWithoutItsValue) {
  fake_.variables = {{"BIN", "s3cret\xFF"}};
  const auto message = refusal("a: ${BIN}\n");
  EXPECT_THAT(message, HasSubstr("`BIN` does not hold UTF-8 text"));
  EXPECT_THAT(message, Not(HasSubstr("s3cret")));
}

TEST_F(Yaml, AFileFillsAScalarAndLosesItsLastLineEnd) {
  fake_.files = {{"/etc/keys/token", "abc\n"}, {"/run/dos", "abc\r\n"}, {"/run/two", "abc\n\n"}};
  const auto root = parse("a: {file: keys/token}\nb: {file: /run/dos}\nc: {file: /run/two}\n");
  ASSERT_TRUE(root) << faults_.to_string();
  EXPECT_EQ(scalar_text(*root->find("a"), "a", faults_), "abc");
  EXPECT_EQ(scalar_text(*root->find("b"), "b", faults_), "abc");
  EXPECT_EQ(scalar_text(*root->find("c"), "c", faults_), "abc\n");
}

TEST_F(Yaml, AFileThatCannotBeReadIsAFaultOnlyWhereItsTextIsWanted) {
  const auto root = parse("log: {file: logs/x}\n");
  ASSERT_TRUE(root) << faults_.to_string();
  EXPECT_TRUE(faults_.empty());
  EXPECT_EQ(scalar_text(*root->find("log"), "log", faults_), std::nullopt);
  EXPECT_EQ(faults_.to_string(),
            "/etc/p.yaml:1:6: cannot read the file named by `{file: logs/x}`: there is no such file\n");
}

TEST_F(Yaml, AMappingWithMoreThanFileStandsForNoText) {
  fake_.files = {{"/x", "abc"}};
  const auto root = parse("a: {file: /x, more: 1}\n");
  ASSERT_TRUE(root);
  EXPECT_EQ(scalar_text(*root->find("a"), "a", faults_), std::nullopt);
  EXPECT_THAT(faults_.to_string(), HasSubstr("`a` must be a single value, not a mapping"));
}

TEST(Faults, AreListedInOrderOfPosition) {
  Faults faults;
  faults.add({"f", 10, 1}, "c");
  faults.add({"f", 2, 11}, "b");
  faults.add({"f", 2, 2}, "a");
  EXPECT_EQ(faults.to_string(), "f:2:2: a\nf:2:11: b\nf:10:1: c\n");
}

}  // namespace
}  // namespace postern::config

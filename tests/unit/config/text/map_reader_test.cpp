#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/text/yaml.hpp"
#include "unit/config/fake_sources.hpp"

namespace postern::config {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class Reading : public ::testing::Test {
 protected:
  MapReader& read(std::string_view text) {
    faults_ = {};
    root_ = parse_yaml(text, "p", fake_.sources(), faults_);
    EXPECT_TRUE(root_) << faults_.to_string();
    reader_.emplace(*root_, "thing", faults_);
    return *reader_;
  }
  std::string faults() const { return faults_.to_string(); }

  FakeSources fake_;
  Faults faults_;
  std::optional<Value> root_;
  std::optional<MapReader> reader_;
};

TEST_F(Reading, AnAbsentKeyKeepsTheDefault) {
  auto& reader = read("{}");
  std::string text = "default";
  bool flag = true;
  std::size_t number = 7;
  EXPECT_FALSE(reader.string("a", text));
  reader.boolean("b", flag);
  reader.count("c", number, 1, 9);
  EXPECT_EQ(text, "default");
  EXPECT_TRUE(flag);
  EXPECT_EQ(number, 7U);
  EXPECT_TRUE(faults_.empty());
}

TEST_F(Reading, AMissingRequiredKeyIsNamed) {
  std::string text;
  read("x: 1").string("a", text, true);
  EXPECT_EQ(faults(), "p:1:1: thing needs `a`\n");
}

TEST_F(Reading, AMisspeltRequiredKeyIsReportedOnce) {
  std::string text;
  auto& reader = read("upstrem: x\ncolour: red");
  reader.string("upstream", text, true);
  reader.string("issuer", text, true);
  reader.finish();
  EXPECT_EQ(faults(),
            "p:1:1: thing needs `issuer`\n"
            "p:1:1: unknown key `upstrem` in thing: did you mean `upstream`?\n"
            "p:2:1: unknown key `colour` in thing\n");
  EXPECT_THAT(reader.misspelt(), ElementsAre("upstream"));
}

TEST_F(Reading, AHintNamesNothingThatIsGivenAlreadyOrNotTaken) {
  std::string text;
  auto& reader = read("name: x\nnames: y\npolice: z");
  reader.string("name", text);
  reader.unsupported("police2", "no");
  reader.finish();
  EXPECT_EQ(faults(), "p:2:1: unknown key `names` in thing\np:3:1: unknown key `police` in thing\n");
}

TEST_F(Reading, AWordThatIsNotTakenHasASentenceOfItsOwn) {
  std::size_t index = 0;
  auto& reader = read("a: old\nb: opn\nc: x");
  for (const auto* key : {"a", "b", "c"}) {
    EXPECT_FALSE(reader.choice(key, index, {"open", "closed"}, {{"old", "`old` is gone: write `open`"}}));
  }
  EXPECT_EQ(faults(),
            "p:1:4: `old` is gone: write `open`\n"
            "p:2:4: `b` must be `open` or `closed`, not `opn`: did you mean `open`?\n"
            "p:3:4: `c` must be `open` or `closed`, not `x`\n");
}

TEST_F(Reading, WhatMayBeClearedIsEmptyOrNull) {
  auto& reader = read("a: ''\nb:\nc: x\nd: [x]");
  EXPECT_EQ(reader.text_or_cleared("a")->value, "");
  EXPECT_EQ(reader.text_or_cleared("b")->value, "");
  EXPECT_EQ(reader.text_or_cleared("c")->value, "x");
  EXPECT_FALSE(reader.text_or_cleared("d"));
  EXPECT_FALSE(reader.text_or_cleared("e"));
  reader.finish();
  EXPECT_EQ(faults(), "p:4:4: `d` must be a single value, not a list\n");
}

TEST_F(Reading, AFaultIsOneLineWhateverTheFileSpells) {
  bool flag = false;
  read("a: \"c\\n\\e[2K\"").boolean("a", flag);
  EXPECT_EQ(faults(), "p:1:4: `a` must be `true` or `false`, not `c\\x0a\\x1b[2K`\n");
}

TEST_F(Reading, AKeyThatLooksLikeNoKeyIsNotRepeated) {
  auto& reader = read("a: 1\n\"root:$y$j9T$hash:19000\": 2");
  std::string text;
  reader.string("a", text);
  reader.finish();
  EXPECT_EQ(faults(), "p:2:1: unknown key (not shown: it does not look like one) in thing\n");
}

TEST_F(Reading, AKeyWithoutAValueIsAFault) {
  std::string text;
  read("a:\n").string("a", text);
  EXPECT_EQ(faults(), "p:1:1: `a` has no value: give one or remove the key\n");
}

TEST_F(Reading, AnEmptyTextIsAFault) {
  std::string text;
  read("a: ''").string("a", text);
  EXPECT_THAT(faults(), HasSubstr("p:1:4: `a` is empty"));
}

TEST_F(Reading, UnknownKeysAreFaultsWithTheNearestName) {
  std::string text;
  auto& reader = read("upstrem: x\ncolour: y\n");
  reader.string("upstream", text);
  reader.finish();
  EXPECT_EQ(faults(),
            "p:1:1: unknown key `upstrem` in thing: did you mean `upstream`?\n"
            "p:2:1: unknown key `colour` in thing\n");
}

TEST_F(Reading, SomethingElseThanAMappingIsOneFault) {
  std::string text;
  auto& reader = read("[a]");
  reader.string("a", text, true);
  reader.finish();
  EXPECT_EQ(faults(), "p:1:1: thing must be a mapping of keys to values\n");
}

TEST_F(Reading, TruthIsTrueOrFalseOnly) {
  bool flag = false;
  read("a: true").boolean("a", flag);
  EXPECT_TRUE(flag);
  for (const auto* text : {"a: yes", "a: True", "a: 1", "a: \"true\"", "a: on"}) {
    read(text).boolean("a", flag);
    EXPECT_THAT(faults(), HasSubstr("`a` must be `true` or `false`, not `")) << text;
  }
}

TEST_F(Reading, CountsArePlainWholeNumbersInRange) {
  std::size_t number = 0;
  read("a: 12").count("a", number, 1, 12);
  EXPECT_EQ(number, 12U);
  for (const auto* text : {"a: 13", "a: 0", "a: -1", "a: 1.0", "a: 0x1", "a: \"5\"", "a: 1e1", "a: [1]"}) {
    read(text).count("a", number, 1, 12);
    EXPECT_FALSE(faults_.empty()) << text;
  }
  EXPECT_EQ(number, 12U);
}

TEST_F(Reading, AFilledInNumberCountsEvenInQuotes) {
  fake_.variables = {{"N", "5"}};
  std::size_t number = 0;
  read("{a: \"${N}\"}").count("a", number, 1, 12);
  EXPECT_EQ(number, 5U);
}

TEST_F(Reading, DurationsCarryTheirUnit) {
  Duration value{};
  const std::pair<const char*, Duration> good[] = {
      {"500ms", 500ms}, {"30s", 30s}, {"10m", 10min}, {"12h", 12h}, {"30d", 30 * 24h}};
  for (const auto& [text, wanted] : good) {
    read(std::string("a: ") + text).duration("a", value, 0s, 365 * 24h);
    EXPECT_EQ(value, wanted) << text;
  }
  for (const auto* text : {"10", "10 m", "1.5h", "m", "-1s", "1h30m", "10M", "9999999999999999999d", "366d"}) {
    read(std::string("a: ") + text).duration("a", value, 0s, 365 * 24h);
    EXPECT_THAT(faults(), HasSubstr("must be a duration such as")) << text;
  }
}

TEST_F(Reading, SizesAreBytesOrBinaryUnits) {
  std::size_t value = 0;
  const std::pair<const char*, std::size_t> good[] = {
      {"512", 512}, {"16KiB", 16384}, {"4MiB", 4194304}, {"1GiB", 1073741824}};
  for (const auto& [text, wanted] : good) {
    read(std::string("a: ") + text).size("a", value, 1, 1UL << 40);
    EXPECT_EQ(value, wanted) << text;
  }
  for (const auto* text : {"4MB", "4 MiB", "4M", "0", "-1", "17179869184GiB"}) {
    read(std::string("a: ") + text).size("a", value, 1, 1UL << 40);
    EXPECT_THAT(faults(), HasSubstr("must be a size such as")) << text;
  }
}

TEST_F(Reading, AListThatRestrictsIsNeverEmpty) {
  std::vector<std::string> list{"default"};
  read("a: []").strings("a", list);
  EXPECT_THAT(faults(), HasSubstr("p:1:4: `a` is empty"));
  EXPECT_THAT(list, ElementsAre("default"));
  read("a: [x, '']").strings("a", list);
  EXPECT_THAT(faults(), HasSubstr("p:1:8: `a item` is empty"));
  read("a: []").strings_or_none("a", list);
  EXPECT_TRUE(faults_.empty());
  EXPECT_TRUE(list.empty());
}

TEST_F(Reading, ALiteralScalarIsNoList) {
  std::vector<std::string> list;
  read("a: x,y").strings("a", list);
  EXPECT_THAT(faults(), HasSubstr("`a` must be a list"));
}

TEST_F(Reading, AFilledInScalarSplitsOnCommasWhereAListIsExpected) {
  fake_.variables = {{"DOMAINS", "a.test, b.test,"}, {"NOTHING", " , "}};
  fake_.files = {{"/d", "c.test,d.test\n"}};
  std::vector<std::string> list;
  read("a: ${DOMAINS}").strings("a", list);
  EXPECT_THAT(list, ElementsAre("a.test", "b.test"));
  read("a: {file: /d}").strings("a", list);
  EXPECT_THAT(list, ElementsAre("c.test", "d.test"));
  read("a: ${NOTHING}").strings("a", list);
  EXPECT_THAT(faults(), HasSubstr("`a` is empty"));
  EXPECT_THAT(list, ElementsAre("c.test", "d.test"));
}

TEST_F(Reading, ItemsOfAListAreNotSplit) {
  fake_.variables = {{"TWO", "a,b"}};
  std::vector<std::string> list;
  read("a: [\"${TWO}\"]").strings("a", list);
  EXPECT_THAT(list, ElementsAre("a,b"));
}

TEST_F(Reading, AChoiceIsOneOfItsWords) {
  std::size_t index = 9;
  EXPECT_TRUE(read("a: closed").choice("a", index, {"open", "closed"}));
  EXPECT_EQ(index, 1U);
  EXPECT_FALSE(read("a: shut").choice("a", index, {"open", "closed", "ajar"}));
  EXPECT_THAT(faults(), HasSubstr("`a` must be `open`, `closed` or `ajar`, not `shut`"));
}

TEST_F(Reading, AFilledInValueNeverAppearsInAFault) {
  fake_.variables = {{"S", "hunter2"}};
  fake_.files = {{"/s", "hunter2"}};
  bool flag{};
  std::size_t number{};
  Duration duration{};
  for (const auto* text : {"a: ${S}", "a: {file: /s}"}) {
    auto& reader = read(text);
    reader.boolean("a", flag);
    reader.count("a", number, 1, 2);
    reader.duration("a", duration, 1s, 2s);
    reader.size("a", number, 1, 2);
    reader.choice("a", number, {"b"});
    EXPECT_EQ(faults_.all().size(), 5U);
    EXPECT_THAT(faults(), Not(HasSubstr("hunter2")));
  }
}

TEST_F(Reading, SecretsComeFromVariablesAndFiles) {
  fake_.variables = {{"S", "hunter2"}};
  fake_.files = {{"/s", "hunter3\n"}};
  Secret secret;
  EXPECT_TRUE(read("a: ${S}").secret("a", secret));
  EXPECT_EQ(secret.reveal(), "hunter2");
  EXPECT_TRUE(read("a: {file: /s}").secret("a", secret));
  EXPECT_EQ(secret.reveal(), "hunter3");
}

TEST_F(Reading, AnUnsupportedKeyIsRefusedByNameAndOnlyWhenGiven) {
  auto& reader = read("command: [x]\n");
  reader.unsupported("command", "`command` is not supported yet: give `urls`");
  reader.unsupported("sse", "`sse` is not supported yet");
  reader.finish();
  EXPECT_EQ(faults(), "p:1:1: `command` is not supported yet: give `urls`\n");
}

TEST(Units, ArePrintedInTheLargestThatDivides) {
  EXPECT_EQ(format_duration(90s), "90s");
  EXPECT_EQ(format_duration(10min), "10m");
  EXPECT_EQ(format_duration(24h), "1d");
  EXPECT_EQ(format_duration(1500ms), "1500ms");
  EXPECT_EQ(format_duration(0s), "0s");
  EXPECT_EQ(format_size(4 * 1024 * 1024), "4MiB");
  EXPECT_EQ(format_size(1000), "1000");
}

}  // namespace
}  // namespace postern::config

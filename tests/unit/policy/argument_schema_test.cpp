#include "policy/argument_schema.hpp"

#include "unit/policy/support.hpp"

namespace postern::policy {
namespace {

using nlohmann::json;

std::shared_ptr<const ArgumentSchema> schema_of(std::string_view yaml, config::Faults& faults) {
  const auto root = config::parse_yaml(yaml, "s.yaml", sources_of(), faults);
  return root ? ArgumentSchema::compile(*root, faults) : nullptr;
}

// Where the arguments break the schema; empty when they hold.
std::string check(std::string_view yaml, const char* arguments) {
  config::Faults faults;
  const auto schema = schema_of(yaml, faults);
  EXPECT_TRUE(faults.empty()) << faults.to_string();
  return schema->violation(json::parse(arguments));
}

std::string faults_in(std::string_view yaml) {
  config::Faults faults;
  schema_of(yaml, faults);
  return faults.to_string();
}

struct Row {
  const char* schema;  // of the argument x
  const char* holds;
  const char* breaks;
};

class Keyword : public testing::TestWithParam<Row> {};
TEST_P(Keyword, LetsPassAndRefuses) {
  const auto schema = "{properties: {x: " + std::string(GetParam().schema) + "}}";
  EXPECT_EQ(check(schema, ("{\"x\":" + std::string(GetParam().holds) + "}").c_str()), "");
  EXPECT_NE(check(schema, ("{\"x\":" + std::string(GetParam().breaks) + "}").c_str()), "");
}
INSTANTIATE_TEST_SUITE_P(
    All, Keyword,
    testing::Values(Row{"{type: object}", "{}", "[]"}, Row{"{type: array}", "[]", "{}"},
                    Row{"{type: string}", "\"1\"", "1"}, Row{"{type: boolean}", "true", "1"},
                    Row{"{type: 'null'}", "null", "0"}, Row{"{type: number}", "1.5", "\"1\""},
                    Row{"{type: integer}", "1.0", "1.5"}, Row{"{type: integer}", "-3", "\"3\""},
                    Row{"{type: integer}", "1e300", "0.1"}, Row{"{type: [string, 'null']}", "null", "1"},
                    Row{"{enum: [a, 2, true]}", "2", "\"2\""}, Row{"{enum: [a, 2, true]}", "true", "false"},
                    Row{"{const: 1}", "1.0", "true"}, Row{"{const: 'true'}", "\"true\"", "true"},
                    Row{"{const: [1, {a: b}]}", "[1,{\"a\":\"b\"}]", "[1,{\"a\":\"c\"}]"},
                    Row{"{minLength: 2}", "\"äö\"", "\"ä\""}, Row{"{maxLength: 2}", "\"äö\"", "\"äöü\""},
                    Row{"{minItems: 1}", "[1]", "[]"}, Row{"{maxItems: 1}", "[1]", "[1,2]"},
                    Row{"{minimum: 1}", "1", "0.9"}, Row{"{maximum: 1}", "1", "1.1"},
                    Row{"{exclusiveMinimum: 1}", "1.1", "1"}, Row{"{exclusiveMaximum: 1}", "0.9", "1"},
                    Row{"{pattern: '^https://'}", "\"https://x\"", "\"http://x\""},
                    Row{"{pattern: 'b'}", "\"abc\"", "\"ac\""}, Row{"{pattern: '^a$'}", "\"a\"", "\"a\\n\""},
                    Row{"{items: {type: string}}", "[\"a\"]", "[\"a\",1]"}, Row{"{required: [a]}", "{\"a\":1}", "{}"},
                    Row{"{properties: {a: {const: 1}}, additionalProperties: false}", "{\"a\":1}", "{\"a\":1,\"b\":1}"},
                    Row{"{additionalProperties: {type: string}}", "{\"a\":\"\"}", "{\"a\":1}"},
                    Row{"{properties: {file: {type: string}}}", "{\"file\":\"a\"}", "{\"file\":1}"},
                    Row{"{allOf: [{minimum: 1}, {maximum: 2}]}", "2", "3"},
                    Row{"{anyOf: [{const: 1}, {type: string}]}", "\"a\"", "2"},
                    Row{"{not: {const: admin}}", "\"user\"", "\"admin\""}));

TEST(ArgumentSchema, TrueLetsEverythingPassAndFalseNothing) {
  EXPECT_EQ(check("{properties: {x: true}}", R"({"x":1})"), "");
  EXPECT_EQ(check("{properties: {x: false}}", R"({"x":1})"), "arguments.x");
  EXPECT_EQ(check("{properties: {x: false}}", "{}"), "");
}

TEST(ArgumentSchema, SaysWhereWithoutTheValueOrTheNameOfAnUnknownMember) {
  EXPECT_EQ(check("{properties: {a: {properties: {b: {const: 1}}}}}", R"({"a":{"b":"secret"}})"), "arguments.a.b");
  EXPECT_EQ(check("{properties: {a: {items: {type: string}}}}", R"({"a":["x",1]})"), "arguments.a[]");
  EXPECT_EQ(check("{required: [a]}", "{}"), "arguments.a");
  EXPECT_EQ(check("{properties: {a: true}, additionalProperties: false}", R"({"secret":1})"), "arguments");
}

TEST(ArgumentSchema, ArgumentsThatAreNoObjectBreakEverySchema) {
  EXPECT_EQ(check("{properties: {url: {pattern: '^https://'}}}", R"(["http://x"])"), "arguments");
  EXPECT_EQ(check("{not: {required: [a]}}", "1"), "arguments");
}

// A server that turns what it gets into text would take each of these for http://x.
TEST(ArgumentSchema, AKeywordDemandsTheKindOfValueItSpeaksOf) {
  const auto* schema = "{properties: {url: {pattern: '^https://'}}}";
  EXPECT_EQ(check(schema, R"({"url":["http://x"]})"), "arguments.url");
  EXPECT_EQ(check(schema, R"({"url":{"href":"http://x"}})"), "arguments.url");
  EXPECT_EQ(check(schema, R"({"url":null})"), "arguments.url");
  EXPECT_EQ(check("{properties: {n: {maximum: 5}}}", R"({"n":"6"})"), "arguments.n");
}

TEST(ArgumentSchema, TypeSaysWhichOtherKindsMayPass) {
  EXPECT_EQ(check("{properties: {url: {type: [string, 'null'], pattern: '^https://'}}}", R"({"url":null})"), "");
}

TEST(ArgumentSchema, InsideNotAKeywordTakesEveryOtherKindForAMatch) {
  const auto* schema = "{properties: {url: {not: {pattern: '^http://internal'}}}}";
  EXPECT_EQ(check(schema, R"({"url":"https://x"})"), "");
  EXPECT_EQ(check(schema, R"({"url":"http://internal/"})"), "arguments.url");
  EXPECT_EQ(check(schema, R"({"url":["http://internal/"]})"), "arguments.url");
  EXPECT_EQ(check("{properties: {x: {not: {not: {pattern: a}}}}}", R"({"x":["a"]})"), "arguments.x");
}

TEST(ArgumentSchema, AMemberThatDiffersByCaseOnlyIsRefused) {
  EXPECT_EQ(check("{properties: {url: {pattern: '^https://'}}}", R"({"url":"https://x","URL":"http://x"})"),
            "arguments");
  EXPECT_EQ(check("{required: [url]}", R"({"url":"https://x","Url":"http://x"})"), "arguments");
  EXPECT_EQ(check("{not: {properties: {mode: {const: admin}}}}", R"({"mode":"user","Mode":"admin"})"), "arguments");
  EXPECT_EQ(check("{properties: {id: true, ID: true}}", R"({"id":1,"ID":2})"), "");
}

TEST(ArgumentSchema, AMemberThatDiffersByCaseOnlyIsSeenInEveryBranch) {
  const auto* any = "{anyOf: [{required: [kind]}, {properties: {path: {pattern: '^/public/'}}}]}";
  EXPECT_EQ(check(any, R"({"kind":"x","path":"/public/a"})"), "");
  EXPECT_EQ(check(any, R"({"kind":"x","path":"/public/a","Path":"/etc/passwd"})"), "arguments")
      << "though the first branch holds";
  EXPECT_EQ(check(any, R"({"path":"/public/a","Kind":"x"})"), "arguments") << "though the second branch holds";
  const auto* all = "{allOf: [{required: [kind]}, {properties: {path: {pattern: '^/public/'}}}]}";
  EXPECT_EQ(check(all, R"({"kind":"x","path":"/public/a","Path":"/etc/passwd"})"), "arguments");
  const auto* nested = "{properties: {files: {items: {anyOf: [{required: [kind]}, {properties: {path: true}}]}}}}";
  EXPECT_EQ(check(nested, R"({"files":[{"kind":"x"},{"kind":"x","path":"a","PATH":"b"}]})"), "arguments");
}

// What breaks the inner schema for one reader may hold for another, whichever member is looked at first.
TEST(ArgumentSchema, InsideNotAMemberThatDiffersByCaseOnlyIsSeenThoughTheSchemaIsBroken) {
  EXPECT_EQ(check("{not: {required: [admin]}}", R"({"user":true})"), "");
  EXPECT_EQ(check("{not: {required: [admin]}}", R"({"Admin":true})"), "arguments");
  EXPECT_EQ(check("{not: {properties: {users: {const: all}}}}", R"({"users":"none"})"), "");
  EXPECT_EQ(check("{not: {properties: {users: {const: all}}}}", "{\"users\":\"none\",\"u\u017Fers\":\"all\"}"),
            "arguments");
}

TEST(ArgumentSchema, LargeIntegersAreComparedExactly) {
  EXPECT_NE(check("{properties: {x: {const: -1}}}", R"({"x":18446744073709551615})"), "");
  EXPECT_NE(check("{properties: {x: {enum: [[-1]]}}}", R"({"x":[18446744073709551615]})"), "");
  EXPECT_NE(check("{properties: {x: {const: {a: -1}}}}", R"({"x":{"a":18446744073709551615}})"), "");
  EXPECT_NE(check("{properties: {x: {const: 9007199254740993}}}", R"({"x":9007199254740992})"), "");
  EXPECT_NE(check("{properties: {x: {const: 9007199254740993}}}", R"({"x":9007199254740992.0})"), "");
  EXPECT_NE(check("{properties: {x: {enum: [9007199254740992.0]}}}", R"({"x":9007199254740993})"), "");
  EXPECT_EQ(check("{properties: {x: {const: 9007199254740993}}}", R"({"x":9007199254740993})"), "");
  EXPECT_EQ(check("{properties: {x: {const: 5}}}", R"({"x":5})"), "");
}

TEST(ArgumentSchema, BoundsBeyond53BitsAreExact) {
  const Row rows[] = {
      {"{maximum: 9007199254740992}", "9007199254740992", "9007199254740993"},
      {"{exclusiveMaximum: 9007199254740993}", "9007199254740992", "9007199254740993"},
      {"{minimum: -9007199254740992}", "-9007199254740992", "-9007199254740993"},
      {"{exclusiveMinimum: 9007199254740992}", "9007199254740993", "9007199254740992"},
      {"{maximum: 9223372036854775807}", "9223372036854775807", "9223372036854775808"},
      {"{maximum: 18446744073709551614}", "18446744073709551614", "18446744073709551615"},
      {"{maximum: 18446744073709551615}", "18446744073709551615", "18446744073709551616"},
      {"{minimum: -9223372036854775807}", "-9223372036854775807", "-9223372036854775808"},
      {"{maximum: 9007199254740992.0}", "9007199254740992", "9007199254740993"},
      {"{minimum: 0.5}", "0.5", "0"},
  };
  for (const auto& row : rows) {
    const auto schema = "{properties: {x: " + std::string(row.schema) + "}}";
    EXPECT_EQ(check(schema, ("{\"x\":" + std::string(row.holds) + "}").c_str()), "") << row.schema;
    EXPECT_EQ(check(schema, ("{\"x\":" + std::string(row.breaks) + "}").c_str()), "arguments.x") << row.schema;
  }
}

TEST(ArgumentSchema, ANumberThatCannotBeComparedExactlyIsAFault) {
  for (const char* schema : {"{maximum: 18446744073709551616}", "{minimum: -9223372036854775808}", "{const: 1e20}",
                             "{enum: [1, [{a: 1e300}]]}", "{exclusiveMinimum: -1e20}"}) {
    EXPECT_THAT(faults_in(schema), testing::HasSubstr("more than 64 bits")) << schema;
  }
}

TEST(ArgumentSchema, EveryFaultHasItsPlace) {
  EXPECT_THAT(faults_in("{format: uri}"),
              testing::HasSubstr("s.yaml:1:2: the schema keyword `format` is not enforced"));
  EXPECT_THAT(faults_in("{properties: {x: {pattern: '(?=a)'}}}"), testing::HasSubstr("s.yaml:1:28: this pattern"));
  EXPECT_THAT(faults_in("{pattern: '(a)\\1'}"), testing::HasSubstr("linear time"));
  EXPECT_THAT(faults_in("{pattern: [a]}"), testing::HasSubstr("`pattern` is a regular expression"));
  EXPECT_THAT(faults_in("{type: text}"), testing::HasSubstr("`text` is no JSON Schema type"));
  EXPECT_THAT(faults_in("{type: []}"), testing::HasSubstr("`type` is empty"));
  EXPECT_THAT(faults_in("{enum: []}"), testing::HasSubstr("`enum` is a list"));
  EXPECT_THAT(faults_in("{enum: a}"), testing::HasSubstr("`enum` is a list"));
  EXPECT_THAT(faults_in("{minLength: -1}"), testing::HasSubstr("`minLength` is a whole number"));
  EXPECT_THAT(faults_in("{minLength: '1'}"), testing::HasSubstr("`minLength` is a whole number"));
  EXPECT_THAT(faults_in("{maximum: much}"), testing::HasSubstr("`maximum` is a number"));
  EXPECT_THAT(faults_in("{required: a}"), testing::HasSubstr("`required` is a list of names"));
  EXPECT_THAT(faults_in("{required: [[a]]}"), testing::HasSubstr("must be a single value"));
  EXPECT_THAT(faults_in("{anyOf: []}"), testing::HasSubstr("`anyOf` is a list with at least one schema"));
  EXPECT_THAT(faults_in("{properties: [a]}"), testing::HasSubstr("`properties` maps names to schemas"));
  EXPECT_THAT(faults_in("{items: text}"), testing::HasSubstr("a schema is a mapping"));
  EXPECT_EQ(faults_in("{title: T, description: D, type: object}"), "");
}

}  // namespace
}  // namespace postern::policy

#include "rest/schema.hpp"

#include <gtest/gtest.h>

namespace postern::rest {
namespace {

using nlohmann::json;

// All components that come of one schema, added as "t".
json made_of(const char* schema) {
  Components components;
  EXPECT_EQ(components.add("t", json::parse(schema)), "#/components/schemas/t");
  return components.take();
}

// What comes of one schema without definitions, its type aside.
json body_of(const char* schema) {
  auto body = made_of(schema)["t"];
  EXPECT_EQ(body["type"], "object");
  body.erase("type");
  return body;
}

TEST(Schema, DefinitionsBecomeComponentsAndReferencesFollow) {
  const auto made = made_of(R"({"type":"object","$schema":"http://json-schema.org/draft-07/schema#",
    "properties":{"a":{"$ref":"#/$defs/Item"},"b":{"$ref":"#/definitions/odd~1name/properties/x"},"c":{"$ref":"#"},
                  "d":{"$ref":"#/properties/e"},"e":{"type":"string"}},
    "$defs":{"Item":{"type":"object","properties":{"next":{"$ref":"#/$defs/Item"}}}},
    "definitions":{"odd/name":{"properties":{"x":{"type":"integer"}}}}})");
  const auto& properties = made["t"]["properties"];
  EXPECT_EQ(properties["a"]["$ref"], "#/components/schemas/t_Item");
  EXPECT_EQ(properties["b"]["$ref"], "#/components/schemas/t_odd_name/properties/x");
  EXPECT_EQ(properties["c"]["$ref"], "#/components/schemas/t");
  EXPECT_EQ(properties["d"]["$ref"], "#/components/schemas/t/properties/e");
  EXPECT_EQ(made["t_Item"]["properties"]["next"]["$ref"], "#/components/schemas/t_Item");
  EXPECT_EQ(made["t_odd_name"]["properties"]["x"]["type"], "integer");
  EXPECT_FALSE(made["t"].contains("$defs") || made["t"].contains("definitions") || made["t"].contains("$schema"));
}

// Nothing of the document may lead whoever reads it to another host.
TEST(Schema, ReferencesElsewhereAndToNothingAreLeftOut) {
  for (const auto* to : {"https://evil.test/schema", "//evil.test/x", "other.json", "#anchor", "#/$defs/None",
                         "#/properties/a/~x", "#/required", "#/properties/%zz", "#/title", ""}) {
    const auto schema = json{{"title", "t"}, {"required", {"a"}}, {"properties", {{"a", {{"$ref", to}}}}}}.dump();
    EXPECT_EQ(body_of(schema.c_str())["properties"]["a"], json::object()) << to;
  }
  EXPECT_EQ(body_of(R"({"$ref":7,"$dynamicRef":"#x","$recursiveRef":"#"})"), json::object());
}

TEST(Schema, AnIdIsForgottenAndReferencesAgainstItAreKept) {
  const auto made = made_of(R"({"$id":"https://x.test/s","properties":{
    "a":{"$ref":"https://x.test/s#/$defs/D"},
    "b":{"$id":"https://x.test/other","properties":{"c":{"$ref":"#/$defs/D"}}}},"$defs":{"D":{"type":"null"}}})");
  EXPECT_EQ(made["t"]["properties"]["a"]["$ref"], "#/components/schemas/t_D");
  EXPECT_EQ(made["t"]["properties"]["b"]["properties"]["c"], json::object());
  EXPECT_EQ(made.dump().find("x.test"), std::string::npos);
}

TEST(Schema, FormsOfOlderDraftsAreThoseOfToday) {
  EXPECT_EQ(body_of(R"({"properties":{"a":{"items":[{"type":"string"},{"$ref":"#/properties/a/items/0"}],
                        "additionalItems":false}}})")["properties"]["a"],
            json::parse(R"({"prefixItems":[{"type":"string"},
                            {"$ref":"#/components/schemas/t/properties/a/prefixItems/0"}],"items":false})"));
  EXPECT_EQ(
      body_of(R"({"properties":{"a":{"minimum":1,"exclusiveMinimum":true,"maximum":9,"exclusiveMaximum":false}}})")
          ["properties"]["a"],
      json::parse(R"({"exclusiveMinimum":1,"maximum":9})"));
  EXPECT_EQ(body_of(R"({"dependencies":{"a":["b"],"c":{"required":["d"]}}})"),
            json::parse(R"({"dependentRequired":{"a":["b"]},"dependentSchemas":{"c":{"required":["d"]}}})"));
}

TEST(Schema, WhatIsNotFormedAsItMustBeIsLeftOut) {
  EXPECT_EQ(body_of(R"({"properties":{"a":{"type":"strnig"},"b":5,"c":{"type":[]},"d":{"items":3,"minLength":-1},
    "e":{"enum":"x","required":"a","pattern":7,"allOf":[],"multipleOf":0,"uniqueItems":"yes","unheard":1,
         "discriminator":"x","x-mcp-header":"Region"},"f":{"required":["a","a"]},"g":true}})")["properties"],
            json::parse(R"({"a":{},"b":{},"c":{},"d":{},"e":{"x-mcp-header":"Region"},"f":{},"g":true})"));
}

// Names of properties and values are no keywords.
TEST(Schema, DataIsNotTakenForSchemas) {
  const auto body = body_of(R"({"properties":{"$ref":{"type":"string"},"$defs":{"const":{"$ref":"x"}},
    "enum":{"enum":[{"$ref":"#/nowhere"}]},"d":{"default":{"$id":"x","type":7},"examples":[{"$ref":1}]}}})");
  EXPECT_EQ(body["properties"], json::parse(R"({"$ref":{"type":"string"},"$defs":{"const":{"$ref":"x"}},
    "enum":{"enum":[{"$ref":"#/nowhere"}]},"d":{"default":{"$id":"x","type":7},"examples":[{"$ref":1}]}})"));
}

TEST(Schema, ArgumentsAreAnObjectWhateverTheToolSays) {
  for (const auto* schema : {"null", "true", "7", "{}", R"({"type":"string"})", R"({"type":["object","null"]})"}) {
    EXPECT_EQ(made_of(schema)["t"], json::parse(R"({"type":"object"})")) << schema;
  }
}

// What a small schema comes to is not many times as much.
TEST(Schema, LongNamesAndKeysDoNotMultiply) {
  auto bomb = json{{"anyOf", json::array()}};
  for (int i = 0; i < 5000; ++i) bomb["anyOf"].push_back({{"$ref", "#"}});
  const std::string key(50'000, 'k');
  auto properties = json{{"properties", {{key, bomb}}}};
  Components components;
  components.add(std::string(20'000, 'n'), bomb);
  components.add("t", properties);
  const auto made = components.take();
  EXPECT_LT(made.dump().size(), 2'000'000U);
  EXPECT_EQ(made["t"]["properties"][key], json::object()) << "too deep in to be referred to";
  EXPECT_EQ(made[std::string(64, 'n')]["anyOf"][7]["$ref"], "#/components/schemas/" + std::string(64, 'n'));
}

TEST(Schema, OldFormsWithinOldFormsAreNotCopiedAtEachLevel) {
  json schema = {{"enum", json(std::vector<int>(1000, 7))}};
  for (int i = 0; i < 60; ++i) schema = {{"exclusiveMinimum", true}, {"minimum", i}, {"not", std::move(schema)}};
  Components components;
  components.add("t", schema);
  auto made = components.take()["t"];
  for (int i = 59; i >= 0; --i) {
    EXPECT_EQ(made["exclusiveMinimum"], i);
    made = json(made["not"]);
  }
  EXPECT_EQ(made["enum"].size(), 1000U);
}

TEST(Schema, ReferencesBeyondTheMostAreLeftOut) {
  auto many = json{{"anyOf", json::array()}};
  for (int i = 0; i < 12'000; ++i) many["anyOf"].push_back({{"$ref", "#"}});
  Components components;
  components.add("t", many);
  const auto made = components.take();
  EXPECT_TRUE(made["t"]["anyOf"][9'999].contains("$ref"));
  EXPECT_EQ(made["t"]["anyOf"][10'000], json::object());
}

TEST(Schema, NamesOfComponentsAreLegalAndEachIsThereOnce) {
  Components components;
  components.add_own("Problem", json::object());
  EXPECT_EQ(components.add("a/b", json::object()), "#/components/schemas/a_b");
  EXPECT_EQ(components.add("a.b", json::object()), "#/components/schemas/a_b_2");
  EXPECT_EQ(components.add("Problem", json::object()), "#/components/schemas/Problem_2");
  EXPECT_EQ(components.add("c", json::parse(R"({"$defs":{"ü":{}},"properties":{"x":{"$ref":"#/$defs/%C3%BC"}}})")),
            "#/components/schemas/c");
  const auto all = components.take();
  EXPECT_EQ(all["c"]["properties"]["x"]["$ref"], "#/components/schemas/c___");
  EXPECT_TRUE(all.contains("c___"));
}

// Names differ in what names of components may not hold; references still find their own.
TEST(Schema, ManyDefinitionsOfLikeNamesEachHaveTheirOwn) {
  constexpr int kMany = 1 << 10;
  json schema;
  for (int i = 0; i < kMany; ++i) {
    std::string name;
    for (int bit = 0; bit < 10; ++bit) name += (i >> bit) % 2 == 0 ? '.' : '-';
    schema["$defs"][name] = {{"const", i}};
    schema["properties"][std::to_string(i)] = {{"$ref", "#/$defs/" + name}};
  }
  Components components;
  components.add("t", schema);
  const auto all = components.take();
  EXPECT_EQ(all.size(), kMany + 1U);
  constexpr std::string_view kBegin = "#/components/schemas/";
  for (int i = 0; i < kMany; ++i) {
    const auto to = all["t"]["properties"][std::to_string(i)]["$ref"].get<std::string>();
    EXPECT_EQ(all[to.substr(kBegin.size())]["const"], i) << to;
  }
}

}  // namespace
}  // namespace postern::rest

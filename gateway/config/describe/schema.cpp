#include <nlohmann/json.hpp>

#include "base/strings.hpp"
#include "config/describe/describe.hpp"
#include "config/describe/rows.hpp"

namespace postern::config {
namespace {

using Json = nlohmann::ordered_json;
using Type = Row::Type;

Json reference(std::string_view name) { return {{"$ref", "#/$defs/" + std::string(name)}}; }

// A value of its own form, or one that is filled in when the file is read.
Json or_filled(Json form) { return {{"anyOf", {std::move(form), reference("filled")}}}; }

Json pattern(std::string_view expression) { return {{"type", "string"}, {"pattern", expression}}; }

Json definitions() {
  const Json file = {{"type", "object"},
                     {"properties", {{"file", {{"type", "string"}, {"minLength", 1}}}}},
                     {"required", {"file"}},
                     {"additionalProperties", false}};
  const Json plain_text = {{"type", {"string", "number", "boolean"}}, {"minLength", 1}};
  const Json plain_size = {{"anyOf", {{{"type", "integer"}, {"minimum", 0}}, pattern("^[0-9]+(KiB|MiB|GiB)?$")}}};
  return {
      {"filled", {{"description", "${NAME}, ${NAME:-default} or {file: PATH}."}, {"anyOf", {pattern("\\$\\{"), file}}}},
      {"text", or_filled(plain_text)},
      {"truth", or_filled({{"type", "boolean"}})},
      {"count", or_filled({{"type", "integer"}, {"minimum", 0}})},
      {"duration", or_filled(pattern("^[0-9]+(ms|s|m|h|d)$"))},
      {"size", or_filled(plain_size)},
      {"rate", or_filled(pattern("^[0-9]+/[smh]( burst [0-9]+)?$"))},
      {"texts", or_filled({{"type", "array"}, {"items", reference("text")}})},
      {"some_texts", or_filled({{"type", "array"}, {"items", reference("text")}, {"minItems", 1}})},
  };
}

Json object(const std::vector<Row>& rows, std::string_view prefix);

Json form(const std::vector<Row>& rows, const Row& row) {
  switch (row.type) {
    case Type::text: return reference("text");
    case Type::words: return or_filled({{"enum", row.details.words}});
    case Type::truth: return reference("truth");
    case Type::count: return reference("count");
    case Type::duration: return reference("duration");
    case Type::size: return reference("size");
    case Type::rate: return reference("rate");
    case Type::texts: return reference(row.details.may_be_empty ? "texts" : "some_texts");
    case Type::text_map: return {{"type", "object"}, {"additionalProperties", reference("text")}};
    case Type::mapping: return object(rows, inside(row));
    case Type::named: return {{"type", "object"}, {"additionalProperties", object(rows, inside(row))}};
    case Type::list: {
      Json list = {{"type", "array"}, {"items", object(rows, inside(row))}};
      if (!row.details.may_be_empty) list["minItems"] = 1;
      return list;
    }
  }
  return {};
}

// The default as JSON: what YAML reads `true`, `10` and `[any]` as.
Json default_of(const Row& row) {
  switch (row.type) {
    case Type::truth: return row.details.fallback == "true";
    case Type::count: return std::stoull(row.details.fallback);
    case Type::texts: {
      Json list = Json::array();
      auto words = row.details.fallback.substr(1, row.details.fallback.size() - 2);
      std::erase(words, ',');
      for (const auto& word : split_words(words)) list.push_back(word);
      return list;
    }
    default: return row.details.fallback;
  }
}

Json property(const std::vector<Row>& rows, const Row& row) {
  Json out = {{"description", row.details.served ? row.meaning : "Not supported yet. " + row.meaning}};
  if (!row.details.served) {
    out["not"] = Json::object();
    return out;
  }
  out.update(form(rows, row));
  if (!row.details.fallback.empty()) out["default"] = default_of(row);
  return out;
}

Json object(const std::vector<Row>& rows, std::string_view prefix) {
  Json properties = Json::object();
  Json required = Json::array();
  for (const auto* row : children(rows, prefix)) {
    properties[key_of(*row)] = property(rows, *row);
    if (row->details.required) required.push_back(key_of(*row));
  }
  Json out = {{"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
  if (!required.empty()) out["required"] = std::move(required);
  return out;
}

}  // namespace

std::string schema_json() {
  Json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                 {"title", "Postern configuration"},
                 {"description", "Generated from the program: do not edit."}};
  schema.update(object(describe(), ""));
  schema["$defs"] = definitions();
  return schema.dump(2) + "\n";
}

}  // namespace postern::config

#include "rest/schema.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string_view>

#include "base/strings.hpp"
#include "http/form.hpp"

namespace postern::rest {
namespace {

using nlohmann::json;

constexpr std::string_view kPrefix = "#/components/schemas/";
// Each reference is written down with where it stands and what it means: short ones are many, long ones would be more
// than the whole schema. What is beyond is left out, as what cannot be referred to is.
constexpr std::size_t kLongestName = 64;
constexpr std::size_t kLongestPointer = 512;
constexpr std::size_t kMostReferences = 10'000;

template <std::size_t N>
bool in(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

// JSON Schema 2020-12, core sections 8 to 10 and validation sections 6 to 9, by what a keyword's value is.
constexpr std::array<std::string_view, 11> kSchema{
    "additionalProperties",  "contains",     "not", "if", "then", "else", "items", "propertyNames", "unevaluatedItems",
    "unevaluatedProperties", "contentSchema"};
constexpr std::array<std::string_view, 4> kSchemaList{"allOf", "anyOf", "oneOf", "prefixItems"};
constexpr std::array<std::string_view, 5> kSchemaMap{"properties", "patternProperties", "dependentSchemas", "$defs",
                                                     "definitions"};
constexpr std::array<std::string_view, 7> kText{"title",           "description",      "format",  "pattern",
                                                "contentEncoding", "contentMediaType", "$comment"};
constexpr std::array<std::string_view, 8> kCount{"maxLength",     "minLength",     "maxItems",    "minItems",
                                                 "maxProperties", "minProperties", "minContains", "maxContains"};
constexpr std::array<std::string_view, 4> kNumber{"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"};
constexpr std::array<std::string_view, 4> kTruth{"uniqueItems", "deprecated", "readOnly", "writeOnly"};
constexpr std::array<std::string_view, 7> kTypes{"null", "boolean", "object", "array", "number", "string", "integer"};

bool is_type(const json& value) {
  return value.is_string() && in(kTypes, std::string_view(value.get_ref<const std::string&>()));
}

bool is_text_list(const json& value) {
  if (!value.is_array()) return false;
  std::set<std::string_view> seen;
  return std::ranges::all_of(value, [&](const json& each) {
    return each.is_string() && seen.insert(each.get_ref<const std::string&>()).second;
  });
}

bool is_count(const json& value) { return value.is_number_unsigned(); }

bool is_type_list(const json& value) {
  return is_text_list(value) && !value.empty() && std::ranges::all_of(value, is_type);
}

// Whether a keyword that holds no schema is formed as it must be.
bool is_well_formed(std::string_view keyword, const json& value) {
  if (in(kText, keyword)) return value.is_string();
  if (in(kCount, keyword)) return is_count(value);
  if (in(kNumber, keyword)) return value.is_number();
  if (in(kTruth, keyword)) return value.is_boolean();
  if (keyword == "multipleOf") return value.is_number() && value.get<double>() > 0;
  if (keyword == "required") return is_text_list(value);
  if (keyword == "enum" || keyword == "examples") return value.is_array();
  if (keyword == "const" || keyword == "default") return true;
  if (keyword == "type") return is_type(value) || is_type_list(value);
  if (keyword == "dependentRequired") return value.is_object() && std::ranges::all_of(value, is_text_list);
  return keyword.starts_with("x-");
}

// RFC 6901 section 3.
std::string escaped(std::string_view token) {
  std::string out;
  for (const char c : token) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

std::string unescaped(std::string_view token) {
  std::string out;
  for (std::size_t i = 0; i < token.size(); ++i) {
    const bool escape = token[i] == '~' && i + 1 < token.size();
    if (escape && token[i + 1] == '1') {
      out += '/';
    } else if (escape && token[i + 1] == '0') {
      out += '~';
    } else {
      out += token[i];
      continue;
    }
    ++i;
  }
  return out;
}

// RFC 6901 section 6: a pointer as a fragment.
std::string as_fragment(std::string_view pointer) {
  std::string out;
  for (const auto token : split(pointer, '/')) out += "/" + http::percent_encode(token);
  return out.substr(1);
}

bool is_modern(const json& schema) {
  const auto is = [&](const char* keyword, auto matches) {
    const auto at = schema.find(keyword);
    return at != schema.end() && matches(*at);
  };
  return !is("items", [](const json& value) { return value.is_array(); }) &&
         !is("exclusiveMinimum", [](const json& value) { return value.is_boolean(); }) &&
         !is("exclusiveMaximum", [](const json& value) { return value.is_boolean(); }) &&
         !schema.contains("dependencies");
}

// The forms of drafts 4 to 7 in those of 2020-12. Moves what it puts elsewhere: a copy at each level of a deep schema
// would be many times the schema.
void modernize(json& schema) {
  const auto items = schema.find("items");
  if (items != schema.end() && items->is_array()) {
    json list = std::move(*items);
    schema.erase("items");
    if (!list.empty() && !schema.contains("prefixItems")) schema["prefixItems"] = std::move(list);
    const auto others = schema.find("additionalItems");
    if (others != schema.end()) schema["items"] = json(std::move(*others));
  }
  for (const auto& [exclusive, plain] : {std::pair{"exclusiveMinimum", "minimum"}, {"exclusiveMaximum", "maximum"}}) {
    const auto at = schema.find(exclusive);
    if (at == schema.end() || !at->is_boolean()) continue;
    const bool excluded = at->get<bool>();
    schema.erase(exclusive);
    const auto bound = schema.find(plain);
    if (!excluded || bound == schema.end()) continue;
    schema[exclusive] = json(std::move(*bound));
    schema.erase(plain);
  }
  const auto found = schema.find("dependencies");
  if (found == schema.end() || !found->is_object()) return;
  json dependencies = std::move(*found);
  schema.erase("dependencies");
  for (auto each = dependencies.begin(); each != dependencies.end(); ++each) {
    const auto* keyword = each.value().is_array() ? "dependentRequired" : "dependentSchemas";
    schema[keyword][each.key()] = std::move(each.value());
  }
}

}  // namespace

// One tool's schema on its way into the components.
class SchemaWalk {
 public:
  SchemaWalk(Components& components, const json& root) : components_(components), root_(root) {
    const auto id = root.find("$id");
    if (id != root.end() && id->is_string()) id_ = id->get<std::string>();
    if (id_.ends_with('#')) id_.pop_back();
  }

  std::string run(const std::string& wanted) {
    name_ = reserve(wanted);
    for (const auto* section : {"$defs", "definitions"}) {
      const auto at = root_.find(section);
      if (at == root_.end() || !at->is_object()) continue;
      for (const auto& [key, schema] : at->items()) {
        hoisted_[std::string("/") + section + "/" + escaped(key)] = reserve(name_ + "_" + key);
      }
    }
    json body = root_;
    body.erase("$defs");
    body.erase("definitions");
    auto made = walk(std::move(body), "/" + name_, false);
    if (!made.is_object()) made = json::object();
    made["type"] = "object";  // MCP, "Tool": of arguments and of structured content
    components_.schemas_[name_] = std::move(made);
    for (const auto& [pointer, name] : hoisted_) {
      components_.schemas_[name] = walk(root_.at(json::json_pointer(pointer)), "/" + name, false);
    }
    return std::string(kPrefix) + name_;
  }

 private:
  std::string reserve(const std::string& wanted) {
    auto name = components_.free_name(wanted);
    components_.schemas_[name] = nullptr;
    return name;
  }

  // `at`: where the outcome will stand. `foreign`: below an $id of its own, against which references are meant.
  json walk(json given, const std::string& at, bool foreign) {
    if (given.is_boolean()) return given;
    auto out = json::object();
    if (!given.is_object() || at.size() > kLongestPointer) return out;
    const bool nested = foreign || (given.contains("$id") && at != "/" + name_);
    if (!is_modern(given)) modernize(given);
    for (auto each = given.begin(); each != given.end(); ++each) {
      const auto& keyword = each.key();
      auto& value = each.value();
      if (keyword == "$ref") {
        if (!foreign && value.is_string()) put_reference(out, value.get_ref<const std::string&>(), at);
        continue;
      }
      const auto place = at + "/" + escaped(keyword);
      if (auto inner = walk_keyword(keyword, value, place, nested)) {
        out[keyword] = *std::move(inner);
      } else if (is_well_formed(keyword, value)) {
        out[keyword] = std::move(value);
      }
    }
    return out;
  }

  // A keyword whose value holds schemas, which are taken out of it.
  std::optional<json> walk_keyword(const std::string& keyword, json& value, const std::string& at, bool foreign) {
    if (in(kSchema, std::string_view(keyword)) && (value.is_object() || value.is_boolean())) {
      return walk(std::move(value), at, foreign);
    }
    if (in(kSchemaList, std::string_view(keyword)) && value.is_array() && !value.empty()) {
      auto out = json::array();
      for (std::size_t i = 0; i < value.size(); ++i)
        out.push_back(walk(std::move(value[i]), at + "/" + std::to_string(i), foreign));
      return out;
    }
    if (in(kSchemaMap, std::string_view(keyword)) && value.is_object()) {
      auto out = json::object();
      for (auto each = value.begin(); each != value.end(); ++each) {
        out[each.key()] = walk(std::move(each.value()), at + "/" + escaped(each.key()), foreign);
      }
      return out;
    }
    return std::nullopt;
  }

  void put_reference(json& out, std::string_view reference, const std::string& at) {
    if (!id_.empty() && reference.starts_with(id_)) reference.remove_prefix(id_.size());
    if (!reference.starts_with('#') || reference.size() > kLongestPointer) return;
    if (components_.references_.size() == kMostReferences) return;
    const auto pointer = http::percent_decode(reference.substr(1));
    if (!pointer || (!pointer->empty() && !pointer->starts_with('/'))) return;
    const auto target = moved(*pointer);
    out["$ref"] = std::string("#/components/schemas") + as_fragment(target);
    components_.references_.emplace_back(at, target);
  }

  // Where what that pointer meant in the tool's own schema stands now.
  std::string moved(std::string_view pointer) const {
    const auto tokens = split(pointer, '/');
    std::string begin;
    std::size_t used = 1;
    if (tokens.size() > 2) {
      const auto found = hoisted_.find("/" + std::string(tokens[1]) + "/" + escaped(unescaped(tokens[2])));
      if (found != hoisted_.end()) {
        begin = "/" + found->second;
        used = 3;
      }
    }
    if (begin.empty()) begin = "/" + name_;
    for (; used < tokens.size(); ++used) {
      const bool numbered = used + 1 < tokens.size() && !tokens[used + 1].empty() &&
                            tokens[used + 1].find_first_not_of("0123456789") == std::string_view::npos;
      begin += "/" + (tokens[used] == "items" && numbered ? std::string("prefixItems") : std::string(tokens[used]));
    }
    return begin;
  }

  Components& components_;
  const json& root_;
  std::string id_;
  std::string name_;
  std::map<std::string, std::string> hoisted_;  // by pointer into the root
};

std::string Components::free_name(const std::string& wanted) {
  // OpenAPI 3.1 section 4.8.7: names of components.
  std::string name;
  for (const char c : std::string_view(wanted).substr(0, kLongestName)) {
    const bool allowed = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    name += allowed ? c : '_';
  }
  if (!schemas_.contains(name)) return name;
  for (auto& number = numbers_.try_emplace(name, 1).first->second;;) {
    auto other = name + "_" + std::to_string(++number);
    if (!schemas_.contains(other)) return other;
  }
}

std::string Components::add(const std::string& name, const json& schema) {
  const auto root = schema.is_object() ? schema : json::object();
  return SchemaWalk(*this, root).run(name);
}

void Components::add_own(const std::string& name, json schema) { schemas_[name] = std::move(schema); }

namespace {

// Whether there is a schema where a pointer of somebody else's writing leads.
bool leads_to_schema(const std::string& target, const json& schemas) {
  try {
    const json::json_pointer pointer(target);
    if (!schemas.contains(pointer)) return false;
    const auto& found = schemas.at(pointer);
    return found.is_object() || found.is_boolean();
  } catch (const json::exception&) {
    return false;  // no pointer after all
  }
}

}  // namespace

json Components::take() {
  for (const auto& [at, target] : references_) {
    if (!leads_to_schema(target, schemas_)) schemas_.at(json::json_pointer(at)).erase("$ref");
  }
  return std::move(schemas_);
}

}  // namespace postern::rest

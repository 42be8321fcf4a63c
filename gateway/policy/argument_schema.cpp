#include "policy/argument_schema.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include <re2/re2.h>

#include "mcp/member_name.hpp"
#include "policy/yaml_json.hpp"

namespace postern::policy {
namespace {

using nlohmann::json;

std::size_t code_points(const std::string& text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return count;
}

bool has_type(const json& value, const std::string& type) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_boolean();
  if (type == "null") return value.is_null();
  if (type == "number") return value.is_number();
  // JSON Schema: 1.0 is an integer as well.
  return value.is_number_integer() ||
         (value.is_number_float() && std::trunc(value.get<double>()) == value.get<double>());
}

// Wide enough for every 64-bit integer and every double: 2^53 + 1 must not pass where 2^53 is the bound. The json
// library compares through double, and takes the largest unsigned integers for negative ones.
using Number = long double;
static_assert(std::numeric_limits<Number>::digits >= 64);

Number number_of(const json& value) {
  if (value.is_number_unsigned()) return static_cast<Number>(value.get<std::uint64_t>());
  if (value.is_number_integer()) return static_cast<Number>(value.get<std::int64_t>());
  return static_cast<Number>(value.get<double>());
}

// Whole numbers of more than 64 bits are rounded when they are read, so that nothing can be told from a neighbour
// there.
bool holds_rounded(const json& value) {
  if (value.is_structured()) return std::any_of(value.begin(), value.end(), holds_rounded);
  return value.is_number() && (number_of(value) >= 0x1p64L || number_of(value) <= -0x1p63L);
}

bool same(const json& a, const json& b) {
  if (a.is_number() && b.is_number()) return number_of(a) == number_of(b);
  if (a.is_array() && b.is_array()) return std::equal(a.begin(), a.end(), b.begin(), b.end(), same);
  if (a.is_object() && b.is_object()) {
    const auto same_member = [](const auto& x, const auto& y) {
      return x.first == y.first && same(x.second, y.second);
    };
    const auto& left = a.get_ref<const json::object_t&>();
    const auto& right = b.get_ref<const json::object_t&>();
    return std::equal(left.begin(), left.end(), right.begin(), right.end(), same_member);
  }
  return a == b;
}

bool is_type_name(const std::string& type) {
  for (const auto* known : {"object", "array", "string", "boolean", "null", "number", "integer"}) {
    if (type == known) return true;
  }
  return false;
}

class Node final : public ArgumentSchema {
 public:
  std::string violation(const json& value) const override {
    if (!value.is_object()) return "arguments";
    bool twin = false;
    auto bad = check(value, "arguments", twin);
    return bad.empty() && twin ? "arguments" : bad;
  }

  // `twin` is set when an object has a member that some reader would take for one of this schema. It stands apart from
  // the answer, which `not` turns round.
  std::string check(const json& value, const std::string& where, bool& twin) const {
    if (never_) return where;
    if (!types_.empty() && !any_type(value)) return where;
    if (enum_ && std::none_of(enum_->begin(), enum_->end(), [&](const json& one) { return same(one, value); }))
      return where;
    if (const_ && !same(*const_, value)) return where;
    if (value.is_string() && !check_string(value.get_ref<const std::string&>())) return where;
    if (value.is_number() && !check_number(number_of(value))) return where;
    if (value.is_array()) {
      if (auto bad = check_array(value, where, twin); !bad.empty()) return bad;
    }
    if (value.is_object()) {
      if (auto bad = check_object(value, where, twin); !bad.empty()) return bad;
    }
    return check_combined(value, where, twin);
  }

  std::vector<std::string> types_;
  std::optional<std::vector<json>> enum_;
  std::optional<json> const_;
  std::map<std::string, std::shared_ptr<const Node>> properties_;
  std::vector<std::string> required_;
  std::shared_ptr<const Node> additional_;
  std::shared_ptr<const Node> items_;
  std::size_t min_length_ = 0;
  std::size_t max_length_ = std::numeric_limits<std::size_t>::max();
  std::size_t min_items_ = 0;
  std::size_t max_items_ = std::numeric_limits<std::size_t>::max();
  std::optional<Number> minimum_, maximum_, exclusive_minimum_, exclusive_maximum_;
  std::shared_ptr<const RE2> pattern_;
  std::vector<std::shared_ptr<const Node>> all_of_, any_of_;
  std::shared_ptr<const Node> not_;
  bool never_ = false;  // the schema `false`

 private:
  bool any_type(const json& value) const {
    for (const auto& type : types_) {
      if (has_type(value, type)) return true;
    }
    return false;
  }

  bool check_string(const std::string& text) const {
    const auto length = code_points(text);
    if (length < min_length_ || length > max_length_) return false;
    return !pattern_ || RE2::PartialMatch(text, *pattern_);
  }

  bool check_number(Number number) const {
    return (!minimum_ || number >= *minimum_) && (!maximum_ || number <= *maximum_) &&
           (!exclusive_minimum_ || number > *exclusive_minimum_) &&
           (!exclusive_maximum_ || number < *exclusive_maximum_);
  }

  std::string check_array(const json& value, const std::string& where, bool& twin) const {
    if (value.size() < min_items_ || value.size() > max_items_) return where;
    if (!items_) return {};
    for (const auto& item : value) {
      if (auto bad = items_->check(item, where + "[]", twin); !bad.empty()) return bad;
    }
    return {};
  }

  std::string check_object(const json& value, const std::string& where, bool& twin) const {
    // Before anything is found to be broken: under `not`, that may be what lets the arguments pass.
    twin = twin || has_twin(value);
    for (const auto& name : required_) {
      if (!value.contains(name)) return where + "." + name;
    }
    for (const auto& [name, member] : value.items()) {
      const auto known = properties_.find(name);
      const bool is_known = known != properties_.end();
      const auto& schema = is_known ? known->second : additional_;
      if (!schema) continue;
      // An unknown member's name is the caller's input: it is not repeated.
      if (auto bad = schema->check(member, is_known ? where + "." + name : where, twin); !bad.empty()) return bad;
    }
    return {};
  }

  bool has_twin(const json& value) const {
    const auto& members = value.get_ref<const json::object_t&>();
    return std::any_of(members.begin(), members.end(), [this](const auto& member) {
      return !properties_.contains(member.first) && is_twin(member.first);
    });
  }

  bool is_twin(const std::string& name) const {
    const auto twin_of = [&](const std::string& known) { return mcp::is_case_twin(name, known); };
    return std::any_of(required_.begin(), required_.end(), twin_of) ||
           std::any_of(properties_.begin(), properties_.end(), [&](const auto& known) { return twin_of(known.first); });
  }

  std::string check_combined(const json& value, const std::string& where, bool& twin) const {
    for (const auto& each : all_of_) {
      if (auto bad = each->check(value, where, twin); !bad.empty()) return bad;
    }
    bool any = any_of_.empty();
    for (const auto& each : any_of_) any = each->check(value, where, twin).empty() || any;
    if (!any) return where;
    if (not_ && not_->check(value, where, twin).empty()) return where;
    return {};
  }
};

class Compiler {
 public:
  explicit Compiler(config::Faults& faults) : faults_(faults) {}

  std::shared_ptr<const Node> compile(const config::Value& value) {
    auto node = std::make_shared<Node>();
    if (value.kind == config::Value::Kind::scalar && !value.quoted &&
        (value.scalar == "true" || value.scalar == "false")) {
      node->never_ = value.scalar == "false";
      return node;
    }
    if (value.kind != config::Value::Kind::map) {
      faults_.add(value.at, "a schema is a mapping such as {type: string}");
      return node;
    }
    std::set<std::string> implied;
    for (const auto& entry : value.entries) {
      keyword(*node, entry);
      if (const auto* kind = kind_of(entry.key); kind != nullptr && !negated_) implied.insert(kind);
    }
    if (node->types_.empty()) node->types_.assign(implied.begin(), implied.end());
    return node;
  }

 private:
  using Entry = config::Value::Entry;

  // The kind of value a keyword speaks of; nullptr when of any.
  static const char* kind_of(std::string_view key) {
    if (key == "pattern" || key == "minLength" || key == "maxLength") return "string";
    if (key == "minimum" || key == "maximum" || key == "exclusiveMinimum" || key == "exclusiveMaximum") return "number";
    if (key == "items" || key == "minItems" || key == "maxItems") return "array";
    if (key == "properties" || key == "required" || key == "additionalProperties") return "object";
    return nullptr;
  }

  void keyword(Node& node, const Entry& entry) {
    const auto& key = entry.key;
    const auto& value = entry.value;
    if (key == "type") return types(node, value);
    if (key == "enum") return enumeration(node, value);
    if (key == "const") {
      node.const_ = constant(value, key);
      return;
    }
    if (key == "properties") return properties(node, value);
    if (key == "required") {
      node.required_ = strings(value, key);
      return;
    }
    if (key == "additionalProperties") {
      node.additional_ = compile(value);
      return;
    }
    if (key == "items") {
      node.items_ = compile(value);
      return;
    }
    if (key == "minLength") return count(value, key, node.min_length_);
    if (key == "maxLength") return count(value, key, node.max_length_);
    if (key == "minItems") return count(value, key, node.min_items_);
    if (key == "maxItems") return count(value, key, node.max_items_);
    if (key == "minimum") return number(value, key, node.minimum_);
    if (key == "maximum") return number(value, key, node.maximum_);
    if (key == "exclusiveMinimum") return number(value, key, node.exclusive_minimum_);
    if (key == "exclusiveMaximum") return number(value, key, node.exclusive_maximum_);
    if (key == "pattern") return pattern(node, value);
    if (key == "allOf") return list(value, key, node.all_of_);
    if (key == "anyOf") return list(value, key, node.any_of_);
    if (key == "not") {
      negated_ = !negated_;
      node.not_ = compile(value);
      negated_ = !negated_;
      return;
    }
    if (key == "title" || key == "description") return;
    faults_.add(entry.at, "the schema keyword `" + key +
                              "` is not enforced here; use type, enum, const, properties, required, "
                              "additionalProperties, items, minLength, maxLength, minItems, maxItems, minimum, "
                              "maximum, exclusiveMinimum, exclusiveMaximum, pattern, allOf, anyOf or not");
  }

  void types(Node& node, const config::Value& value) {
    node.types_ =
        value.kind == config::Value::Kind::list ? strings(value, "type") : std::vector<std::string>{value.scalar};
    if (node.types_.empty()) faults_.add(value.at, "`type` is empty: name at least one");
    for (const auto& type : node.types_) {
      if (!is_type_name(type))
        faults_.add(
            value.at,
            "`" + type + "` is no JSON Schema type; use object, array, string, boolean, null, number or integer");
    }
  }

  void enumeration(Node& node, const config::Value& value) {
    node.enum_.emplace();
    if (value.kind != config::Value::Kind::list || value.items.empty()) {
      faults_.add(value.at, "`enum` is a list with at least one value");
      return;
    }
    for (const auto& item : value.items) node.enum_->push_back(constant(item, "enum"));
  }

  void properties(Node& node, const config::Value& value) {
    if (value.kind != config::Value::Kind::map) faults_.add(value.at, "`properties` maps names to schemas");
    for (const auto& entry : value.entries) node.properties_[entry.key] = compile(entry.value);
  }

  void pattern(Node& node, const config::Value& value) {
    if (value.kind != config::Value::Kind::scalar) {
      faults_.add(value.at, "`pattern` is a regular expression");
      return;
    }
    RE2::Options options;
    options.set_log_errors(false);
    auto compiled = std::make_shared<const RE2>(value.scalar, options);
    if (!compiled->ok()) {
      faults_.add(value.at, "this pattern cannot be run in linear time (RE2): " + compiled->error());
      return;
    }
    node.pattern_ = std::move(compiled);
  }

  void list(const config::Value& value, const std::string& key, std::vector<std::shared_ptr<const Node>>& out) {
    if (value.kind != config::Value::Kind::list || value.items.empty()) {
      faults_.add(value.at, "`" + key + "` is a list with at least one schema");
    }
    for (const auto& item : value.items) out.push_back(compile(item));
  }

  void count(const config::Value& value, const std::string& key, std::size_t& out) {
    const auto parsed = to_json(value);
    if (!parsed.is_number_unsigned()) {
      faults_.add(value.at, "`" + key + "` is a whole number from 0");
      return;
    }
    out = parsed.get<std::size_t>();
  }

  void number(const config::Value& value, const std::string& key, std::optional<Number>& out) {
    const auto parsed = constant(value, key);
    if (!parsed.is_number()) {
      faults_.add(value.at, "`" + key + "` is a number");
      return;
    }
    out = number_of(parsed);
  }

  json constant(const config::Value& value, const std::string& key) {
    auto parsed = to_json(value);
    if (holds_rounded(parsed))
      faults_.add(value.at, "`" + key + "` holds a number of more than 64 bits, which cannot be compared exactly");
    return parsed;
  }

  std::vector<std::string> strings(const config::Value& value, const std::string& key) {
    std::vector<std::string> out;
    if (value.kind != config::Value::Kind::list) faults_.add(value.at, "`" + key + "` is a list of names");
    for (const auto& item : value.items) {
      if (auto text = config::located_text(item, key, faults_)) out.push_back(std::move(text->value));
    }
    return out;
  }

  config::Faults& faults_;
  bool negated_ = false;  // under an odd number of `not`: there a wider schema is the stricter one
};

}  // namespace

std::shared_ptr<const ArgumentSchema> ArgumentSchema::compile(const config::Value& value, config::Faults& faults) {
  return Compiler(faults).compile(value);
}

}  // namespace postern::policy

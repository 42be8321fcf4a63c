#pragma once

#include <memory>
#include <string>

#include <nlohmann/json.hpp>

#include "config/position.hpp"
#include "config/text/yaml.hpp"

namespace postern::policy {

// What a rule demands of a call's arguments: the part of JSON Schema (draft 2020-12) that can be decided in linear
// time: type, enum, const, properties, required, additionalProperties, items, minLength, maxLength, minItems, maxItems,
// minimum, maximum, exclusiveMinimum, exclusiveMaximum, pattern (RE2), allOf, anyOf, not. Any other keyword, and a
// pattern RE2 cannot express, is a fault: a constraint that is not enforced must not look as if it were.
//
// Stricter than the draft in three things, each of which would let a value slip past its rule:
//  - a keyword that speaks of one kind of value demands that kind, unless `type` says otherwise or it stands inside
//    `not`: {pattern: "^https://"} refuses ["http://x"], which many servers would take for its only text;
//  - the arguments as a whole are an object;
//  - a member that differs by case only from one the schema names is refused: {"URL": …} beside `url`.
// Immutable; thread-safe.
class ArgumentSchema {
 public:
  // nullptr when there are faults.
  static std::shared_ptr<const ArgumentSchema> compile(const config::Value& value, config::Faults& faults);

  virtual ~ArgumentSchema() = default;
  // Empty when the arguments hold, else where they do not: "url". Never a value.
  virtual std::string violation(const nlohmann::json& arguments) const = 0;
};

}  // namespace postern::policy

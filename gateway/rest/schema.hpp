#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace postern::rest {

// The schemas under `components` of an OpenAPI 3.1 document, made of tools' JSON Schemas (of any draft, by anybody).
// What comes out is JSON Schema 2020-12 that validates as such and refers to nothing outside of the document:
//  - what stands under $defs and definitions becomes components of their own, and references follow;
//  - the forms of older drafts (lists under items, dependencies, truth under exclusiveMinimum) are put in today's;
//  - keywords that are unknown or not formed as they must be are left out, and so are references that lead nowhere or
//    elsewhere: such a schema says less than it did, and nothing that is wrong.
class Components {
 public:
  // Adds the schema of an object under a name like this one; returns the reference to it.
  std::string add(const std::string& name, const nlohmann::json& schema);
  // Adds one of ours under exactly this name, before any other.
  void add_own(const std::string& name, nlohmann::json schema);
  // All of them. To be called once, at the end.
  nlohmann::json take();

 private:
  friend class SchemaWalk;

  std::string free_name(const std::string& wanted);

  // Not an ordered_json, whose objects are searched from end to end: a schema may have very many members.
  nlohmann::json schemas_ = nlohmann::json::object();
  std::map<std::string, std::size_t> numbers_;  // by name: the last one that told another of this name apart
  // Each with where it stands, and what it refers to, as pointers into the above.
  std::vector<std::pair<std::string, std::string>> references_;
};

}  // namespace postern::rest

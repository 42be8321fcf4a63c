#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/load.hpp"
#include "config/text/yaml.hpp"
#include "policy/argument_schema.hpp"
#include "policy/glob.hpp"

namespace postern::policy {

// A demand for scopes: all of them, or (`any:`) at least one.
struct ScopeDemand {
  std::vector<std::string> scopes;
  bool any = false;

  bool met_by(const std::vector<std::string>& held) const;
};

struct Rule {
  // A glob as it stands in the file.
  struct Written {
    GlobSet Rule::* set;
    std::string_view key;  // "tools"
    std::string glob;
    std::string shown;  // in ticks, without what was filled in
    config::Position at;
  };

  std::string label;  // "rules[2]"
  std::vector<Written> written;
  GlobSet tools;
  GlobSet resources;
  GlobSet prompts;
  GlobSet methods;
  bool deny = false;
  ScopeDemand scopes;
  std::vector<std::string> roles;  // empty: every role
  std::vector<std::string> plans;  // empty: every plan
  std::shared_ptr<const ArgumentSchema> arguments;
};

// A policy file as read and checked, ready to decide with.
struct Document {
  std::string name;
  std::vector<std::pair<std::string, std::string>> scopes;
  std::vector<std::string> default_scopes;
  ScopeDemand connect;
  std::vector<std::string> plans;                                      // empty: every plan
  std::map<std::string, std::vector<std::string>, std::less<>> roles;  // empty: roles restrict nothing
  std::vector<Rule> rules;
  bool otherwise_allow = false;
  bool shadow = false;
  bool hide = true;
  bool narrow = false;  // scope_mode

  bool knows_scope(std::string_view scope) const noexcept;
};

// nullopt when there are faults.
std::optional<Document> read_document(const config::Value& root, config::Faults& faults);

}  // namespace postern::policy

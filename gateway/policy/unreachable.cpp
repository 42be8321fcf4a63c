#include "policy/unreachable.hpp"

#include <algorithm>
#include <optional>
#include <span>
#include <string>

#include "mcp/method.hpp"

namespace postern::policy {
namespace {

using mcp::Subject;
using Earlier = std::span<const Rule>;

// What the calls of a method name; nullptr: nothing that globs speak of.
GlobSet Rule::* named_by(Subject subject) {
  switch (subject) {
    case Subject::tool: return &Rule::tools;
    case Subject::resource: return &Rule::resources;
    case Subject::prompt: return &Rule::prompts;
    default: return nullptr;
  }
}

// Whether calls of that method may be decided by the globs of a set.
bool may_name(const mcp::Method& method, GlobSet Rule::* set) {
  if (named_by(method.subject) == set) return true;
  if (method.subject == Subject::completion) return set == &Rule::prompts || set == &Rule::resources;
  return method.subject == Subject::listen && set == &Rule::resources;
}

const Rule* first_that_names(Earlier earlier, const mcp::Method& method) {
  const auto found = std::ranges::find_if(earlier, [&](const Rule& rule) { return rule.methods.matches(method.name); });
  return found == earlier.end() ? nullptr : &*found;
}

const Rule* first_that_covers(Earlier earlier, GlobSet Rule::* set, std::string_view glob) {
  const auto found = std::ranges::find_if(earlier, [&](const Rule& rule) { return (rule.*set).covers(glob); });
  return found == earlier.end() ? nullptr : &*found;
}

// The last of the rules that together decide all calls of those methods before; nullptr where some are left. `chosen`
// says which methods.
template <class Chosen, class Decided>
const Rule* last_of(const Chosen& chosen, const Decided& decided_before) {
  const Rule* last = nullptr;
  for (const auto& method : mcp::all_methods()) {
    if (!chosen(method)) continue;
    const Rule* before = decided_before(method);
    if (before == nullptr) return nullptr;
    last = last == nullptr ? before : std::max(last, before);
  }
  return last;
}

const Rule* covers_method(Earlier earlier, const mcp::Method& method) {
  if (const auto* rule = first_that_names(earlier, method)) return rule;
  const auto set = named_by(method.subject);
  return set == nullptr ? nullptr : first_that_covers(earlier, set, set == &Rule::resources ? "**" : "*");
}

// The rule because of which the glob decides nothing.
const Rule* covers(Earlier earlier, const Rule::Written& written) {
  if (written.set == &Rule::methods) {
    const GlobSet glob({written.glob}, GlobKind::name);
    return last_of([&](const mcp::Method& method) { return glob.matches(method.name); },
                   [&](const mcp::Method& method) { return covers_method(earlier, method); });
  }
  if (const auto* rule = first_that_covers(earlier, written.set, written.glob)) return rule;
  return last_of([&](const mcp::Method& method) { return may_name(method, written.set); },
                 [&](const mcp::Method& method) { return first_that_names(earlier, method); });
}

}  // namespace

std::vector<config::Fault> unreachable_globs(const std::vector<Rule>& rules) {
  std::vector<config::Fault> found;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    for (const auto& written : rules[i].written) {
      const auto* before = covers(Earlier(rules).first(i), written);
      if (before == nullptr) continue;
      found.push_back({written.at, written.shown + " of `" + std::string(written.key) + "` in " + rules[i].label +
                                       " decides nothing, because " + before->label +
                                       " stands before it and names all of it: move this rule up, or remove this"});
    }
  }
  return found;
}

}  // namespace postern::policy

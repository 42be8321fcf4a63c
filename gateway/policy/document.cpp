#include "policy/document.hpp"

#include <algorithm>

#include "mcp/method.hpp"
#include "policy/authority.hpp"
#include "policy/percent.hpp"

namespace postern::policy {
namespace {

using config::Faults;
using config::MapReader;
using config::Value;

// RFC 6749 section 3.3: scope-token.
bool is_scope_token(std::string_view text) {
  return !text.empty() && text.size() <= 128 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F && c != '"' && c != '\\'; });
}

void read_scopes(MapReader& reader, Document& out) {
  const auto* scopes = reader.map("scopes", true);
  if (scopes == nullptr) return;
  for (const auto& entry : scopes->entries) {
    if (!is_scope_token(entry.key))
      reader.faults().add(entry.at,
                          "`" + entry.key + "` is no scope name: visible ASCII without quotes and backslashes");
    auto text = config::located_text(entry.value, entry.key, reader.faults());
    out.scopes.emplace_back(entry.key, text ? std::move(text->value) : std::string());
  }
  if (out.scopes.empty())
    reader.faults().add(scopes->at, "`scopes` names at least one scope and the text consent shows for it");
}

// Every scope a policy speaks of is one it declares: a misspelt one would lock everybody out, or nobody.
void check_known(const Document& document, const std::vector<config::Text>& scopes, Faults& faults) {
  for (const auto& scope : scopes) {
    if (!document.knows_scope(scope.value))
      faults.add(scope.at, "the scope " + scope.written + " is not among `scopes`");
  }
}

std::vector<std::string> values(const std::vector<config::Text>& texts) {
  std::vector<std::string> out;
  for (const auto& text : texts) out.push_back(text.value);
  return out;
}

std::vector<std::string> scope_list(MapReader& reader, std::string_view key, const Document& document,
                                    bool required = false) {
  const auto scopes = reader.texts(key, required);
  if (!scopes) return {};
  check_known(document, *scopes, reader.faults());
  return values(*scopes);
}

ScopeDemand scope_demand(MapReader& reader, std::string_view key, const Document& document, bool required) {
  ScopeDemand demand;
  const auto* value = required ? reader.required(key) : reader.optional(key);
  if (value == nullptr) return demand;
  if (value->kind != Value::Kind::map || value->read_file) {
    demand.scopes = scope_list(reader, key, document);
    return demand;
  }
  MapReader inner(*value, "`" + std::string(key) + "`", reader.faults());
  demand.any = true;
  demand.scopes = scope_list(inner, "any", document, true);
  inner.finish();
  return demand;
}

void read_roles(MapReader& reader, Document& out) {
  const auto* roles = reader.map("roles");
  if (roles == nullptr) return;
  for (const auto& entry : roles->entries) {
    if (entry.value.kind != Value::Kind::list) {
      reader.faults().add(entry.value.at, "a role names the list of scopes it may hold; [] for none beside `connect`");
      continue;
    }
    auto& scopes = out.roles[entry.key];
    for (const auto& item : entry.value.items) {
      if (!out.knows_scope(item.scalar))
        reader.faults().add(item.at, "the scope `" + item.written + "` is not among `scopes`");
      scopes.push_back(item.scalar);
    }
  }
}

// A misspelt method would leave its rule without effect.
void check_method(const config::Text& method, Faults& faults) {
  const GlobSet glob({method.value}, GlobKind::name);
  const auto known = mcp::all_methods();
  if (std::none_of(known.begin(), known.end(), [&](const auto& each) { return glob.matches(each.name); }))
    faults.add(method.at, "there is no method of MCP that " + method.written + " names");
}

// Every URI with such a host is refused, because readers map it to ASCII in different ways.
void check_host(const config::Text& uri, Faults& faults) {
  if (!has_ascii_host(percent_decoded(uri.value)))
    faults.add(uri.at, "the host in " + uri.written +
                           " has characters beyond ASCII, so that this rule would never apply: write the host as URIs "
                           "have it, with `xn--`");
}

bool read_globs(MapReader& reader, std::string_view key, GlobKind kind, GlobSet Rule::* set, Rule& rule) {
  const bool named = reader.has(key);
  const auto texts = reader.texts(key);
  if (!texts) return named;
  for (const auto& glob : *texts) {
    if (glob.value.size() > GlobSet::kLongest) reader.faults().add(glob.at, "this is longer than 1024 bytes");
    if (key == "methods") check_method(glob, reader.faults());
    if (kind == GlobKind::uri) check_host(glob, reader.faults());
    rule.written.push_back({set, key, glob.value, glob.written, glob.at});
  }
  rule.*set = GlobSet(values(*texts), kind);
  return named;
}

void check_roles(const Document& document, const std::vector<config::Text>& roles, Faults& faults) {
  for (const auto& role : roles) {
    if (!document.roles.empty() && !document.roles.contains(role.value))
      faults.add(role.at, "the role " + role.written + " is not among `roles`");
  }
}

void check_plans(const Document& document, const std::vector<config::Text>& plans, Faults& faults) {
  for (const auto& plan : plans) {
    if (!document.plans.empty() &&
        std::find(document.plans.begin(), document.plans.end(), plan.value) == document.plans.end())
      faults.add(plan.at, "the plan " + plan.written + " is not among `plans`: this rule would never apply");
  }
}

Rule read_rule(const Value& value, std::size_t index, const Document& document, Faults& faults) {
  Rule rule;
  rule.label = "rules[" + std::to_string(index) + "]";
  MapReader reader(value, rule.label, faults);
  bool named = read_globs(reader, "tools", GlobKind::name, &Rule::tools, rule);
  named |= read_globs(reader, "resources", GlobKind::uri, &Rule::resources, rule);
  named |= read_globs(reader, "prompts", GlobKind::name, &Rule::prompts, rule);
  named |= read_globs(reader, "methods", GlobKind::name, &Rule::methods, rule);
  if (!named) faults.add(value.at, rule.label + " names nothing: give `tools`, `resources`, `prompts` or `methods`");
  reader.boolean("deny", rule.deny);
  rule.scopes = scope_demand(reader, "scopes", document, false);
  if (const auto roles = reader.texts("roles")) {
    check_roles(document, *roles, faults);
    rule.roles = values(*roles);
  }
  if (const auto plans = reader.texts("plans")) {
    check_plans(document, *plans, faults);
    rule.plans = values(*plans);
  }
  if (const auto* arguments = reader.map("arguments")) {
    rule.arguments = ArgumentSchema::compile(*arguments, faults);
    if (rule.tools.empty() && rule.prompts.empty())
      faults.add(arguments->at, "`arguments` fits rules with `tools` or `prompts` only");
  }
  const bool demands = reader.has("scopes") || reader.has("roles") || reader.has("plans") || reader.has("arguments");
  if (rule.deny && demands) {
    faults.add(reader.at("deny"), "`deny: true` stands alone: the call is refused whatever else the rule says");
  }
  reader.finish();
  return rule;
}

void read_switches(MapReader& reader, Document& out) {
  std::size_t choice = 0;
  reader.choice("otherwise", choice, {"deny", "allow"});
  out.otherwise_allow = choice == 1;
  reader.boolean("shadow", out.shadow);
  std::size_t hide = 0;
  reader.choice("hide", hide, {"unusable", "never"});
  out.hide = hide == 0;
  std::size_t mode = 0;
  reader.choice("scope_mode", mode, {"require", "narrow"});
  out.narrow = mode == 1;
}

}  // namespace

bool ScopeDemand::met_by(const std::vector<std::string>& held) const {
  const auto holds = [&](const std::string& scope) { return std::find(held.begin(), held.end(), scope) != held.end(); };
  if (any) return std::any_of(scopes.begin(), scopes.end(), holds);
  return std::all_of(scopes.begin(), scopes.end(), holds);
}

bool Document::knows_scope(std::string_view scope) const noexcept {
  return std::any_of(scopes.begin(), scopes.end(), [&](const auto& known) { return known.first == scope; });
}

std::optional<Document> read_document(const Value& root, Faults& faults) {
  const auto before = faults.all().size();
  Document out;
  MapReader reader(root, "a policy", faults);
  reader.string("policy", out.name, true);
  read_scopes(reader, out);
  out.connect = scope_demand(reader, "connect", out, true);
  out.default_scopes = scope_list(reader, "default_scopes", out, true);
  reader.strings("plans", out.plans);
  read_roles(reader, out);
  if (const auto* rules = reader.list("rules")) {
    for (std::size_t i = 0; i < rules->items.size(); ++i)
      out.rules.push_back(read_rule(rules->items[i], i, out, faults));
  }
  read_switches(reader, out);
  reader.finish();
  if (faults.all().size() > before) return std::nullopt;
  if (!out.connect.met_by(out.default_scopes)) {
    faults.add(reader.at("default_scopes"),
               "`default_scopes` must hold what `connect` demands, or nobody gets in without a second consent");
    return std::nullopt;
  }
  return out;
}

}  // namespace postern::policy

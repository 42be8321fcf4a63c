#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/system/result.hpp>
#include <nlohmann/json.hpp>

#include "config/load.hpp"
#include "config/position.hpp"
#include "mcp/jsonrpc.hpp"
#include "mcp/method.hpp"

namespace postern::policy {

// Who calls, as far as policy cares.
struct Caller {
  std::vector<std::string> scopes;  // granted to the token
  std::string role;                 // in the tenant; may be empty
  std::string plan;                 // of the tenant; may be empty
  // Whether the grant asked for more than `connect`: then it is no more than what was granted, with `scope_mode:
  // narrow`. Otherwise it has its role's full reach there.
  bool narrowed = true;
};

enum class Verdict : std::uint8_t {
  allow,
  step_up,    // a scope is missing that the user may still grant: 403 insufficient_scope
  deny,       // access_denied: no scope would help
  not_found,  // the tenant's plan does not include the resource: 404
};

struct Decision {
  Verdict verdict = Verdict::deny;
  std::vector<std::string> needed;  // every scope the call needs (connect's too), sorted as in the policy
  std::string rule;                 // "rules[2]", "connect", "otherwise", "method", "plans", "uri"
  std::string reason;               // a sentence for the audit line and the error description; no argument values
  bool by_rule_plans = false;       // denied by the `plans` of a rule
  bool shadow = false;              // the verdict is logged and counted, but the call passes
};

// The scopes that a step-up challenge asks for: all that the call needs, together with those held. Clients that ask for
// just what they are told keep what they had.
std::vector<std::string> challenge_scopes(const Decision& decision, std::vector<std::string> held);

// One policy file, compiled: globs to matchers, patterns to RE2, argument schemas to validators. Immutable; const
// calls are thread-safe; no I/O.
class Policy {
 public:
  virtual ~Policy() = default;

  virtual const std::string& name() const noexcept = 0;
  // Scope name and the text consent shows, in the file's order.
  virtual const std::vector<std::pair<std::string, std::string>>& scopes() const noexcept = 0;
  virtual const std::vector<std::string>& default_scopes() const noexcept = 0;  // what the challenge asks for
  virtual bool knows_scope(std::string_view scope) const noexcept = 0;
  // Whether a member of that role could do more than one without a role: false for a name that `roles` does not hold.
  virtual bool knows_role(std::string_view role) const noexcept = 0;
  virtual bool includes_plan(std::string_view plan) const noexcept = 0;
  // The scopes of `wanted` that exist and that a member with that role may hold, in the policy's order.
  virtual std::vector<std::string> grantable(const std::vector<std::string>& wanted, std::string_view role) const = 0;

  // The scopes that `connect` demands beyond these, in the policy's order; empty: a token with these may connect.
  virtual std::vector<std::string> missing_to_connect(const std::vector<std::string>& scopes) const = 0;
  // Whether a known scope beyond those of `connect` was asked for; always with `scope_mode: require`, which may change.
  virtual bool asks_beyond_connect(const std::vector<std::string>& asked) const noexcept = 0;
  // The scopes that count for the caller: of the token's, those that its role may hold; with `scope_mode: narrow`, all
  // that its role may hold where the grant was not narrowed. In the policy's order.
  virtual std::vector<std::string> reach(const Caller& caller) const = 0;

  // Every MCP method has a place: see mcp/method.hpp. `message` is the validated body.
  virtual Decision decide(const mcp::Message& message, const Caller& caller) const = 0;
  // A request without a JSON-RPC body (GET stream, DELETE session, answers): what `connect` demands.
  virtual Decision decide_connect(const Caller& caller) const = 0;
  // Whether the caller could ever use the listed thing: under some scopes its role may be granted. `hide: never` makes
  // everything visible.
  virtual bool visible(mcp::ListKind kind, std::string_view name, const Caller& caller) const = 0;
  // The scopes that calling the tool needs, where the caller holds them all and no rule forbids it, whatever its
  // arguments; nullopt: not with this token.
  virtual std::optional<std::vector<std::string>> usable(std::string_view tool, const Caller& caller) const = 0;

  // The parts of its rules that decide nothing: see policy/unreachable.hpp.
  virtual std::vector<config::Fault> unreachable() const = 0;
};

boost::system::result<std::shared_ptr<const Policy>, config::Faults> load(const std::string& path,
                                                                          const config::Sources& sources);
boost::system::result<std::shared_ptr<const Policy>, config::Faults> load_text(std::string_view text,
                                                                               const std::string& path,
                                                                               const config::Sources& sources);

// The policy of somebody who wrote none: one scope `mcp:use` that everything needs. For `postern quick`.
std::shared_ptr<const Policy> default_policy();

}  // namespace postern::policy

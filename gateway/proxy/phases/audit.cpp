#include "base/strings.hpp"
#include "proxy/mcp_exchange.hpp"
#include "proxy/phases/phases.hpp"

namespace postern::proxy {
namespace {

// Where a document is for everybody, a principal stands for nobody.
bool is_stranger(const McpExchange& x) {
  return !x.principal || (x.principal->user.empty() && x.principal->client.empty());
}

telemetry::Outcome outcome_of(const McpExchange& x) {
  using telemetry::Outcome;
  if (x.outcome != Outcome::ok) return x.outcome;
  if (x.error.empty()) return Outcome::ok;
  switch (x.status) {
    case 401: return Outcome::unauthorized;
    case 403: return x.error == "insufficient_scope" ? Outcome::step_up : Outcome::forbidden;
    case 429: return Outcome::limited;
    case 502:
    case 504: return Outcome::upstream_error;
    case 503: return Outcome::unavailable;
    default: return Outcome::refused;
  }
}

}  // namespace

void audit(const McpExchange& x) {
  auto& services = x.services();
  const auto kind = x.status >= 400 ? telemetry::StrangerLine::refused : telemetry::StrangerLine::answered;
  if (is_stranger(x) && !services.counters.refusals.admits(kind, x.context.peer, std::chrono::steady_clock::now()))
    return;
  const token::Principal nobody;
  const auto& p = x.principal ? *x.principal : nobody;
  const double ms =
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - x.context.started).count();
  const char* decision = "none";
  if (!x.decision.rule.empty()) {
    decision = x.decision.verdict == policy::Verdict::allow       ? "allow"
               : x.decision.verdict == policy::Verdict::step_up   ? "step_up"
               : x.decision.verdict == policy::Verdict::not_found ? "not_found"
                                                                  : "deny";
  }
  services.log.audit("call", {{"request_id", x.context.id},
                              {"resource", x.resource.url},
                              {"tenant", p.tenant},
                              {"user", p.user},
                              {"client", p.client},
                              {"client_name", p.client_name},
                              {"grant", p.grant},
                              {"peer", x.context.peer},
                              {"http", x.head().method},
                              {"method", x.message ? std::string_view(x.message->method) : std::string_view()},
                              {"name", x.message ? std::string_view(x.message->name) : std::string_view()},
                              {"decision", decision},
                              {"rule", x.decision.rule},
                              {"shadow", x.decision.shadow},
                              {"scopes", join(p.scopes, " ")},
                              {"status", x.status},
                              {"error", x.error},
                              {"outcome", telemetry::to_string(x.outcome)},
                              {"ms", ms}});
}

void conclude(McpExchange& x) {
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - x.context.started).count();
  x.outcome = outcome_of(x);
  x.generation->metrics(x.resource).request(x.outcome, seconds);
  audit(x);
}

}  // namespace postern::proxy

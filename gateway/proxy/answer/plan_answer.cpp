#include "proxy/answer/plan_answer.hpp"

#include <algorithm>
#include <array>

#include "base/strings.hpp"
#include "http/header/media_type.hpp"
#include "proxy/answer/answer_editor.hpp"
#include "proxy/answer/session_errors.hpp"
#include "proxy/answer/upstream_refusal.hpp"
#include "proxy/cors.hpp"
#include "proxy/listening.hpp"

namespace postern::proxy {
namespace {

constexpr std::array<std::string_view, 5> kPassed{"content-type", "mcp-protocol-version", "retry-after",
                                                  "last-event-id", "allow"};

AnswerPlan refuse(authn::Refusal refused) {
  AnswerPlan plan;
  plan.kind = AnswerPlan::Kind::refuse;
  plan.refusal = std::move(refused);
  return plan;
}

// The session the upstream minted leaves sealed.
void seal_new_session(McpExchange& x, const upstream::Exchange& answer, http::Headers& headers) {
  if (x.modern) return;
  const auto id = answer.head().fields.only("mcp-session-id");
  if (!id) return;
  // Servers repeat the id on every answer; a client that compares must find the one it sent. No other answer than that
  // to initialize may change it.
  if (x.session) {
    const auto sent = x.head().fields.only("mcp-session-id");
    if (*id == x.session->id && sent) headers.set("Mcp-Session-Id", std::string(*sent));
    return;
  }
  Session session;
  session.id = *id;
  session.address = answer.address();
  session.upstream = x.resource.upstream->name;
  session.resource = x.principal->resource;
  session.tenant = x.principal->tenant;
  session.user = x.principal->user;
  session.client = x.principal->client;
  headers.set("Mcp-Session-Id", seal_session(session, x.services().seals.session));
}

// MCP 2024-11-05 transports, "HTTP with SSE": the stream begins by saying where its client posts to. Relative, as
// clients resolve it against the address they know.
std::string endpoint_event(const McpExchange& x, http::Headers& headers) {
  const auto sealed = std::string(headers.get("Mcp-Session-Id").value_or(""));
  headers.erase("Mcp-Session-Id");
  return "event: endpoint\ndata: " + runtime::messages_path(x.resource) + "?" + std::string(kSessionParameter) + "=" +
         sealed + "\n\n";
}

}  // namespace

AnswerPlan plan_answer(McpExchange& x, const upstream::Exchange& answer) {
  const auto& head = answer.head();
  const auto type = media_type_of(head);
  if (head.status == 404 && x.session) return refuse(session_has_ended());
  if (auto refused = refused_by_upstream(x, head, type)) return refuse(std::move(*refused));

  AnswerPlan plan;
  for (const auto& field : head.fields.all()) {
    const bool passed =
        std::any_of(kPassed.begin(), kPassed.end(), [&](auto name) { return ascii_iequals(field.name, name); });
    if (passed) plan.headers.set(field.name, field.value);
  }
  // RFC 8259 section 8.1, WHATWG HTML section 9.2.3: both are UTF-8. A list is filtered as such, and a client that goes
  // by another charset would read another list.
  if (filters_lists(x) && !type.empty()) plan.headers.set("Content-Type", type);
  seal_new_session(x, answer, plan.headers);
  plan.headers.set("Cache-Control", "no-store");
  plan.headers.set("X-Content-Type-Options", "nosniff");
  plan.headers.set("X-Request-Id", x.context.id);
  add_cors(plan.headers, x.origin);

  x.status = head.status;
  const bool success = head.status / 100 == 2;
  if (type == "text/event-stream" && success) {
    plan.kind = AnswerPlan::Kind::stream;
    if (opens_old_stream(x)) plan.preface = endpoint_event(x, plan.headers);
    plan.headers.set("X-Accel-Buffering", "no");
  } else if (head.status == 400 && !x.modern && type == "application/json") {
    plan.kind = AnswerPlan::Kind::maybe_of_session;
  } else if ((filters_lists(x) || may_hold_tasks(x)) && (success || type == "application/json")) {
    plan.kind = AnswerPlan::Kind::filter_whole;
  }
  return plan;
}

}  // namespace postern::proxy

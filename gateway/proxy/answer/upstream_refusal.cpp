#include "proxy/answer/upstream_refusal.hpp"

#include "base/strings.hpp"
#include "http/header/content_coding.hpp"
#include "proxy/session/session_id.hpp"
#include "upstream/turned_away.hpp"

namespace postern::proxy {
namespace {

constexpr int kTooManyRequests = 429;

// The server behind knows nothing of OAuth: what it says about credentials or other addresses is not an answer to the
// client.
MaybeRefusal judge(const http::ResponseHead& head, std::string_view type) {
  const int status = head.status;
  if (upstream::turns_gateway_away(status)) {
    return refusal(502, "upstream_refused",
                   "the server behind this gateway refused the call (its status was " + std::to_string(status) + ")");
  }
  if (status >= 500 && type != "application/json") {
    return refusal(502, "upstream_error",
                   "the server behind this gateway failed (its status was " + std::to_string(status) + ")");
  }
  if (const auto id = head.fields.only("mcp-session-id"); id && id->size() > kLongestSessionId) {
    return refusal(502, "upstream_error", "the server behind this gateway sent a session id that is too long");
  }
  if (!http::is_identity_coded(head.fields)) {
    return refusal(502, "upstream_error",
                   "the server behind this gateway sent a compressed answer, which it was asked not to");
  }
  return std::nullopt;
}

// A message that something else than a server of MCP has answered. It is passed on, since clients go by such statuses
// when they look for older transports, but the operator should know.
bool is_no_answer_of_mcp(const McpExchange& x, const http::ResponseHead& head, std::string_view type) {
  return x.head().method == "POST" && head.status >= 400 && head.status < 500 && head.status != kTooManyRequests &&
         type != "application/json";
}

void warn(McpExchange& x, int status, const std::string& location) {
  const auto& name = x.resource.upstream->name;
  if (!x.services().said.first("upstream_refused " + name + " " + std::to_string(status))) return;
  const auto advice = upstream::advice_on(status, location, name) + ". This is written once.";
  x.services().log.warning(
      "upstream_refused",
      {{"request_id", x.context.id}, {"upstream", name}, {"status", status}, {"location", location}, {"what", advice}});
}

}  // namespace

MaybeRefusal refused_by_upstream(McpExchange& x, const http::ResponseHead& head, std::string_view type) {
  auto refused = judge(head, type);
  if (head.status < 300 || (!refused && !is_no_answer_of_mcp(x, head, type))) return refused;
  const auto location = upstream::shown_location(head.fields.only("location").value_or(""));
  warn(x, head.status, location);
  if (refused) {
    x.error_data = {{"upstream_status", head.status}};
    if (!location.empty()) x.error_data["upstream_location"] = location;
  }
  return refused;
}

std::string media_type_of(const http::ResponseHead& head) {
  const auto* field = head.fields.find("content-type");
  if (field == nullptr) return {};
  return ascii_lower(trim(field->value.substr(0, field->value.find(';'))));
}

}  // namespace postern::proxy

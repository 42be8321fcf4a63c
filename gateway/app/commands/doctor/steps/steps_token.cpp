#include <array>

#include "app/commands/doctor/messages.hpp"
#include "app/commands/doctor/walk.hpp"
#include "base/strings.hpp"
#include "upstream/turned_away.hpp"

namespace postern::app::doctor {
namespace {

constexpr int kMostPages = 20;
constexpr std::string_view kDenied = "access_denied";

// A denial by the policy comes with status 200.
bool is_refused(const Answer& answer) { return answer.status != 200 || error_name(answer) == kDenied; }

Ask with_token(const Walk& walk, Ask ask) {
  ask.headers.set("Authorization", "Bearer " + walk.token);
  if (!walk.tenant.empty()) ask.headers.set("X-Tenant", walk.tenant);
  if (!walk.session.empty()) ask.headers.set("Mcp-Session-Id", walk.session);
  if (walk.initialized) ask.headers.set("MCP-Protocol-Version", walk.protocol);
  return ask;
}

Answer call(Walk& walk, const nlohmann::json& message, int id) {
  auto ask = with_token(walk, post_of(walk.typed, message));
  if (walk.protocol == kModernProtocol) ask.headers.set("Mcp-Method", message["method"].get<std::string>());
  ask.enough = [id](std::string_view body) { return holds_answer(body, id); };
  return walk.prober.ask(ask);
}

Finding judge_server_behind(const RefusalBehind& refused, const std::string& url) {
  const auto leads = refused.location.empty() ? std::string() : " with Location: " + refused.location;
  return failed(refused.status >= 500 ? "server_behind_fails" : "server_behind_refuses",
                url + ": the server behind the gateway answered " + std::to_string(refused.status) + leads,
                "the answer of a server of MCP", upstream::advice_on(refused.status, refused.location, "*"));
}

// What may be wrong with a token that is not taken. One made by hand for a resource with `manual_tokens` is taken only
// beside the handle of its tenant.
std::string mend_of_token(const std::string& tenant) {
  const std::string ways =
      "the token has expired, was revoked, or is for another URL or tenant: get one for exactly this URL";
  if (tenant.empty()) return ways + "; of one made by hand name the tenant as well, with --tenant HANDLE";
  return ways + "; with --tenant " + tenant + " it must be of that tenant";
}

// What the gateway calls each refusal, and whose turn it is then.
Finding judge_refusal(const Answer& answer, const Walk& walk) {
  const auto& url = walk.typed;
  if (!answer.came()) return judge_trouble(answer, url);
  const auto name = error_name(answer);
  const auto seen = url + ": " + status_line(answer) + (name.empty() ? "" : ", " + name);
  const std::string expected = "the server's answer";
  if (name == "invalid_token_format") {
    return failed(name, seen, expected, "this is no token of this server: use one that it made itself");
  }
  if (name == "session_handle_mismatch") {
    return failed(name, seen, expected, "one connector for each handle: the session was opened for another");
  }
  if (answer.status == 401) {
    return failed(name.empty() ? "unauthorized" : name, seen, expected, mend_of_token(walk.tenant));
  }
  if (name == "insufficient_scope") {
    return failed(name, seen, expected, "authorize again with the scopes that the challenge names");
  }
  if (answer.status == 403 || name == kDenied) {
    return failed(name.empty() ? "forbidden" : name, seen, expected,
                  "role, plan or policy do not allow it: `postern policy explain` says which rule");
  }
  if (const auto behind = refusal_behind(answer)) return judge_server_behind(*behind, url);
  // The gateway's own refusals have a name, so one without a name comes from the server behind.
  if (name.empty() && answer.status >= 400 && answer.status < 500 && answer.status != 429) {
    return judge_server_behind({answer.status}, url);
  }
  if (answer.status == 502 || answer.status == 504) {
    return failed("server_behind_down", seen, expected,
                  "the gateway took the token, but the MCP server behind does not answer: start it, and compare "
                  "`upstreams.*.urls` with where it listens");
  }
  return failed("refused", seen, expected, "look at the gateway's log for this request");
}

// JSON-RPC's "no such method" and MCP's "no such version": a server of 2026-07-28 has no initialize.
bool is_modern_alone(const Answer& answer) {
  const auto message = message_of(answer, 1);
  if (!message || !message->contains("error")) return false;
  const auto& error = (*message)["error"];
  if (!error.is_object() || !error.contains("code")) return false;
  return error["code"] == -32601 || error["code"] == -32022;
}

Finding check_initialize(Walk& walk) {
  const auto answer = call(walk, initialize_message(), 1);
  if (answer.came() && is_modern_alone(answer)) {
    walk.initialized = true;
    walk.protocol = kModernProtocol;
    return ok(std::string("the server speaks ") + kModernProtocol + " alone");
  }
  if (is_refused(answer)) return judge_refusal(answer, walk);
  const auto message = message_of(answer, 1);
  if (!message || !message->contains("result") || !(*message)["result"].is_object()) {
    return failed("no_mcp", walk.typed + ": " + status_line(answer) + " without a result", "the result of initialize",
                  "is the server behind an MCP server, at the path that `upstreams.*.urls` names?");
  }
  walk.initialized = true;
  walk.protocol = text_of((*message)["result"], "protocolVersion");
  if (!http::is_field_value(walk.protocol)) walk.protocol = kProtocol;
  walk.session = std::string(answer.header("Mcp-Session-Id"));
  const auto told = call(walk, {{"jsonrpc", "2.0"}, {"method", "notifications/initialized"}}, 0);
  if (!told.came() || told.status >= 300) return judge_refusal(told, walk);
  return ok("MCP " + walk.protocol);
}

Finding check_tools(Walk& walk) {
  if (!walk.initialized) return skipped("there is no session");
  std::size_t tools = 0;
  std::string cursor;
  for (int page = 0; page < kMostPages; ++page) {
    const int id = page + 2;
    const auto answer = call(walk, tools_message(id, cursor, walk.protocol == kModernProtocol), id);
    if (is_refused(answer)) return judge_refusal(answer, walk);
    auto listed = tools_of(answer, id);
    if (!listed) {
      return failed("no_tools", "tools/list: no result with `tools`", "a list of tools",
                    "look at what the server behind answers to tools/list");
    }
    tools += listed->tools;
    cursor = std::move(listed->next);
    if (cursor.empty()) break;
  }
  if (tools > 0) return ok(std::to_string(tools) + (tools == 1 ? " tool" : " tools"));
  return note("no_tool_visible", "0 tools",
              "this token may use none: compare its scopes and the user's role with the policy");
}

// An event stream's head must come at once; a proxy that holds it back until there is something in it breaks clients.
Finding check_stream(Walk& walk) {
  if (!walk.initialized) return skipped("there is no session");
  if (walk.protocol == kModernProtocol) return ok("streams are answers to POST alone");
  auto ask = with_token(walk, Ask{.url = walk.typed});
  ask.headers.set("Accept", "text/event-stream");
  ask.enough = [](std::string_view) { return true; };
  const auto answer = walk.prober.ask(ask);
  if (answer.trouble == Trouble::timed_out) {
    return failed("stream_held", "GET " + walk.typed + ": no head within 10 s", "the head of an event stream at once",
                  "switch off buffering in the proxy in front (nginx: proxy_buffering off)");
  }
  if (answer.status == 200 || answer.status == 405) return ok("GET: " + status_line(answer));
  return judge_refusal(answer, walk);
}

// Leaves nothing behind; a server may refuse that.
Finding end_session(Walk& walk) {
  if (walk.session.empty()) return ok("there is none to end");
  const auto answer = walk.prober.ask(with_token(walk, Ask{.method = "DELETE", .url = walk.typed}));
  walk.session.clear();
  if (!answer.came()) return judge_trouble(answer, walk.typed);
  if (answer.status < 300 || answer.status == 404 || answer.status == 405) return ok("DELETE: " + status_line(answer));
  return judge_refusal(answer, walk);
}

constexpr std::array<Step, 4> kSteps{{
    {"initialize", "With the token, the server behind answers", check_initialize},
    {"tools", "Its tools are listed", check_tools},
    {"stream", "An event stream begins at once", check_stream},
    {"session", "The session ends", end_session},
}};

}  // namespace

std::span<const Step> token_steps() { return kSteps; }

}  // namespace postern::app::doctor

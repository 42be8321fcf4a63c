#include "proxy/rest/rest_endpoint.hpp"

#include <utility>

#include "authn/bearer.hpp"
#include "base/json_cost.hpp"
#include "base/network.hpp"
#include "base/strings.hpp"
#include "http/header/content_coding.hpp"
#include "http/header/media_type.hpp"
#include "mcp/answer.hpp"
#include "mcp/json_cursor.hpp"
#include "mcp/repair.hpp"
#include "proxy/body_shares.hpp"
#include "proxy/callers.hpp"
#include "proxy/cors.hpp"
#include "proxy/long_work.hpp"
#include "proxy/phases/phases.hpp"
#include "proxy/phases/watched.hpp"
#include "proxy/rest/rest_client.hpp"
#include "rest/answer.hpp"
#include "rest/calls.hpp"
#include "runtime/store_work.hpp"
#include "runtime/tenant_gate.hpp"

namespace postern::proxy {
namespace {

constexpr std::size_t kLongestAnswer = 16 * 1024 * 1024;

// One request of REST: that of MCP which it stands for goes through the same phases.
struct RestExchange {
  McpExchange& x;
  const runtime::Route& route;
  RestState& state;
  std::string arguments{};  // as they were sent
  bool anonymous = false;   // for the document that needs no token
  std::optional<http::Response> response{};
  limits::BodyShare share{};  // of the answer, until it is written
};

bool is_call(const RestExchange& r) { return r.route.kind == runtime::RouteKind::rest_tool; }

http::Response problem(const RestExchange& r, const rest::Answer& answer) {
  http::Response response;
  response.status = answer.status;
  response.headers.set("Content-Type", rest::kProblemType);
  response.headers.set("Cache-Control", "no-store");
  response.body =
      rest::problem_document(answer.status, answer.error, answer.detail, r.x.context.id, answer.member, answer.body);
  return response;
}

http::Response refused_response(RestExchange& r, const authn::Refusal& refused) {
  r.x.status = refused.status;
  r.x.error = refused.error;
  rest::Answer answer;
  answer.status = refused.status;
  answer.error = refused.error;
  answer.detail = refused.description;
  auto response = problem(r, answer);
  if (refused.challenge) response.headers.set("WWW-Authenticate", authn::www_authenticate(refused, r.x.resource));
  if (refused.retry_after > 0) response.headers.set("Retry-After", std::to_string(refused.retry_after));
  if (refused.status == 405) response.headers.set("Allow", r.route.methods);
  return response;
}

// Who asks for the document without a token, where that is allowed: nobody, in the tenant of the address, with the
// scopes that a client would ask for first.
Result<std::shared_ptr<const token::Principal>> nobody_of(const tenant::Resource& resource,
                                                          const runtime::Generation& generation) {
  auto tenant = generation.directory().find(resource.fixed_tenant);
  if (!tenant) return tenant.error();
  if (!*tenant || !resource.policy->includes_plan((*tenant)->plan)) return fail(Errc::not_found, "no such tenant");
  auto nobody = std::make_shared<token::Principal>();
  nobody->tenant = (*tenant)->handle;
  nobody->tenant_name = (*tenant)->name;
  nobody->plan = (*tenant)->plan;
  nobody->resource = resource.canonical;
  nobody->scopes = resource.policy->grantable(resource.policy->default_scopes(), "");
  return std::shared_ptr<const token::Principal>(std::move(nobody));
}

awaitable<MaybeRefusal> stand_in_for_nobody(RestExchange& r) {
  using Made = Result<std::shared_ptr<const token::Principal>>;
  const std::function<Made()> work = [generation = r.x.generation, resource = r.x.resource] {
    return nobody_of(resource, *generation);
  };
  auto made = co_await runtime::read_store<Made>(r.x.services(), work);
  if (made) {
    r.anonymous = true;
    r.x.principal = std::move(*made);
    co_return std::nullopt;
  }
  if (made.error().code == Errc::not_found) {
    auto absent = refusal(404, "not_found", "there is nothing at this address");
    co_return absent;
  }
  co_return try_again("the gateway is busy; try again in a moment");
}

awaitable<MaybeRefusal> identify(RestExchange& r) {
  const bool unsigned_one = authn::extract_bearer(r.x.head().fields).is_absent();
  if (unsigned_one && r.route.kind == runtime::RouteKind::rest_openapi && r.x.resource.public_openapi) {
    auto refused = co_await stand_in_for_nobody(r);
    co_return refused;
  }
  auto refused = co_await authenticate(r.x);
  if (refused) refused = co_await unless_absent(r.x, std::move(*refused));
  co_return refused;
}

MaybeRefusal check_method(const RestExchange& r) {
  const auto method = r.x.head().method;
  if (is_call(r) ? method == "POST" : method == "GET" || method == "HEAD") return std::nullopt;
  return refusal(405, "method_not_allowed",
                 is_call(r) ? "a tool is called with POST" : "this document is read with GET");
}

bool has_body(const http::RequestHead& head) {
  return head.framing != http::Framing::none &&
         (head.framing != http::Framing::content_length || head.content_length > 0);
}

MaybeRefusal check_media_type(const RestExchange& r) {
  const auto& head = r.x.head();
  if (!is_call(r)) {
    return has_body(head) ? refusal(400, "invalid_request", "a GET on this address has no body") : MaybeRefusal();
  }
  const bool declared = head.fields.count("content-type") > 0;
  const auto type = head.fields.only("content-type");
  if ((declared || has_body(head)) && (!type || !http::is_media_type(*type, "application/json"))) {
    return refusal(415, "unsupported_media_type", "send the arguments as Content-Type: application/json");
  }
  if (!http::is_identity_coded(head.fields)) {
    return refusal(415, "unsupported_media_type", "send the body without Content-Encoding");
  }
  return std::nullopt;
}

// A 429 ends no session here, so nothing waits for its turn.
MaybeRefusal admit(const RestExchange& r) {
  if (auto refused = check_method(r)) return refused;
  if (auto refused = check_media_type(r)) return refused;
  const auto& p = *r.x.principal;
  return check_rate(r.x, r.anonymous ? "nobody\n" + network_of(r.x.context.peer) : p.user + '\n' + p.tenant);
}

// A body on its way to be a message.
struct UnreadArguments {
  std::string arguments;
  limits::BodyShare share;
  std::string id;
  std::string tool;
  bool no_room = false;
  MaybeRefusal refused{};
  mcp::Message message{};
};

// The arguments are an object of strict JSON; the message of MCP is made around their very bytes and read like one
// that a client sent. On any thread.
MaybeRefusal read(UnreadArguments& body) {
  if (body.arguments.empty()) body.arguments = "{}";
  body.no_room = !body.share.grow_to_work(2 * body.arguments.size() + parsed_bytes(body.arguments));
  if (body.no_room) return no_memory_for_body();
  if (const auto arguments = mcp::parse_json(body.arguments); !arguments) {
    return refusal(400, "parse_error", "the body is refused: " + arguments.error().reason);
  } else if (!arguments->is_object()) {
    return refusal(400, "invalid_request", "send the arguments as one JSON object, {} when there are none");
  }
  auto message = mcp::read_message(rest::call_message(body.id, body.tool, body.arguments, false));
  if (!message) return refusal(400, "invalid_request", message.error().reason);
  body.message = std::move(*message);
  return std::nullopt;
}

awaitable<MaybeRefusal> make_message(RestExchange& r, std::string text) {
  auto& x = r.x;
  x.body_size = text.size();
  const auto body =
      std::make_shared<UnreadArguments>(std::move(text), std::move(x.context.body_share), x.context.id, r.route.tool);
  std::function<void()> work = [body] { body->refused = read(*body); };
  auto refused = co_await work_on_text(x, x.body_size, std::move(work));
  if (refused) co_return refused;
  if (body->refused) co_return std::move(body->refused);
  x.context.body_share = std::move(body->share);
  r.arguments = std::move(body->arguments);
  x.message = std::move(body->message);
  co_return std::nullopt;
}

awaitable<MaybeRefusal> open_rest_body(RestExchange& r) {
  auto& x = r.x;
  if (!is_call(r)) {
    auto message = mcp::read_message(rest::list_message(x.context.id, {}, false));
    x.message = std::move(*message);
    co_return std::nullopt;
  }
  auto share = share_of(x);
  auto body = co_await x.client.read_body(x.generation->limits().body, std::move(share));
  if (!body) {
    x.context.body_read = true;
    if (body.error().status == 0) x.outcome = telemetry::Outcome::cancelled;
    auto refused =
        refusal(body.error().status == 0 ? 400 : body.error().status, body.error().error, body.error().description);
    refused.retry_after = body.error().retry_after;
    co_return refused;
  }
  auto refused = co_await make_message(r, std::move(*body));
  co_return refused;
}

// What the default scopes do not allow needs a sign-in first.
MaybeRefusal authorize_nobody(RestExchange& r) {
  auto& x = r.x;
  x.decision = x.resource.policy->decide(*x.message, policy_caller(*x.principal));
  if (x.decision.shadow || x.decision.verdict == policy::Verdict::allow) return std::nullopt;
  return challenged(401, "missing_bearer_token", "sign in: this document is for who has an access token", "");
}

// What a server behind answered, on its way to be an answer of REST.
struct GivenAnswer {
  RestAnswer given;
  bool no_room = false;
  rest::Answer made{};
};

// On any thread. The values, which take most, go here.
void make(GivenAnswer& g) {
  const auto message = std::exchange(g.given.message, nullptr);
  auto& text = g.given.text;
  const bool failed = message.contains("error");
  const auto* member = failed ? "error" : "result";
  // The text, repaired, as an answer, and inside of the document of a problem.
  const auto texts = 3 * text.size() + mcp::repaired_size(text);
  const auto values = parsed_bytes(text, mcp::kListLimits) + (failed ? 0 : rest::bytes_for_answer(message[member]));
  g.no_room = !g.given.share.grow_to_work(texts + values);
  if (g.no_room) return;
  if (auto repaired = mcp::repaired_text(text)) text = std::move(*repaired);
  const auto part = mcp::member_text(text, member);
  g.made = failed ? rest::answer_of_error(message[member], part) : rest::answer_of_call(message[member], part);
  text = {};
}

awaitable<MaybeRefusal> answer_call(RestExchange& r, Running& running, RestAnswer given) {
  const auto answer = std::make_shared<GivenAnswer>(std::move(given));
  std::function<void()> work = [answer] { make(*answer); };
  auto refused = co_await work_on_text(r.x, running, answer->given.text.size(), std::move(work));
  if (refused) co_return refused;
  if (answer->no_room) co_return no_memory_for_answer();
  auto& made = answer->made;
  r.share = std::move(answer->given.share);
  r.x.status = made.status;
  if (made.error.empty()) {
    r.response = http::json_response(made.status, std::move(made.body));
  } else {
    // A tool that says it has failed was served all the same.
    if (made.status != 422) r.x.error = made.error;
    r.response = problem(r, made);
  }
  r.share.shrink_to(r.response->body.size());
  co_return std::nullopt;
}

awaitable<MaybeRefusal> call_tool(RestExchange& r, RestClient& client, Running& running) {
  RestToolsPtr tools;
  auto refused = co_await client.tools(running, tools);
  if (refused) co_return refused;
  const auto* tool = tools->find(r.route.tool);
  if (tool == nullptr && tools->fetched < r.x.context.started) {
    refused = co_await client.tools_anew(running, tools);
    if (refused) co_return refused;
    tool = tools->find(r.route.tool);
  }
  if (tool == nullptr) {
    auto unknown = refusal(404, "unknown_tool", "the server behind this gateway has no tool of this name");
    co_return unknown;
  }
  RestAsk what;
  what.method = "tools/call";
  what.name = r.route.tool;
  what.limit = kLongestAnswer;
  what.input = tool->input;
  what.arguments = std::move(r.x.message->params["arguments"]);  // the policy has decided on it
  what.message = [&r](const std::string& id, bool modern) {
    return rest::call_message(id, r.route.tool, r.arguments, modern);
  };
  RestAnswer answer;
  refused = co_await client.ask(running, what, answer);
  if (refused) co_return refused;
  refused = co_await answer_call(r, running, std::move(answer));
  co_return refused;
}

awaitable<MaybeRefusal> show_document(RestExchange& r, RestClient& client, Running& running) {
  RestToolsPtr tools;
  auto refused = co_await client.tools(running, tools);
  if (refused) co_return refused;
  // The copy of this reader, who may be slow.
  r.share = share_of(r.x);
  if (!r.share.grow_to(tools->document.size())) co_return no_memory_for_answer();
  r.x.status = 200;
  r.response = http::json_response(200, tools->document);
  // It differs with the token.
  r.response->headers.set("Vary", "Authorization");
  co_return std::nullopt;
}

awaitable<MaybeRefusal> forward_rest(RestExchange& r) {
  RestClient client(r.x, r.state);
  Forwarding work = [&r, &client](Running& running) {
    return is_call(r) ? call_tool(r, client, running) : show_document(r, client, running);
  };
  auto refused = co_await watched(r.x, std::move(work));
  co_await client.cancel();
  co_return refused;
}

awaitable<MaybeRefusal> run_phases(RestExchange& r) {
  auto refused = check_origin(r.x);
  if (refused) co_return refused;
  refused = co_await identify(r);
  if (refused) co_return refused;
  refused = admit(r);
  if (refused) co_return refused;
  refused = co_await open_rest_body(r);
  if (refused) co_return refused;
  if (r.anonymous) {
    refused = authorize_nobody(r);
  } else {
    refused = co_await stay_authenticated(r.x);
    if (refused) co_return refused;
    refused = co_await authorize(r.x);
  }
  if (refused) co_return refused;
  refused = co_await forward_rest(r);
  co_return refused;
}

}  // namespace

awaitable<void> handle_rest(edge::ClientExchange& client, runtime::Worker& worker,
                            std::shared_ptr<const runtime::Generation> generation, RestState& state,
                            const runtime::Route& route) {
  auto& context = client.request();
  if (context.head.method == "OPTIONS") {
    co_await client.reply(cors_preflight(context, *generation, *route.resource, route.methods));
    co_return;
  }
  McpExchange x{client, worker, context, *route.resource, std::move(generation)};
  x.rest = true;
  RestExchange r{x, route, state};
  const auto refused = co_await run_phases(r);
  if (refused) r.response = refused_response(r, *refused);
  if (r.response && x.outcome != telemetry::Outcome::cancelled) {
    r.response->headers.set("X-Content-Type-Options", "nosniff");
    r.response->headers.set("X-Request-Id", context.id);
    add_cors(r.response->headers, x.origin);
    co_await client.reply(std::move(*r.response));
  }
  conclude(x);
}

}  // namespace postern::proxy

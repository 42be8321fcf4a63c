#include "proxy/mcp_exchange.hpp"
#include "proxy/phases/phases.hpp"

namespace postern::proxy {
namespace {

using Json = nlohmann::ordered_json;

// MCP 2025-11-25 tools, "Error Handling": what a model can act upon is a result with `isError`. SDKs turn a JSON-RPC
// error into an exception, which some frameworks (LangChain's adapters) let end the agent instead of showing it to the
// model. A call made as a task expects a task for its answer, so a tool's result would not fit there.
bool is_answered_with_tool_result(const mcp::Message& message) {
  return mcp::find_method(message.method).subject == mcp::Subject::tool && !message.params.contains("task");
}

// The reason is all that a model sees; programs find the whole error in `_meta`.
Json tool_result(Json error, bool modern) {
  Json text;
  text["type"] = "text";
  text["text"] = error["message"];
  Json result;
  result["content"] = Json::array();
  result["content"].push_back(std::move(text));
  result["isError"] = true;
  if (modern) result["resultType"] = "complete";
  result["_meta"]["postern/error"] = std::move(error);
  return result;
}

}  // namespace

bool is_told_in_answer(const McpExchange& x, const authn::Refusal& refused) {
  const bool has_answer = x.message && x.message->kind == mcp::MessageKind::request && !x.rest;
  return refused.denial && has_answer && x.resource.denials == config::Denials::jsonrpc;
}

http::Response denial_response(const McpExchange& x, const authn::Refusal& refused) {
  auto error = authn::jsonrpc_error(refused, x.context.id, x.error_code);
  Json answer;
  answer["jsonrpc"] = "2.0";
  answer["id"] = x.message->id;
  if (is_answered_with_tool_result(*x.message)) {
    answer["result"] = tool_result(std::move(error), x.modern);
  } else {
    answer["error"] = std::move(error);
  }
  // A reason may quote a name that a client sent, and dump() must not throw over its bytes.
  return http::json_response(200, answer.dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace postern::proxy

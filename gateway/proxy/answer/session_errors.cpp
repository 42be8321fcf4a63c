#include "proxy/answer/session_errors.hpp"

#include "base/strings.hpp"
#include "mcp/jsonrpc.hpp"
#include "proxy/answer/relay.hpp"
#include "proxy/long_work.hpp"

namespace postern::proxy {
namespace {

// What the official SDKs and their examples use for a session they do not know.
constexpr int kServerError = -32000;
constexpr int kSessionNotFound = -32001;
constexpr int kInvalidRequest = -32600;

}  // namespace

authn::Refusal session_has_ended() {
  return refusal(404, "unknown_session", "the session has ended; begin a new one with initialize");
}

authn::Refusal session_is_missing() {
  return refusal(400, "session_required", "send the Mcp-Session-Id that the answer to initialize gave");
}

bool is_about_session(std::string_view answer, const nlohmann::json* own_id) {
  if (is_long(answer.size())) return false;
  const auto json = mcp::parse_json(answer);
  if (!json || !json->is_object()) return false;
  const auto id = json->find("id");
  if (own_id != nullptr && id != json->end() && *id == *own_id) return false;
  const auto error = json->find("error");
  if (error == json->end() || !error->is_object()) return false;
  const auto code = error->find("code");
  const auto message = error->find("message");
  if (code == error->end() || !code->is_number_integer() || message == error->end() || !message->is_string()) {
    return false;
  }
  const bool of_transport = *code == kServerError || *code == kSessionNotFound || *code == kInvalidRequest;
  return of_transport && ascii_lower(message->get_ref<const std::string&>()).find("session") != std::string::npos;
}

}  // namespace postern::proxy

#include "rest/answer.hpp"

#include "base/json.hpp"
#include "base/json_cost.hpp"
#include "http/message.hpp"
#include "mcp/json_cursor.hpp"

namespace postern::rest {
namespace {

using nlohmann::json;

constexpr int kInvalidParams = -32602;
constexpr std::size_t kLongestDetail = 2000;  // bytes

std::string dumped(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

// The text of a block that is one; nullptr for others.
const std::string* text_of(const json& block) {
  if (!block.is_object()) return nullptr;
  const auto type = block.find("type");
  const auto text = block.find("text");
  if (type == block.end() || *type != "text" || text == block.end()) return nullptr;
  return text->get_ptr<const std::string*>();
}

Answer problem(int status, std::string error, std::string detail) {
  Answer answer;
  answer.status = status;
  answer.error = std::move(error);
  answer.detail = std::move(detail);
  return answer;
}

// At most that many bytes, without half a character at the end.
std::string shortened(const std::string& text) {
  if (text.size() <= kLongestDetail) return text;
  std::size_t end = kLongestDetail;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "…";
}

// `text`: of the list of blocks, as it came.
Answer failed(const json& content, std::string_view text) {
  const std::string* said = nullptr;
  for (const auto& block : content) {
    said = text_of(block);
    if (said != nullptr) break;
  }
  auto answer = problem(422, "tool_error", said != nullptr ? shortened(*said) : "the tool has failed");
  answer.member = "content";
  answer.body = text;
  return answer;
}

std::string without_structure(const json& content, std::string_view text) {
  const auto* said = content.size() == 1 ? text_of(content.front()) : nullptr;
  if (said == nullptr) return std::string(R"({"content":)").append(text).append("}");
  const auto read = read_json(*said);
  if (read && (read->is_object() || read->is_array())) return *said;
  return dumped({{"text", *said}});
}

}  // namespace

Answer answer_of_call(const json& result, std::string_view text) {
  const auto none = json::array();
  if (!result.is_object()) {
    return problem(
        502, "upstream_error",
        "the server behind this gateway sent no result of a tool, or one in which a key is repeated or a number "
        "is out of range");
  }
  // MCP 2026-07-28, "Multi Round-Trip Requests".
  const auto kind = result.find("resultType");
  if (kind != result.end() && *kind == "input_required") {
    return problem(422, "input_required", "the tool has a question, which can be answered over MCP only");
  }
  if (kind != result.end() && *kind != "complete") {
    return problem(502, "upstream_error", "the server behind this gateway sent a result that REST cannot carry");
  }
  const auto at = result.find("content");
  const bool has_content = at != result.end() && at->is_array();
  const json& content = has_content ? *at : none;
  const auto blocks = has_content ? mcp::member_text(text, "content") : std::string_view("[]");
  const auto is_error = result.find("isError");
  if (is_error != result.end() && *is_error == true) return failed(content, blocks);
  Answer answer;
  const auto structured = result.find("structuredContent");
  const bool has_structure = structured != result.end() && (structured->is_object() || structured->is_array());
  answer.body = has_structure ? mcp::member_text(text, "structuredContent") : without_structure(content, blocks);
  return answer;
}

std::size_t bytes_for_answer(const json& result) {
  if (!result.is_object()) return 0;
  const auto content = result.find("content");
  if (content == result.end() || !content->is_array() || content->size() != 1) return 0;
  const auto* said = text_of(content->front());
  return said != nullptr ? said->size() + parsed_bytes(*said) : 0;
}

Answer answer_of_error(const json& error, std::string_view text) {
  const auto code = error.is_object() ? error.find("code") : error.end();
  const bool of_arguments = error.is_object() && code != error.end() && *code == kInvalidParams;
  auto answer = of_arguments
                    ? problem(400, "invalid_arguments", "the server behind this gateway does not take these arguments")
                    : problem(502, "upstream_error", "the server behind this gateway answered with an error");
  const auto message = error.is_object() ? error.find("message") : error.end();
  if (error.is_object() && message != error.end() && message->is_string()) {
    answer.detail += ": " + shortened(message->get_ref<const std::string&>());
  }
  answer.member = "mcp";
  answer.body = text;
  return answer;
}

std::string problem_document(int status, std::string_view error, std::string_view detail, std::string_view request_id,
                             std::string_view member, std::string_view value) {
  // RFC 9457 section 4.2.1: what the status says is all that `type` says; `error` tells problems apart.
  nlohmann::ordered_json document;
  document["type"] = "about:blank";
  document["title"] = http::reason_phrase(status);
  document["status"] = status;
  document["detail"] = detail;
  document["error"] = error;
  document["error_description"] = detail;
  document["request_id"] = request_id;
  auto text = document.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  if (member.empty()) return text;
  // Put together as text, so that no number inside is read and written again.
  text.back() = ',';
  return text.append(json(member).dump()).append(":").append(value).append("}");
}

}  // namespace postern::rest

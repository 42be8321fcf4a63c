#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace postern::rest {

// What a caller gets for what the server behind answered.
struct Answer {
  int status = 200;
  std::string error;   // the code of a problem; empty for an answer
  std::string detail;  // of a problem: its sentence
  // An answer: its JSON text. A problem: further members of its document.
  std::string body;
  nlohmann::json members;
};

// Of the result of tools/call (MCP 2025-11-25, tools, "Tool Result"):
//  - structuredContent, as it is;
//  - else one text that is a JSON object or list: that JSON;
//  - else one other text: {"text": …};
//  - else {"content": […]}, the content as MCP has it.
// A tool that failed (isError) is a problem with status 422 and its content inside; so is one that has questions
// (2026-07-28, "input_required"), which nobody is there to answer. 502: what came is no such result.
Answer answer_of_call(const nlohmann::json& result);

// Of a JSON-RPC error: 400 when it is about the arguments (-32602), else 502; the error is inside as `mcp`.
Answer answer_of_error(const nlohmann::json& error);

// RFC 9457: the document, with the members that all refusals of a resource have, and further ones.
std::string problem_document(int status, std::string_view error, std::string_view detail, std::string_view request_id,
                             const nlohmann::json& members = nullptr);

inline constexpr std::string_view kProblemType = "application/problem+json";

}  // namespace postern::rest

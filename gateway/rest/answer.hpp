#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace postern::rest {

// What a caller gets for what the server behind answered.
struct Answer {
  int status = 200;
  std::string error;   // the code of a problem; empty for an answer
  std::string detail;  // of a problem: its sentence
  // An answer: its JSON text. A problem: the JSON text of `member`.
  std::string body;
  std::string member;  // of a problem: the name of the further member of its document; may be empty
};

// Of the result of tools/call (MCP 2025-11-25, tools, "Tool Result"):
//  - structuredContent, as it is;
//  - else one text that is a JSON object or list: that JSON;
//  - else one other text: {"text": …};
//  - else {"content": […]}, the content as MCP has it.
// A tool that failed (isError) is a problem with status 422 and its content inside; so is one that has questions
// (2026-07-28, "input_required"), which nobody is there to answer. 502: what came is no such result.
// `text`: the result as it came, whose bytes the answer is made of, so that no number becomes another one.
Answer answer_of_call(const nlohmann::json& result, std::string_view text);

// How many bytes answer_of_call() takes at most to look into a text that may be JSON.
std::size_t bytes_for_answer(const nlohmann::json& result);

// Of a JSON-RPC error: 400 when it is about the arguments (-32602), else 502; the error is inside as `mcp`, with the
// bytes of `text`.
Answer answer_of_error(const nlohmann::json& error, std::string_view text);

// RFC 9457: the document, with the members that all refusals of a resource have, and a further one where `member` is
// not empty, whose value is the JSON text `value`.
std::string problem_document(int status, std::string_view error, std::string_view detail, std::string_view request_id,
                             std::string_view member = {}, std::string_view value = {});

inline constexpr std::string_view kProblemType = "application/problem+json";

}  // namespace postern::rest

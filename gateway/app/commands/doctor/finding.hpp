#pragma once

#include <string>
#include <variant>

#include <nlohmann/json.hpp>

#include "app/commands/doctor/probe.hpp"

namespace postern::app::doctor {

// note: true, but somebody may have to know. skipped: what it needs was not found before.
enum class State { ok, failed, note, skipped };

// What one check found. Texts hold what servers said: whoever prints them makes them harmless.
struct Finding {
  State state = State::ok;
  std::string fault{};  // a name that stays: "resource_slash"; empty when ok
  std::string seen{};
  std::string expected{};
  std::string mend{};  // what to do
};

Finding ok(std::string seen);
Finding failed(std::string fault, std::string seen, std::string expected, std::string mend);
Finding note(std::string fault, std::string seen, std::string mend = "");
Finding skipped(std::string why);

// The rest of the file judges single answers. Pure.

// No answer at all: who did not answer, and why.
Finding judge_trouble(const Answer& answer, const std::string& url);
// 3xx: whether a proxy adds TLS, adds or drops a slash, or leads elsewhere.
Finding judge_redirect(const Answer& answer, const std::string& url);
// A document that anyone must be able to read: the JSON object in it, or why there is none. `missing` is the mend for
// a 404.
std::variant<nlohmann::json, Finding> judge_document(const Answer& answer, const std::string& url,
                                                     const std::string& missing);

bool is_html(const Answer& answer);
// "404 (text/html)"
std::string status_line(const Answer& answer);
// The member when it is a string; else "".
std::string text_of(const nlohmann::json& document, const char* member);
bool lists(const nlohmann::json& document, const char* member, const std::string& value);
std::string words_of(const nlohmann::json& list);

}  // namespace postern::app::doctor

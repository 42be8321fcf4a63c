#include "app/commands/doctor/walk.hpp"

#include <algorithm>
#include <array>

namespace postern::app::doctor {
namespace {

// The Inspector's page; its newer version calls from a process beside the page, with the same requests.
constexpr std::string_view kInspectorPage = "http://localhost:6274";

constexpr std::array<Client, 5> kClients{{
    {.name = "chatgpt",
     .title = "ChatGPT",
     .reads_root = true,
     .has_document = true,
     .registers = true,
     .signs = true,
     .in_browser = false,
     .calls_from = CallsFrom::elsewhere,
     .page = ""},
    {.name = "claude",
     .title = "Claude",
     .reads_root = false,
     .has_document = true,
     .registers = true,
     .signs = false,
     .in_browser = false,
     .calls_from = CallsFrom::anywhere,
     .page = ""},
    {.name = "cursor",
     .title = "Cursor",
     .reads_root = false,
     .has_document = false,
     .registers = true,
     .signs = false,
     .in_browser = false,
     .calls_from = CallsFrom::here,
     .page = ""},
    {.name = "vscode",
     .title = "VS Code",
     .reads_root = false,
     .has_document = true,
     .registers = true,
     .signs = false,
     .in_browser = false,
     .calls_from = CallsFrom::here,
     .page = ""},
    {.name = "inspector",
     .title = "MCP Inspector",
     .reads_root = false,
     .has_document = false,
     .registers = true,
     .signs = false,
     .in_browser = true,
     .calls_from = CallsFrom::here,
     .page = kInspectorPage},
}};

void walk_steps(Walk& walk, std::span<const Step> steps, std::vector<Line>& lines) {
  for (const auto& step : steps) lines.push_back({step.id, step.title, nullptr, step.check(walk)});
}

bool has_failed(const std::vector<Line>& lines) {
  return std::ranges::any_of(lines, [](const Line& line) { return line.finding.state == State::failed; });
}

}  // namespace

std::span<const Client> all_clients() { return kClients; }

const Client* find_client(std::string_view name) {
  const auto found = std::ranges::find(kClients, name, &Client::name);
  return found == kClients.end() ? nullptr : &*found;
}

const Answer& Walk::get(const std::string& at) {
  if (const auto known = answers.find(at); known != answers.end()) return known->second;
  Ask ask{.url = at};
  ask.headers.set("Accept", "application/json");
  ask.headers.set("MCP-Protocol-Version", "2025-11-25");
  return answers.emplace(at, prober.ask(ask)).first->second;
}

bool Diagnosis::is_well() const { return !has_failed(lines) && !has_failed(rest); }

Diagnosis diagnose(Walk& walk, std::span<const Client> clients, bool only_rest) {
  Diagnosis diagnosis;
  if (only_rest) {
    walk_steps(walk, rest_steps(), diagnosis.rest);
    return diagnosis;
  }
  walk_steps(walk, challenge_steps(), diagnosis.lines);
  // Where nobody answers there is nothing more to find out.
  if (!walk.challenge.came()) return diagnosis;
  walk_steps(walk, metadata_steps(), diagnosis.lines);
  for (const auto& client : clients) {
    for (const auto& step : client_steps()) {
      if (!step.concerns(walk, client)) continue;
      diagnosis.lines.push_back({step.id, step.title, &client, step.check(walk, client)});
    }
  }
  if (!walk.token.empty()) walk_steps(walk, token_steps(), diagnosis.lines);
  if (offers_rest(walk)) walk_steps(walk, rest_steps(), diagnosis.rest);
  return diagnosis;
}

}  // namespace postern::app::doctor

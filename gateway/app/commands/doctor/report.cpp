#include "app/commands/doctor/report.hpp"

#include <ostream>

namespace postern::app::doctor {
namespace {

std::string_view mark(State state) {
  switch (state) {
    case State::ok: return "✓";
    case State::failed: return "✗";
    case State::note: return "·";
    case State::skipped: return "–";
  }
  return "";
}

std::string_view name_of(State state) {
  switch (state) {
    case State::ok: return "ok";
    case State::failed: return "failed";
    case State::note: return "note";
    case State::skipped: return "skipped";
  }
  return "";
}

std::string_view colour_of(State state) {
  switch (state) {
    case State::ok: return "\x1b[32m";
    case State::failed: return "\x1b[31m";
    case State::note: return "\x1b[33m";
    case State::skipped: return "\x1b[2m";
  }
  return "";
}

class Printer {
 public:
  Printer(std::ostream& out, const Style& style) : out_(out), style_(style) {}

  void step(const Line& line) {
    const auto& finding = line.finding;
    begin(finding.state, mark(finding.state));
    out_ << ' ' << line.title;
    if (finding.state == State::failed) {
      out_ << " [" << clean(finding.fault) << "]\n";
      details(finding);
      return;
    }
    if (!finding.seen.empty()) out_ << ": " << clean(finding.seen);
    out_ << '\n';
    if (finding.state == State::note && !finding.mend.empty()) detail("mend", finding.mend);
  }

  // As the script prints them that people know from setting up actions.
  void rest(const Line& line) {
    const auto& finding = line.finding;
    out_ << mark_of(finding.state) << line.title;
    if (finding.state != State::ok) {
      out_ << " [" << clean(finding.fault) << "]\n";
      details(finding);
      return;
    }
    out_ << (finding.seen.empty() ? "" : " (" + clean(finding.seen) + ")") << '\n';
  }

 private:
  static std::string_view mark_of(State state) {
    if (state == State::ok) return "✅ ";
    return state == State::note ? "⚠️ " : "❌ ";
  }
  void begin(State state, std::string_view text) {
    if (style_.colours) out_ << colour_of(state);
    out_ << text;
    if (style_.colours) out_ << "\x1b[0m";
  }
  void details(const Finding& finding) {
    detail("seen", finding.seen);
    detail("expected", finding.expected);
    detail("mend", finding.mend);
  }
  void detail(std::string_view what, const std::string& text) {
    if (text.empty()) return;
    out_ << "    " << what << ':' << std::string(10 - what.size(), ' ') << clean(text) << '\n';
  }
  std::string clean(const std::string& text) const { return harmless(text, style_.secret); }

  std::ostream& out_;
  const Style& style_;
};

nlohmann::json line_json(const Line& line, std::string_view secret) {
  const auto& finding = line.finding;
  nlohmann::json out{{"step", line.id}, {"title", line.title}, {"state", name_of(finding.state)}};
  if (line.client != nullptr) out["client"] = line.client->name;
  for (const auto& [name, text] : {std::pair{"fault", &finding.fault}, std::pair{"seen", &finding.seen},
                                   std::pair{"expected", &finding.expected}, std::pair{"mend", &finding.mend}}) {
    if (!text->empty()) out[name] = harmless(*text, secret);
  }
  return out;
}

}  // namespace

std::string harmless(std::string_view text, std::string_view secret, std::size_t longest) {
  std::string out(text);
  if (!secret.empty()) {
    constexpr std::string_view instead = "[token]";
    for (auto at = out.find(secret); at != std::string::npos; at = out.find(secret, at + instead.size())) {
      out.replace(at, secret.size(), instead);
    }
  }
  if (out.size() > longest) out.replace(longest, std::string::npos, "...");
  for (char& c : out) {
    if (c < ' ' || c > '~') c = '?';
  }
  return out;
}

void print(std::ostream& out, const Diagnosis& diagnosis, const Style& style) {
  Printer printer(out, style);
  const Client* client = nullptr;
  bool after_client = false;
  for (const auto& line : diagnosis.lines) {
    if (line.client != client) {
      client = line.client;
      after_client = true;
      out << '\n' << (client != nullptr ? client->title : "With the token") << '\n';
    }
    printer.step(line);
  }
  if (!diagnosis.rest.empty() && !diagnosis.lines.empty()) out << (after_client ? "\n" : "") << "Tools over REST\n";
  for (const auto& line : diagnosis.rest) printer.rest(line);
}

nlohmann::json to_json(const Diagnosis& diagnosis, std::string_view secret) {
  auto lines = nlohmann::json::array();
  for (const auto* list : {&diagnosis.lines, &diagnosis.rest}) {
    for (const auto& line : *list) lines.push_back(line_json(line, secret));
  }
  return lines;
}

}  // namespace postern::app::doctor

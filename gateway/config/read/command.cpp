#include <algorithm>

#include "config/read/reading.hpp"
#include "config/text/ticked.hpp"

namespace postern::config {
namespace {

constexpr std::size_t kMostProcesses = 10'000;

bool holds_nul(const std::string& text) { return text.find('\0') != std::string::npos; }

// POSIX.1-2017 section 8.1: portable names of environment variables, in either case.
bool is_variable_name(std::string_view name) {
  const auto legal = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && !(name.front() >= '0' && name.front() <= '9') && std::all_of(name.begin(), name.end(), legal);
}

void read_words(Reading& reading, MapReader& reader, Upstream& upstream) {
  const auto words = reader.texts("command");
  if (!words) return;
  for (const auto& word : *words) {
    if (holds_nul(word.value)) reading.faults.add(word.at, "`command` must not hold a NUL character");
    upstream.command.push_back(word.value);
  }
}

void read_env(Reading& reading, const Value& value, Upstream& upstream) {
  for (const auto& entry : value.entries) {
    const auto text = located_text(entry.value, entry.key, reading.faults);
    if (!text) continue;
    if (!is_variable_name(entry.key)) {
      reading.faults.add(entry.at, "`env` names " + ticked(entry.key) +
                                       ": a variable's name is letters, digits and `_`, and begins with no digit");
    } else if (holds_nul(text->value)) {
      reading.faults.add(text->at, "`env` must not hold a NUL character");
    } else {
      upstream.env.emplace_back(entry.key, Secret(text->value));
    }
  }
}

// A key that means nothing here would be believed to work.
void refuse(MapReader& reader, std::string_view key, const std::string& why) {
  if (reader.has(key)) reader.faults().add(reader.at(key), ticked(key) + " " + why);
}

}  // namespace

void read_command(Reading& reading, MapReader& reader, const Position& at, Upstream& upstream) {
  const bool runs = reader.has("command");
  read_words(reading, reader, upstream);
  if (const auto* env = reader.map("env")) read_env(reading, *env, upstream);
  upstream.directory = resolve_path(at.file, ".");
  if (const auto directory = reader.text("directory")) {
    upstream.directory = resolve_path(directory->at.file, directory->value);
  }
  std::size_t process = 0;
  if (reader.choice("process", process, {"session", "shared"})) upstream.shared_process = process == 1;
  reader.count("processes", upstream.processes, 1, kMostProcesses);
  reader.boolean("log_stderr", upstream.log_stderr);
  if (!runs) {
    for (const auto* key : {"env", "directory", "process", "processes", "log_stderr"})
      refuse(reader, key, "is for `command` only");
    return;
  }
  refuse(reader, "urls", "and `command` are two servers: give one of them");
  refuse(reader, "headers", "cannot reach a `command`, which is not spoken to over HTTP: use `env`");
  refuse(reader, "credential", "cannot reach a `command`, which is not spoken to over HTTP: use `env`");
  refuse(reader, "connections", "is for `urls` only: a `command` has `processes`");
  if (upstream.sse) reading.faults.add(reader.at("transport"), "`transport: sse` is for `urls` only");
  if (upstream.log_stderr) {
    reading.warn(
        reader.at("log_stderr"),
        "`log_stderr` writes what the server prints to its standard error into the log: arguments, answers and "
        "names of users may be among it");
  }
  if (upstream.shared_process) {
    reading.warn(reader.at("process"),
                 "`process: shared`: all users of all tenants share one process and what it keeps in memory");
  }
}

}  // namespace postern::config

#include <algorithm>

#include "base/encoding.hpp"
#include "base/strings.hpp"
#include "config/text/file_kind.hpp"
#include "config/text/nearest.hpp"
#include "config/text/ticked.hpp"
#include "config/text/yaml.hpp"

namespace postern::config {
namespace {

// What the file shows of a value: never what a variable or a file filled in.
std::string shown(const Value& value) {
  if (value.kind == Value::Kind::scalar) return ticked(value.written);
  if (value.read_file) return ticked(value.written);
  return value.kind == Value::Kind::list ? "a list" : "a mapping";
}

// A number or a truth value is written plainly; quotes are needed only around ${…} inside {…}.
bool plain(const Value& value) noexcept { return !value.quoted || value.filled || value.read_file; }

std::string listed(const std::vector<std::string_view>& words) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) out += i + 1 == words.size() ? " or " : ", ";
    out += ticked(words[i]);
  }
  return out;
}

std::vector<std::string> split_commas(std::string_view text) {
  std::vector<std::string> out;
  for (const auto piece : split(text, ',')) {
    if (const auto item = trim(piece); !item.empty()) out.emplace_back(item);
  }
  return out;
}

std::vector<std::string> values(std::vector<Text> texts) {
  std::vector<std::string> out;
  for (auto& text : texts) out.push_back(std::move(text.value));
  return out;
}

}  // namespace

std::optional<std::string> scalar_text(const Value& value, std::string_view what, Faults& faults) {
  if (value.kind == Value::Kind::scalar) return value.scalar;
  if (value.kind == Value::Kind::null) {
    faults.add(value.at, ticked(what) + " has no value");
    return std::nullopt;
  }
  if (!value.read_file) {
    faults.add(value.at, ticked(what) + " must be a single value, not " + shown(value));
    return std::nullopt;
  }
  auto text = value.read_file();
  if (!text) {
    faults.add(value.at, "cannot read the file named by " + ticked(value.written) + ": " + text.error().what);
    return std::nullopt;
  }
  if (text->ends_with('\n')) text->pop_back();
  if (text->ends_with('\r')) text->pop_back();
  if (!is_valid_utf8(*text) || text->find('\0') != std::string::npos) {
    faults.add(value.at, "the file named by " + ticked(value.written) + " does not hold UTF-8 text");
    return std::nullopt;
  }
  return std::move(*text);
}

std::optional<Text> located_text(const Value& value, std::string_view what, Faults& faults) {
  auto text = scalar_text(value, what, faults);
  if (!text) return std::nullopt;
  if (text->empty()) {
    faults.add(value.at, ticked(what) + " is empty: give a value or remove it");
    return std::nullopt;
  }
  return Text{std::move(*text), shown(value), value.filled || value.read_file != nullptr, value.at};
}

MapReader::MapReader(const Value& value, std::string what, Faults& faults)
    : value_(value), what_(std::move(what)), faults_(faults) {
  if (value_.kind != Value::Kind::map) faults_.add(value_.at, what_ + " must be a mapping of keys to values");
}

const Value::Entry* MapReader::entry(std::string_view key) const noexcept {
  for (const auto& candidate : value_.entries) {
    if (candidate.key == key) return &candidate;
  }
  return nullptr;
}

bool MapReader::has(std::string_view key) const noexcept { return entry(key) != nullptr; }

const Position& MapReader::at(std::string_view key) const noexcept {
  const auto* found = entry(key);
  return found ? found->value.at : value_.at;
}

const Value* MapReader::lookup(std::string_view key, bool required) {
  known_.emplace(key);
  if (value_.kind != Value::Kind::map) return nullptr;
  const auto* found = entry(key);
  if (!found) {
    if (required && missing_.emplace(key).second) faults_.add(value_.at, needs(key));
    return nullptr;
  }
  if (found->value.kind == Value::Kind::null) {
    faults_.add(found->at, ticked(key) + " has no value: give one or remove the key");
    return nullptr;
  }
  return &found->value;
}

const Value* MapReader::required(std::string_view key) { return lookup(key, true); }
const Value* MapReader::optional(std::string_view key) { return lookup(key, false); }

const Value* MapReader::list(std::string_view key, bool required) {
  const auto* value = lookup(key, required);
  if (!value || value->kind == Value::Kind::list) return value;
  faults_.add(value->at, ticked(key) + " must be a list");
  return nullptr;
}

const Value* MapReader::map(std::string_view key, bool required) {
  const auto* value = lookup(key, required);
  if (!value || value->kind == Value::Kind::map) return value;
  faults_.add(value->at, ticked(key) + " must be a mapping of keys to values");
  return nullptr;
}

std::optional<std::pair<const Value*, std::string>> MapReader::scalar(std::string_view key, bool required) {
  const auto* value = lookup(key, required);
  if (!value) return std::nullopt;
  auto text = scalar_text(*value, key, faults_);
  if (!text) return std::nullopt;
  return std::pair(value, std::move(*text));
}

std::optional<Text> MapReader::text(std::string_view key, bool required) {
  const auto* value = lookup(key, required);
  return value ? located_text(*value, key, faults_) : std::nullopt;
}

std::optional<Text> MapReader::text_or_cleared(std::string_view key) {
  const auto* found = entry(key);
  const bool is_null = found && found->value.kind == Value::Kind::null;
  const bool is_empty = found && found->value.kind == Value::Kind::scalar && found->value.scalar.empty();
  if (!is_null && !is_empty) return text(key);
  known_.emplace(key);
  return Text{"", ticked(""), false, found->value.at};
}

std::optional<std::vector<Text>> MapReader::texts(std::string_view key, bool required, bool may_be_empty) {
  const auto* value = lookup(key, required);
  if (!value) return std::nullopt;
  std::vector<Text> found;
  if (value->filled || value->read_file) {
    const auto text = scalar_text(*value, key, faults_);
    if (!text) return std::nullopt;
    for (auto& piece : split_commas(*text)) found.push_back({std::move(piece), shown(*value), true, value->at});
  } else if (value->kind != Value::Kind::list) {
    faults_.add(value->at, ticked(key) + " must be a list: [a, b]");
    return std::nullopt;
  }
  for (const auto& item : value->items) {
    auto text = located_text(item, std::string(key) + " item", faults_);
    if (!text) return std::nullopt;
    found.push_back(std::move(*text));
  }
  if (found.empty() && !may_be_empty) {
    faults_.add(value->at, ticked(key) + " is empty: give at least one value");
    return std::nullopt;
  }
  return found;
}

bool MapReader::string(std::string_view key, std::string& out, bool required) {
  auto found = text(key, required);
  if (found) out = std::move(found->value);
  return found.has_value();
}

bool MapReader::secret(std::string_view key, Secret& out, bool required) {
  std::string value;
  if (!string(key, value, required)) return false;
  out = Secret(std::move(value));
  return true;
}

void MapReader::boolean(std::string_view key, bool& out) {
  const auto found = scalar(key, false);
  if (!found) return;
  const auto& [value, text] = *found;
  if (plain(*value) && (text == "true" || text == "false")) {
    out = text == "true";
  } else {
    faults_.add(value->at, ticked(key) + " must be `true` or `false`, not " + shown(*value));
  }
}

void MapReader::count(std::string_view key, std::size_t& out, std::size_t lowest, std::size_t highest) {
  const auto found = scalar(key, false);
  if (!found) return;
  const auto& [value, text] = *found;
  std::uint64_t number = 0;
  if (plain(*value) && parse_uint(text, number) && number >= lowest && number <= highest) {
    out = number;
  } else {
    faults_.add(value->at, ticked(key) + " must be a whole number from " + std::to_string(lowest) + " to " +
                               std::to_string(highest) + ", not " + shown(*value));
  }
}

void MapReader::duration(std::string_view key, Duration& out, Duration lowest, Duration highest) {
  const auto found = scalar(key, false);
  if (!found) return;
  const auto& [value, text] = *found;
  if (const auto parsed = parse_duration(text); parsed && *parsed >= lowest && *parsed <= highest) {
    out = *parsed;
  } else {
    faults_.add(value->at, ticked(key) + " must be a duration such as 500ms, 30s, 10m, 12h or 30d, from " +
                               format_duration(lowest) + " to " + format_duration(highest) + ", not " + shown(*value));
  }
}

void MapReader::size(std::string_view key, std::size_t& out, std::size_t lowest, std::size_t highest) {
  const auto found = scalar(key, false);
  if (!found) return;
  const auto& [value, text] = *found;
  if (const auto parsed = parse_size(text); parsed && *parsed >= lowest && *parsed <= highest) {
    out = *parsed;
  } else {
    faults_.add(value->at, ticked(key) + " must be a size such as 512, 16KiB, 4MiB or 1GiB, from " +
                               format_size(lowest) + " to " + format_size(highest) + ", not " + shown(*value));
  }
}

void MapReader::strings(std::string_view key, std::vector<std::string>& out, bool required) {
  if (auto found = texts(key, required)) out = values(std::move(*found));
}

void MapReader::strings_or_none(std::string_view key, std::vector<std::string>& out) {
  if (auto found = texts(key, false, true)) out = values(std::move(*found));
}

bool MapReader::choice(std::string_view key, std::size_t& out, const std::vector<std::string_view>& words,
                       const std::vector<RefusedWord>& refused) {
  const auto found = scalar(key, false);
  if (!found) return false;
  const auto& [value, text] = *found;
  const auto word = std::find(words.begin(), words.end(), text);
  if (word == words.end()) {
    const auto known = std::ranges::find(refused, text, &RefusedWord::word);
    const auto hint = value->filled || value->read_file ? std::string() : nearest(text, words);
    faults_.add(value->at, known != refused.end()
                               ? std::string(known->sentence)
                               : ticked(key) + " must be " + listed(words) + ", not " + shown(*value) +
                                     (hint.empty() ? "" : ": did you mean " + ticked(hint) + "?"));
    return false;
  }
  out = static_cast<std::size_t>(word - words.begin());
  return true;
}

std::string MapReader::needs(std::string_view key) const { return what_ + " needs " + ticked(key); }

// One that is given already is not what was meant.
std::string MapReader::meant_by(std::string_view key) const {
  std::vector<std::string_view> absent;
  for (const auto& candidate : known_) {
    if (!has(candidate) && !refused_.contains(candidate)) absent.push_back(candidate);
  }
  return nearest(key, absent);
}

void MapReader::unsupported(std::string_view key, std::string_view sentence) {
  known_.emplace(key);
  refused_.emplace(key);
  if (const auto* found = entry(key)) faults_.add(found->at, std::string(sentence));
}

void MapReader::finish() {
  for (const auto& candidate : value_.entries) {
    if (known_.contains(candidate.key)) continue;
    const auto hint = meant_by(candidate.key);
    const auto shown = may_be_shown(candidate.key) ? ticked(candidate.key) : "(not shown: it does not look like one)";
    faults_.add(candidate.at,
                "unknown key " + shown + " in " + what_ + (hint.empty() ? "" : ": did you mean " + ticked(hint) + "?"));
    if (hint.empty()) continue;
    misspelt_.insert(hint);
    if (missing_.contains(hint)) faults_.retract(value_.at, needs(hint));
  }
}

}  // namespace postern::config

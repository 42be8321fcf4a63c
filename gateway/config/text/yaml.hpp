#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "config/position.hpp"

namespace postern::config {

struct FileKind;
struct Sources;

// A YAML document as a plain tree with positions. Doubled keys, anchors, aliases, merge keys, tags and more than one
// document are faults; ${NAME} and ${NAME:-default} are already filled in, and what was filled in is never read as
// YAML.
struct Value {
  enum class Kind : std::uint8_t { null, scalar, list, map };
  struct Entry;

  Kind kind = Kind::null;
  Position at;
  std::string scalar;
  std::string written;  // as it stands in the file: messages show this, never what was filled in
  bool quoted = false;  // "10" and 10 differ where a number is wanted
  bool filled = false;  // holds a value from ${…}
  std::vector<Value> items;
  std::vector<Entry> entries;
  // Set for a mapping with the single key `file` only, which stands for the file's text wherever a scalar is wanted.
  std::function<Result<std::string>()> read_file;

  const Value* find(std::string_view key) const noexcept;
};
struct Value::Entry {
  std::string key;
  Position at;  // of the key
  Value value;
};

// A text taken from a scalar.
struct Text {
  std::string value;
  std::string written;  // for messages, in backticks, without what was filled in
  bool filled = false;  // from ${…} or {file: …}: part of `value` must not be shown
  Position at;
};

// At most 4 MiB, 64 levels and 200,000 nodes. nullopt when there are faults. Of a text that is not of that kind there
// is one fault, which shows nothing of the text; with nullptr it may be any document.
std::optional<Value> parse_yaml(std::string_view text, const std::string& file, const Sources& sources, Faults& faults,
                                const FileKind* kind = nullptr);

// The text of a scalar, or of the file that {file: PATH} names; otherwise a fault that calls the value `what`. Items of
// a list are read with it.
std::optional<std::string> scalar_text(const Value& value, std::string_view what, Faults& faults);

// The same with its place; an empty text is a fault.
std::optional<Text> located_text(const Value& value, std::string_view what, Faults& faults);

// `path` as seen from the folder of `file`, absolute.
std::string resolve_path(const std::string& file, const std::string& path);

// The forms of durations (500ms 30s 10m 12h 30d) and sizes (512 16KiB 4MiB 1GiB); nullopt for any other text.
std::optional<Duration> parse_duration(std::string_view text) noexcept;
std::optional<std::size_t> parse_size(std::string_view text) noexcept;
std::string format_duration(Duration duration);
std::string format_size(std::size_t bytes);

// A word that is not among those that a key takes, though somebody may well write it, and what to say of it then.
struct RefusedWord {
  std::string_view word;
  std::string_view sentence;
};

// Reads one mapping key by key and reports what is missing, of the wrong form, or unknown. Each call marks its key as
// known; finish() reports every other key, with the nearest known name as a hint. Where that one is missing, it is
// reported as misspelt alone. A key without a value is a fault. An
// `out` of an absent key keeps its value, which is the default. The Value and the Faults must outlive the reader.
class MapReader {
 public:
  // `what` names the mapping in messages: "listen entry".
  MapReader(const Value& value, std::string what, Faults& faults);

  bool has(std::string_view key) const noexcept;
  const Value* required(std::string_view key);
  const Value* optional(std::string_view key);
  // The value when it has the wanted form, otherwise a fault and nullptr.
  const Value* list(std::string_view key, bool required = false);
  const Value* map(std::string_view key, bool required = false);
  // Not empty. nullopt when the key is absent or faulty.
  std::optional<Text> text(std::string_view key, bool required = false);
  // The same where an empty text and null say that there is to be no value: both are the empty text.
  std::optional<Text> text_or_cleared(std::string_view key);
  // A list, or a scalar that came from ${…} or {file: …} and is split on commas; without empty items.
  std::optional<std::vector<Text>> texts(std::string_view key, bool required = false, bool may_be_empty = false);
  // False when the key is absent or faulty.
  bool string(std::string_view key, std::string& out, bool required = false);
  bool secret(std::string_view key, Secret& out, bool required = false);
  void boolean(std::string_view key, bool& out);
  void count(std::string_view key, std::size_t& out, std::size_t lowest, std::size_t highest);
  void duration(std::string_view key, Duration& out, Duration lowest, Duration highest);       // 500ms 30s 10m 12h 30d
  void size(std::string_view key, std::size_t& out, std::size_t lowest, std::size_t highest);  // 512 16KiB 4MiB 1GiB
  // As texts(); an empty list is a fault.
  void strings(std::string_view key, std::vector<std::string>& out, bool required = false);
  // The same for a list that restricts nothing: it may be empty.
  void strings_or_none(std::string_view key, std::vector<std::string>& out);
  // One of the given words; its index. False when the key is absent or faulty.
  bool choice(std::string_view key, std::size_t& out, const std::vector<std::string_view>& words,
              const std::vector<RefusedWord>& refused = {});
  // A key of the design that this build does not serve: refused by name, never ignored.
  void unsupported(std::string_view key, std::string_view sentence);
  void finish();

  // Where the key's value stands; where the mapping stands when the key is absent.
  const Position& at(std::string_view key) const noexcept;
  const Position& at() const noexcept { return value_.at; }
  const Value& value() const noexcept { return value_; }
  Faults& faults() noexcept { return faults_; }
  const std::set<std::string, std::less<>>& known() const noexcept { return known_; }
  // After finish(): the known keys that unknown ones most likely mean.
  const std::set<std::string, std::less<>>& misspelt() const noexcept { return misspelt_; }

 private:
  const Value::Entry* entry(std::string_view key) const noexcept;
  const Value* lookup(std::string_view key, bool required);
  // The scalar's text, with the Value it came from.
  std::optional<std::pair<const Value*, std::string>> scalar(std::string_view key, bool required);
  std::string needs(std::string_view key) const;
  std::string meant_by(std::string_view key) const;

  const Value& value_;
  std::string what_;
  Faults& faults_;
  std::set<std::string, std::less<>> known_;
  std::set<std::string, std::less<>> missing_;
  std::set<std::string, std::less<>> refused_;
  std::set<std::string, std::less<>> misspelt_;
};

}  // namespace postern::config

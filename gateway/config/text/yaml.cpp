#include "config/text/yaml.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <sstream>

#include "base/encoding.hpp"
#include "config/load.hpp"
#include "config/text/file_kind.hpp"
#include "config/text/fill.hpp"
#include "config/text/ticked.hpp"

namespace postern::config {
namespace {

constexpr std::size_t kLargestText = 4 * 1024 * 1024;
constexpr std::size_t kDeepest = 64;
constexpr std::size_t kMostNodes = 200'000;
constexpr std::size_t kMostFaults = 100;

// yaml-cpp's events can be ended early in no other way. Thrown and caught in this file only.
struct Stop {};

// Turns byte offsets into lines and columns; columns count characters, as editors show them.
class Lines {
 public:
  Lines(std::string_view text, const std::string& file) : text_(text), file_(file) {}

  // Offsets mostly grow, so counting goes on from the last one: a long line is not counted anew for each of its values.
  Position at(std::size_t offset) {
    offset = std::min(offset, text_.size());
    if (offset < offset_) {
      offset_ = 0;
      line_ = column_ = 1;
    }
    for (; offset_ < offset; ++offset_) {
      const auto c = static_cast<unsigned char>(text_[offset_]);
      if (c == '\n') {
        ++line_;
        column_ = 1;
      } else if ((c & 0xC0) != 0x80) {
        ++column_;
      }
    }
    return {file_, line_, column_};
  }
  Position at(const YAML::Mark& mark) { return at(mark.pos < 0 ? 0 : static_cast<std::size_t>(mark.pos)); }

  // The line of the offset asked for last.
  std::string_view line() const noexcept {
    const auto begin = offset_ == 0 ? 0 : text_.rfind('\n', offset_ - 1) + 1;
    return text_.substr(begin, text_.find('\n', begin) - begin);
  }

 private:
  std::string_view text_;
  const std::string& file_;
  std::size_t offset_ = 0;
  int line_ = 1;
  int column_ = 1;
};

class Builder final : public YAML::EventHandler {
 public:
  Builder(std::string_view text, Lines& lines, const Sources& sources, Faults& faults)
      : text_(text), lines_(lines), sources_(sources), faults_(faults) {}

  std::optional<Value> take() { return std::move(root_); }
  // Whether what was read so far, which is something, belongs to a file of that kind.
  bool is_of(const FileKind& kind) const {
    const auto* root = !open_.empty() ? &open_.front().value : root_ ? &*root_ : nullptr;
    if (root == nullptr || root->kind != Value::Kind::map) return false;
    const bool holds = std::ranges::any_of(root->entries, [&](const auto& entry) { return kind.holds(entry.key); });
    const auto* key = !open_.empty() && open_.front().key ? &*open_.front().key : nullptr;
    return holds || (key != nullptr ? kind.holds(key->scalar) : root->entries.empty());
  }
  bool is_empty() const noexcept { return open_.empty() && (!root_ || root_->kind == Value::Kind::null); }
  const Position& begin() const noexcept { return !open_.empty() ? open_.front().value.at : root_->at; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) {
      fault(lines_.at(mark), "a second document begins here: one file holds one document");
      throw Stop{};
    }
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(node(mark, "", anchor, Value::Kind::null));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    fault(lines_.at(mark), "aliases (*name) are not allowed: write the value out");
    add(node(mark, "", 0, Value::Kind::null));
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    auto value = node(mark, tag, anchor, Value::Kind::scalar);
    value.quoted = tag == "!";
    value.scalar = text;
    value.written = text;
    if (!wants_key()) fill(value, sources_, faults_);
    add(std::move(value));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(node(mark, tag, anchor, Value::Kind::list));
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(node(mark, tag, anchor, Value::Kind::map));
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    Value value;
    bool is_key = false;
    std::optional<Value> key;
    std::map<std::string, Position> seen;
  };

  Value node(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, Value::Kind kind) {
    Value value;
    value.kind = kind;
    value.at = lines_.at(mark);
    if (++nodes_ > kMostNodes) {
      fault(value.at, "the file holds more than 200,000 values");
      throw Stop{};
    }
    // "!" is what yaml-cpp calls a quoted scalar, but also an explicit non-specific tag.
    const bool explicit_tag = tag == "!" ? byte_at(mark) == '!' : !tag.empty() && tag != "?";
    if (explicit_tag) fault(value.at, "tags (!name) are not allowed");
    if (anchor != 0) fault(value.at, "anchors (&name) are not allowed: write the value out where it is needed");
    return value;
  }

  void open(Value value) {
    if (open_.size() == kDeepest) {
      fault(value.at, "nested more than 64 levels deep");
      throw Stop{};
    }
    const bool is_key = wants_key();
    open_.push_back({std::move(value), is_key, std::nullopt, {}});
  }

  void close() {
    Value value = std::move(open_.back().value);
    open_.pop_back();
    if (value.kind == Value::Kind::map) offer_file(value);
    add(std::move(value));
  }

  // Only the reader knows whether a scalar is wanted here, so the file is read when it asks.
  void offer_file(Value& value) const {
    if (value.entries.size() != 1 || value.entries[0].key != "file") return;
    const Value& path = value.entries[0].value;
    if (path.kind != Value::Kind::scalar || path.scalar.empty()) return;
    value.written = "{file: " + path.written + "}";
    value.read_file = [read = sources_.file, path = resolve_path(value.at.file, path.scalar)] { return read(path); };
  }

  bool wants_key() const noexcept {
    return !open_.empty() && open_.back().value.kind == Value::Kind::map && !open_.back().key;
  }

  void add(Value value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return;
    }
    Open& parent = open_.back();
    if (parent.value.kind == Value::Kind::list) {
      parent.value.items.push_back(std::move(value));
    } else if (!parent.key) {
      add_key(parent, std::move(value));
    } else {
      Value key = *std::exchange(parent.key, std::nullopt);
      parent.value.entries.push_back({std::move(key.scalar), std::move(key.at), std::move(value)});
    }
  }

  void add_key(Open& parent, Value key) {
    if (key.kind != Value::Kind::scalar) {
      fault(key.at, "a key must be a plain word");
    } else if (key.scalar == "<<" && !key.quoted) {
      fault(key.at, "merge keys (<<) are not allowed: write the keys out");
    } else if (const auto [first, fresh] = parent.seen.emplace(key.scalar, key.at); !fresh) {
      const auto shown = may_be_shown(key.scalar) ? ticked(key.scalar) : "this key";
      fault(key.at, shown + " is given twice in one mapping; the first is at " + to_string(first->second));
    }
    parent.key = std::move(key);
  }

  void fault(const Position& at, std::string what) {
    faults_.add(at, std::move(what));
    if (faults_.all().size() >= kMostFaults) throw Stop{};
  }

  char byte_at(const YAML::Mark& mark) const noexcept {
    return mark.pos < 0 || static_cast<std::size_t>(mark.pos) >= text_.size()
               ? '\0'
               : text_[static_cast<std::size_t>(mark.pos)];
  }

  std::string_view text_;
  Lines& lines_;
  const Sources& sources_;
  Faults& faults_;
  std::vector<Open> open_;
  std::optional<Value> root_;
  std::size_t nodes_ = 0;
  int documents_ = 0;
};

// YAML 1.2 section 5.1: the printable characters. yaml-cpp would take U+0004 for the end of the text and read UTF-16.
bool check_characters(std::string_view text, Lines& lines, Faults& faults) {
  if (!is_valid_utf8(text)) {
    std::size_t good = 0;
    for (auto end = text.find('\n'); end != std::string_view::npos; end = text.find('\n', good)) {
      if (!is_valid_utf8(text.substr(good, end - good))) break;
      good = end + 1;
    }
    faults.add(lines.at(good), "this line is not UTF-8: save the file as UTF-8");
    return false;
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const bool lone_return = c == '\r' && (i + 1 == text.size() || text[i + 1] != '\n');
    if ((c >= 0x20 && c != 0x7F) || c == '\t' || c == '\n' || (c == '\r' && !lone_return)) continue;
    faults.add(lines.at(i), "a control character, which no configuration needs: remove it");
    return false;
  }
  return true;
}

// Behind a colon the parser repeats what stands in the file.
std::string explain(const YAML::Exception& error, std::string_view line) {
  std::string what = "this is not YAML: " + error.msg.substr(0, error.msg.find(':'));
  if (error.msg == YAML::ErrorMsg::TAB_IN_INDENTATION || line.find('\t') != std::string_view::npos) {
    what += " (indent with blanks, not tabs)";
  } else if (line.find("${") != std::string_view::npos) {
    what += " (inside {…} and […], write ${…} in quotes)";
  }
  return what;
}

// The sentence about a text that is not YAML, where it stops being so.
std::optional<Fault> run_parser(std::string_view text, Lines& lines, Builder& builder) {
  try {
    std::istringstream in{std::string(text)};
    YAML::Parser parser(in);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Stop&) {
    return std::nullopt;  // the builder has the fault
  } catch (const YAML::Exception& error) {
    const auto at = lines.at(error.mark);
    return Fault{at, explain(error, lines.line())};
  }
  return std::nullopt;
}

}  // namespace

const Value* Value::find(std::string_view key) const noexcept {
  for (const auto& entry : entries) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

std::optional<Value> parse_yaml(std::string_view text, const std::string& file, const Sources& sources, Faults& faults,
                                const FileKind* kind) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (text.size() > kLargestText) {
    faults.add({file, 1, 1}, "the file is larger than 4 MiB");
    return std::nullopt;
  }
  const auto before = faults.all().size();
  Lines lines(text, file);
  if (!check_characters(text, lines, faults)) return std::nullopt;
  Builder builder(text, lines, sources, faults);
  auto broken = run_parser(text, lines, builder);
  const bool is_empty = builder.is_empty() && !broken && faults.all().size() == before;
  if (kind != nullptr && !is_empty && !builder.is_of(*kind)) {
    faults.retract_from(before);
    if (!broken)
      broken = Fault{builder.is_empty() ? Position{file} : builder.begin(), "this is not " + std::string(kind->what)};
    faults.add(broken->at, broken->what + ": the file must be " + kind->form());
    return std::nullopt;
  }
  if (broken) faults.add(broken->at, std::move(broken->what));
  if (faults.all().size() > before) return std::nullopt;
  auto root = builder.take();
  if (!root) {
    root.emplace();
    root->at.file = file;
  }
  return root;
}

std::string resolve_path(const std::string& file, const std::string& path) {
  return (std::filesystem::absolute(file).parent_path() / path).lexically_normal().string();
}

}  // namespace postern::config

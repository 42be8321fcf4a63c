#include "mcp/envelope.hpp"

#include <algorithm>
#include <utility>

#include "mcp/json_scanner.hpp"
#include "mcp/jsonrpc.hpp"
#include "mcp/member_name.hpp"

namespace postern::mcp {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
// The longest key that is "id" or "method", with its quotes and every letter written as an escape.
constexpr std::size_t kLongestKey = 38;

// RFC 8259 sections 3 and 6: a number or a literal, and nothing else.
bool is_atom(std::string_view text) {
  JsonScanner scanner(text);
  return scanner.value(0) && scanner.at_end();
}

// Walks the text by its strings and brackets, and notes where a token between them is not JSON: so the members of a
// message are known although a value in it is `NaN`.
class EnvelopeReader {
 public:
  explicit EnvelopeReader(std::string_view text) : text_(text) { envelope_.text = text; }

  Envelope read() {
    while (next_ != Next::nothing && step()) {
    }
    const auto left = text_.find_first_not_of(kBlanks, at_);
    if (next_ != Next::nothing || left != std::string_view::npos) tear(std::min(left, text_.size()));
    return envelope_;
  }

 private:
  enum class Next : unsigned char { value, value_or_end, key, key_or_end, colon, comma_or_end, nothing };

  // Over one token. False where it does not belong there.
  bool step() {
    token_end_ = at_;
    at_ = std::min(text_.find_first_not_of(kBlanks, at_), text_.size());
    if (at_ == text_.size()) return false;
    const char c = text_[at_];
    switch (next_) {
      case Next::value_or_end:
        if (c == ']') return close();
        [[fallthrough]];
      case Next::value: return value(c);
      case Next::key_or_end:
        if (c == '}') return close();
        [[fallthrough]];
      case Next::key: return c == '"' && key();
      case Next::colon: return c == ':' && advance(Next::value);
      case Next::comma_or_end: return c == ',' ? comma() : close();
      case Next::nothing: break;
    }
    return false;
  }

  bool advance(Next next) noexcept {
    ++at_;
    next_ = next;
    return true;
  }

  bool value(char c) {
    ++envelope_.values;
    if (open_.size() == 1) value_begin_ = at_;
    if (c == '{' || c == '[') {
      open_ += c;
      return advance(c == '{' ? Next::key_or_end : Next::value_or_end);
    }
    next_ = open_.empty() ? Next::nothing : Next::comma_or_end;
    return c == '"' ? string() : atom();
  }

  bool key() {
    const auto begin = at_;
    next_ = Next::colon;
    if (!string()) return false;
    if (open_.size() == 1) name_part(text_.substr(begin, at_ - begin));
    return true;
  }

  bool string() {
    for (++at_; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '"') {
        ++at_;
        return true;
      }
      if (c == '\\') {
        if (escape_length(text_.substr(at_)) == 0) damage(at_);
        ++at_;
      } else if (static_cast<unsigned char>(c) < 0x20) {
        damage(at_);
      }
    }
    at_ = text_.size();
    return false;
  }

  // A number or literal, or what stands in its place.
  bool atom() {
    const auto begin = at_;
    at_ = std::min(text_.find_first_of(",:\"[]{} \t\r\n", at_), text_.size());
    const auto token = text_.substr(begin, at_ - begin);
    if (!is_atom(token)) damage(begin);
    return !token.empty();
  }

  bool comma() {
    end_member();
    return advance(open_.back() == '{' ? Next::key : Next::value);
  }

  bool close() {
    const char expected = open_.back() == '{' ? '}' : ']';
    if (text_[at_] != expected) return false;
    if (next_ == Next::comma_or_end) end_member();
    open_.pop_back();
    return advance(open_.empty() ? Next::nothing : Next::comma_or_end);
  }

  void name_part(std::string_view key) {
    static constexpr std::pair<std::string_view, Envelope::Part Envelope::*> parts[] = {{"id", &Envelope::id},
                                                                                        {"method", &Envelope::method},
                                                                                        {"params", &Envelope::params},
                                                                                        {"result", &Envelope::result},
                                                                                        {"error", &Envelope::error}};
    part_ = nullptr;
    for (const auto& [name, part] : parts) {
      const auto match = match_key(key, name);
      if (match == KeyMatch::other) continue;
      part_ = &(envelope_.*part);
      part_->plain = !part_->named && match == KeyMatch::same;
      part_->named = true;
    }
  }

  // Only here a value is known to be whole: a number at the end of a text that was cut may have lost digits.
  void end_member() {
    if (open_.size() != 1) return;
    auto* part = std::exchange(part_, nullptr);
    if (part == nullptr) return;
    const auto text = text_.substr(value_begin_, token_end_ - value_begin_);
    if (part->text.empty()) part->text = text;
    if (part == &envelope_.id && part->text != text) envelope_.ids_agree = false;
  }

  void damage(std::size_t at) {
    if (!envelope_.damaged_at) envelope_.damaged_at = at;
  }

  void tear(std::size_t at) {
    damage(at);
    envelope_.torn = true;
    envelope_.rest = text_.substr(at);
  }

  std::string_view text_;
  Envelope envelope_;
  std::string open_;  // the brackets that are open
  Next next_ = Next::value;
  std::size_t at_ = 0;
  std::size_t token_end_ = 0;  // of the last token
  std::size_t value_begin_ = 0;
  Envelope::Part* part_ = nullptr;  // whose value is being read
};

// Whether anything may be the key of an id or a method in a text whose strings cannot be told from what is between
// them.
bool may_name_id_or_method(std::string_view rest) {
  // Behind a NUL, which some readers stop at, a key may have any length.
  if (rest.find("\\u0000") != std::string_view::npos) return true;
  for (auto at = rest.find('"'); at != std::string_view::npos; at = rest.find('"', at + 1)) {
    const auto near = rest.substr(at, kLongestKey);
    const auto end = near.find('"', 1);
    // Both end with a D, which may be an escape (\u0064, \u0044): most texts need no closer look.
    if (end == std::string_view::npos || std::string_view("dD4").find(near[end - 1]) == std::string_view::npos)
      continue;
    const auto key = near.substr(0, end + 1);
    if (match_key(key, "id") != KeyMatch::other || match_key(key, "method") != KeyMatch::other) return true;
  }
  return false;
}

// A null error beside a result, or the other way round, says nothing.
bool has_result(const Envelope& envelope) noexcept {
  return envelope.result.named &&
         (envelope.result.text != "null" || !envelope.error.named || envelope.error.text == "null");
}
bool has_error(const Envelope& envelope) noexcept {
  return envelope.error.named && (envelope.error.text != "null" || !envelope.result.named);
}

}  // namespace

std::string_view without_padding(std::string_view text) noexcept {
  const auto trim_front = [&] { text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size())); };
  trim_front();
  while (text.starts_with(kByteOrderMark)) {
    text.remove_prefix(kByteOrderMark.size());
    trim_front();
  }
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

bool Envelope::is_whole() const noexcept { return !damaged_at && is_json_object(text); }

nlohmann::json Envelope::id_value() const {
  auto value = parse_json(id.text);
  return value && (value->is_string() || value->is_number()) ? *std::move(value) : nlohmann::json();
}

Envelope read_envelope(std::string_view text) { return EnvelopeReader(text).read(); }

std::optional<std::string> fault_of(const Envelope& envelope) {
  if (!envelope.text.starts_with('{')) return "the text is not a JSON object";
  if (envelope.damaged_at) return "the text is not valid JSON at byte " + std::to_string(*envelope.damaged_at);
  const std::pair<std::string_view, const Envelope::Part*> parts[] = {{"id", &envelope.id},
                                                                      {"method", &envelope.method},
                                                                      {"params", &envelope.params},
                                                                      {"result", &envelope.result},
                                                                      {"error", &envelope.error}};
  for (const auto& [name, part] : parts) {
    if (part == &envelope.params && !envelope.method.named) continue;  // an answer has none that would mean anything
    if (!part->plain) return "the member " + std::string(name) + " is repeated, or its name differs by case";
  }
  if (envelope.has_method()) {
    if (envelope.has_answer()) return "the message has a method and also a result or an error";
    return std::nullopt;
  }
  if (!envelope.has_answer()) return "the message has no method, no result and no error";
  if (has_result(envelope) && has_error(envelope)) return "the message has a result and also an error";
  return std::nullopt;
}

std::string_view id_of_damaged_answer(const Envelope& envelope) {
  if (envelope.has_method() || !envelope.ids_agree) return {};
  if (envelope.torn) {
    // What is lost may have said that this is a request, or that the id is another one.
    if (!envelope.has_answer()) return {};
    if (may_name_id_or_method(envelope.rest)) return {};
  }
  return envelope.id.text;
}

std::string_view id_of_damaged_request(const Envelope& envelope) {
  if (envelope.torn || envelope.has_answer() || !envelope.method.named || !envelope.id.plain) return {};
  return envelope.id.text;
}

}  // namespace postern::mcp

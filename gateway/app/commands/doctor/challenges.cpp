#include "app/commands/doctor/challenges.hpp"

#include "base/strings.hpp"
#include "http/message.hpp"

namespace postern::app::doctor {
namespace {

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool at_end() const { return at_ >= text_.size(); }
  char peek() const { return at_end() ? '\0' : text_[at_]; }
  void skip(std::string_view any) { at_ = std::min(text_.find_first_not_of(any, at_), text_.size()); }

  bool take(char c) {
    if (peek() != c || at_end()) return false;
    ++at_;
    return true;
  }

  std::string token() {
    const auto begin = at_;
    while (!at_end() && http::is_token(text_.substr(at_, 1))) ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }

  // After its opening quote; nullopt without a closing one.
  std::optional<std::string> quoted() {
    std::string value;
    while (!at_end()) {
      const char c = text_[at_++];
      if (c == '"') return value;
      if (c == '\\' && !at_end()) {
        value += text_[at_++];
      } else {
        value += c;
      }
    }
    return std::nullopt;
  }

  // RFC 9110 section 11.2: "token68" in the place of parameters, which ends with the challenge.
  bool token68() {
    const auto end = std::min(text_.find(',', at_), text_.size());
    const auto text = trim(text_.substr(at_, end - at_));
    const auto body = text.substr(0, text.find_last_not_of('=') + 1);
    if (body.empty() || body.find_first_of("=\" \t") != std::string_view::npos) return false;
    at_ = end;
    return true;
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::optional<std::string> Challenge::parameter(std::string_view name) const {
  for (const auto& [key, value] : parameters) {
    if (ascii_iequals(key, name)) return value;
  }
  return std::nullopt;
}

std::vector<Challenge> read_challenges(std::string_view value) {
  std::vector<Challenge> challenges;
  Reader reader(value);
  for (reader.skip(" \t,"); !reader.at_end(); reader.skip(" \t,")) {
    auto name = reader.token();
    if (name.empty()) break;
    const bool blank = reader.peek() == ' ' || reader.peek() == '\t';
    reader.skip(" \t");
    if (reader.take('=')) {
      if (challenges.empty()) break;
      reader.skip(" \t");
      auto text = reader.take('"') ? reader.quoted() : std::optional(reader.token());
      if (!text) break;
      challenges.back().parameters.emplace_back(std::move(name), *std::move(text));
    } else {
      challenges.push_back({.scheme = std::move(name)});
      if (blank) reader.token68();
    }
  }
  return challenges;
}

}  // namespace postern::app::doctor

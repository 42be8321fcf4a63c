#include "base/json.hpp"

#include <utility>
#include <vector>

namespace postern {
namespace {

using nlohmann::json;

constexpr bool kNotJson = false;
constexpr bool kRefused = true;
constexpr int kNumberOutOfRange = 406;  // id of nlohmann's exception

// Builds the value from the parser's events. The parser is iterative and keeps one bit per open container, so that
// depth costs no stack; every function returns false to stop.
class Builder {
 public:
  explicit Builder(const JsonLimits& limits) : limits_(limits) {}

  json& value() noexcept { return root_; }
  JsonError& error() noexcept { return error_; }

  bool null() { return put(nullptr) != nullptr; }
  bool boolean(bool value) { return put(value) != nullptr; }
  bool number_integer(json::number_integer_t value) { return put(value) != nullptr; }
  bool number_unsigned(json::number_unsigned_t value) { return put(value) != nullptr; }
  // Integers that do not fit 64 bits come here too.
  bool number_float(json::number_float_t value, const std::string& text) {
    if (text.size() > limits_.number) return refuse(kRefused, "a number is too long");
    return put(value) != nullptr;
  }
  bool string(std::string& value) { return put(std::move(value)) != nullptr; }
  bool binary(json::binary_t&) { return refuse(kNotJson, "not JSON"); }

  bool start_object(std::size_t) { return open(json::object()); }
  bool start_array(std::size_t) { return open(json::array()); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }

  // RFC 8259 section 4 leaves the meaning of a repeated name open: each parser on the way may pick another.
  bool key(std::string& name) {
    if (name.find('\0') != std::string::npos) return refuse(kNotJson, "an object key holds a NUL character");
    const auto [at, fresh] = open_.back()->get_ref<json::object_t&>().try_emplace(std::move(name));
    if (!fresh) return refuse(kRefused, "an object holds the same key twice");
    slot_ = &at->second;
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const json::exception& error) {
    if (error.id == kNumberOutOfRange) return refuse(kRefused, "a number is out of range");
    return refuse(kNotJson, "the text is not valid JSON at byte " + std::to_string(position));
  }

 private:
  json* put(json&& value) {
    if (++nodes_ > limits_.nodes) {
      refuse(kRefused, "the JSON holds too many values");
      return nullptr;
    }
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    if (open_.back()->is_array()) return &open_.back()->get_ref<json::array_t&>().emplace_back(std::move(value));
    *slot_ = std::move(value);
    return slot_;
  }

  bool open(json&& container) {
    if (open_.size() >= limits_.depth) return refuse(kRefused, "the JSON is nested too deeply");
    json* placed = put(std::move(container));
    if (placed != nullptr) open_.push_back(placed);
    return placed != nullptr;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  bool refuse(bool is_json, std::string reason) {
    error_ = JsonError(is_json, std::move(reason));
    return false;
  }

  const JsonLimits& limits_;
  json root_;
  JsonError error_;
  std::vector<json*> open_;  // containers begun and not ended; a parent does not grow while its child is open
  json* slot_ = nullptr;     // where the value of the latest key goes
  std::size_t nodes_ = 0;
};

}  // namespace

void throw_exception_from_error(const JsonError& error, const boost::source_location& where) {
  throw_exception_from_error(fail(Errc::invalid, error.reason), where);
}

Result<json, JsonError> read_json(std::string_view text, const JsonLimits& limits) {
  // RFC 8259 section 8.1: no byte order mark. The lexer would skip it, and would take a NUL for the end of the text.
  if (text.starts_with("\xEF\xBB\xBF")) return JsonError(kNotJson, "the text begins with a byte order mark");
  if (text.find('\0') != std::string_view::npos) return JsonError(kNotJson, "the text holds a NUL byte");
  Builder builder(limits);
  if (!json::sax_parse(text.begin(), text.end(), &builder)) return std::move(builder.error());
  return std::move(builder.value());
}

const json* present_member(const json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

}  // namespace postern

#include "mcp/envelope.hpp"

#include <array>
#include <utility>

#include "mcp/json_scanner.hpp"
#include "mcp/jsonrpc.hpp"
#include "mcp/member_name.hpp"
#include "mcp/repair.hpp"

namespace postern::mcp {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 4> kMembers = {"id", "method", "result", "error"};

class EnvelopeReader {
 public:
  explicit EnvelopeReader(std::string_view text) noexcept : scanner_(text) {}

  Envelope read() && {
    out_.whole = read_members();
    return std::move(out_);
  }

 private:
  bool read_members() {
    if (!scanner_.take('{')) return false;
    if (scanner_.take('}')) return scanner_.at_end();
    do {
      if (!read_member()) return false;
    } while (scanner_.take(','));
    return scanner_.take('}') && scanner_.at_end();
  }

  bool read_member() {
    const auto key = scanner_.string();
    if (!key || !scanner_.take(':')) return false;
    const auto name = note_key(*key);
    const auto value = scanner_.value(kDeepestMessage);
    if (!value) return false;
    if (name == "id" && out_.id.is_null()) note_id(*value);
    if (name == "result" && !out_.result) out_.result = *value;
    return true;
  }

  // The member that it is; empty for one that nobody here looks at.
  std::string_view note_key(std::string_view key) {
    for (std::size_t i = 0; i < kMembers.size(); ++i) {
      const auto match = match_key(key, kMembers.at(i));
      if (match == KeyMatch::other) continue;
      if (match == KeyMatch::twin || std::exchange(seen_.at(i), true)) out_.plain = false;
      if (match == KeyMatch::twin) return {};
      const auto name = kMembers.at(i);
      out_.method = out_.method || name == "method";
      out_.answers = out_.answers || name == "result" || name == "error";
      return name;
    }
    return {};
  }

  void note_id(std::string_view value) {
    auto id = parse_json(value);
    if (id && (id->is_string() || id->is_number())) out_.id = *std::move(id);
  }

  JsonScanner scanner_;
  Envelope out_;
  std::array<bool, kMembers.size()> seen_{};
};

bool is_answer(const json& message) {
  return message.is_object() && message.contains("result") != message.contains("error");
}

}  // namespace

Envelope read_envelope(std::string_view message) { return EnvelopeReader(message).read(); }

bool may_answer(const Envelope& envelope, const json& id) {
  if (!envelope.answers) return false;
  if (!envelope.plain) return true;
  return !envelope.method && (envelope.id.is_null() || envelope.id == id);
}

std::optional<json> read_answer(std::string_view message) {
  const auto repaired = repaired_text(message);
  const std::string_view text = repaired ? std::string_view(*repaired) : message;
  if (auto read = parse_json(text, kListLimits)) {
    if (!is_answer(*read)) return std::nullopt;
    return *std::move(read);
  }
  auto envelope = read_envelope(text);
  if (!envelope.whole || !envelope.plain || !envelope.answers || envelope.method) return std::nullopt;
  const char* member = envelope.result ? "result" : "error";
  return json{{"jsonrpc", "2.0"}, {"id", std::move(envelope.id)}, {member, nullptr}};
}

}  // namespace postern::mcp

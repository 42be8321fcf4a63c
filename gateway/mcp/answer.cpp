#include "mcp/answer.hpp"

#include <utility>

#include "mcp/jsonrpc.hpp"
#include "mcp/repair.hpp"

namespace postern::mcp {
namespace {

using nlohmann::json;

bool is_answer(const json& message) {
  return message.is_object() && message.contains("result") != message.contains("error");
}

}  // namespace

bool may_answer(const Envelope& envelope, const json& id) {
  if (!envelope.has_answer()) return false;
  if (!envelope.is_plain()) return true;
  if (envelope.has_method()) return false;
  const auto own = envelope.id_value();
  return own.is_null() || own == id;
}

std::optional<json> read_answer(std::string_view message) {
  const auto repaired = repaired_text(message);
  const std::string_view text = repaired ? std::string_view(*repaired) : message;
  if (auto read = parse_json(text, kListLimits)) {
    if (!is_answer(*read)) return std::nullopt;
    return *std::move(read);
  }
  const auto envelope = read_envelope(text);
  if (!envelope.is_whole() || !envelope.is_plain() || envelope.has_method()) return std::nullopt;
  if (envelope.result.named == envelope.error.named) return std::nullopt;
  const char* member = envelope.result.named ? "result" : "error";
  return json{{"jsonrpc", "2.0"}, {"id", envelope.id_value()}, {member, nullptr}};
}

}  // namespace postern::mcp

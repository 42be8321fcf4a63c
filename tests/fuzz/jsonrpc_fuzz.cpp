// One input is read as a message from a client, as one of a server, as an answer of an upstream and as header values.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "base/encoding.hpp"
#include "mcp/answer.hpp"
#include "mcp/envelope.hpp"
#include "mcp/header_check.hpp"
#include "mcp/json_members.hpp"
#include "mcp/json_scanner.hpp"
#include "mcp/jsonrpc.hpp"
#include "mcp/list_filter.hpp"
#include "mcp/member_name.hpp"
#include "mcp/repair.hpp"

namespace {

using namespace postern::mcp;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_headers_of(const Message& message, std::string_view input) {
  const auto header = input.substr(0, input.find('\n'));
  (void)decode_header_value(header);
  for (const std::string_view version : {std::string_view("2026-07-28"), std::string_view("2025-11-25"), header}) {
    (void)check_headers({version, header, header}, message);
    (void)check_headers({version, message.method, message.name}, message);
    (void)check_headers({version, {}, {}}, message);
  }
  (void)check_headers({}, message);
}

void read_as_message(std::string_view input) {
  const auto message = read_message(input);
  const auto again = read_message(input);
  require(message.has_value() == again.has_value());
  if (!message) {
    require(message.error() == again.error());
    return;
  }
  require(*message == *again);
  const auto envelope = read_envelope(input);
  require(envelope.is_whole() && envelope.is_plain() && envelope.id_value() == message->id);
  require(envelope.method.named == (message->kind != MessageKind::response));
  require(envelope.has_answer() != envelope.method.named);
  // With another id it is the same message.
  auto changed = *message;
  if (!changed.id.is_null()) changed.id = "new";
  const auto reread = read_message(edited(input, {{{"id"}, "\"new\""}}));
  require(reread.has_value() && *reread == changed);
  require(!fault_of(read_envelope(without_padding(input))));
  check_headers_of(*message, input);
}

void read_as_servers(std::string_view input) {
  const auto text = without_padding(input);
  const auto envelope = read_envelope(text);
  (void)id_of_damaged_answer(envelope);
  (void)id_of_damaged_request(envelope);
  // Whatever the strict parser takes has no damage here.
  if (parse_json(text).has_value()) require(!envelope.damaged_at && !envelope.torn);
  if (fault_of(envelope)) return;
  // What is replaced is found again.
  const auto out = edited(text, {{{"id"}, "\"new\""}, {{"params", "progressToken"}, "7"}});
  const auto again = read_envelope(out);
  require(!fault_of(again) && again.id.named == envelope.id.named);
  require(!again.id.named || again.id.text == "\"new\"");
  const auto token = find_at(out, {"params", "progressToken"});
  require(token.text.empty() || token.text == "7");
}

constexpr std::array kKinds = {ListKind::tools, ListKind::resources, ListKind::resource_templates, ListKind::prompts};

bool is_visible(std::string_view name) { return name.size() % 2 == 1; }

bool scans(std::string_view text) {
  JsonScanner scanner(text);
  return scanner.value(kDeepestMessage) && scanner.at_end();
}

// What a client can find who takes any of the members that look like the one it is after: `see` gets each of their
// values. It knows no case, stops at a NUL, and does not mind what is there twice.
template <class See>
void lax_members(std::string_view object, std::string_view name, const See& see) {
  JsonScanner scanner(object);
  if (!scanner.take('{') || scanner.take('}')) return;
  do {
    const auto token = scanner.string();
    require(token && scanner.take(':'));
    const auto key = string_of(*token);
    require(key.has_value());
    const auto value = scanner.value(kDeepestMessage);
    require(value.has_value());
    const auto read_as = std::string_view(*key).substr(0, key->find('\0'));
    if (read_as == name || is_case_twin(read_as, name)) see(*value);
  } while (scanner.take(','));
}

void no_hidden_name_in(std::string_view list, std::string_view named_by) {
  JsonScanner scanner(list);
  if (!scanner.take('[') || scanner.take(']')) return;
  do {
    const auto entry = scanner.value(kDeepestMessage);
    require(entry.has_value());
    lax_members(*entry, named_by, [](std::string_view value) {
      if (!value.starts_with('"')) return;
      const auto name = string_of(value);
      require(name && is_visible(*name) && is_visible(std::string_view(*name).substr(0, name->find('\0'))));
    });
  } while (scanner.take(','));
}

void check_filtered(std::string_view input, std::string_view output, ListKind kind) {
  require(scans(output) && !repaired_text(output));
  if (parse_json(input, kListLimits)) require(parse_json(output, kListLimits).has_value());
  const auto place = place_of(kind);
  lax_members(output, "result", [&](std::string_view result) {
    lax_members(result, place.list, [&](std::string_view list) { no_hidden_name_in(list, place.named_by); });
  });
}

void filter_as_list(std::string_view input) {
  if (input.empty()) return;
  for (const auto kind : kKinds) {
    const auto filtered = filter_list(input, kind, is_visible);
    if (!filtered) continue;
    require(filtered->examples.size() <= filtered->damaged);
    const std::string_view output = filtered->changed ? std::string_view(*filtered->changed) : input;
    check_filtered(input, output, kind);
    // What is left holds nothing more to cut.
    const auto again = filter_list(output, kind, is_visible);
    require(again.has_value() && !again->changed && again->damaged == 0);
  }
  const auto filtered = filter_any_list(input, [](ListKind, std::string_view name) { return is_visible(name); });
  if (!filtered) return;
  for (const auto kind : kKinds) check_filtered(input, filtered->changed ? *filtered->changed : input, kind);
}

void repair(std::string_view input) {
  const auto repaired = repaired_text(input);
  const std::string_view text = repaired ? std::string_view(*repaired) : input;
  require(postern::is_valid_utf8(text) && !repaired_text(text));
  require(scans(text) == scans(input));
  if (parse_json(input)) require(!repaired);
  (void)read_answer(input);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  read_as_message(input);
  read_as_servers(input);
  filter_as_list(input);
  repair(input);
  return 0;
}

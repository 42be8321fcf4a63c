// One input is read as a message from a client, as an answer of an upstream and as header values.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "mcp/header_check.hpp"
#include "mcp/jsonrpc.hpp"
#include "mcp/list_filter.hpp"

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
  const auto line = to_line(*message);
  require(line.find('\n') == std::string::npos);
  const auto reread = read_message(line);
  require(reread.has_value() && *reread == *message);
  check_headers_of(*message, input);
}

void filter_as_list(std::string_view input) {
  for (const auto kind : {ListKind::tools, ListKind::resources, ListKind::resource_templates, ListKind::prompts}) {
    const auto odd_length = [](std::string_view name) { return name.size() % 2 == 1; };
    const auto filtered = filter_list(input, kind, odd_length);
    if (!filtered || !*filtered) continue;
    // What is left parses, and holds nothing more to cut.
    const auto again = filter_list(**filtered, kind, odd_length);
    require(again.has_value() && !again->has_value());
  }
  (void)filter_any_list(input, [](ListKind, std::string_view name) { return name.size() % 2 == 1; });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  read_as_message(input);
  filter_as_list(input);
  return 0;
}

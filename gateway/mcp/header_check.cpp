#include "mcp/header_check.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "base/encoding.hpp"
#include "mcp/method.hpp"

namespace postern::mcp {
namespace {

using Fault = std::optional<HeaderFault>;

constexpr int kInvalidRequest = -32600;
constexpr int kMethodNotFound = -32601;
constexpr int kInvalidParams = -32602;
constexpr int kHeaderMismatch = -32020;
constexpr int kUnsupportedVersion = -32022;
constexpr std::size_t kMaxQuoted = 64;

constexpr std::array<std::string_view, 5> kVersions = {"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25",
                                                       "2026-07-28"};
constexpr std::size_t kFirstModern = 4;
constexpr auto kModernVersions = std::span(kVersions).subspan<kFirstModern>();

Fault refuse(int code, std::string reason) { return HeaderFault{.code = code, .reason = std::move(reason)}; }

// RFC 9110 section 5.5, as MCP 2026-07-28 "Value Encoding" narrows it.
bool is_plain(std::string_view value) noexcept {
  return std::ranges::all_of(value, [](char c) { return c == '\t' || (c >= ' ' && c <= '~'); });
}

// MCP 2026-07-28 versioning "Protocol Version Negotiation". Only what the client can use in its era is offered: it
// retries with an entry of this list.
Fault unsupported(std::string_view requested, std::span<const std::string_view> supported) {
  HeaderFault fault{.code = kUnsupportedVersion, .reason = "Unsupported protocol version", .list_supported = true};
  fault.data = {{"supported", supported}};
  if (requested.size() <= kMaxQuoted && is_plain(requested)) fault.data["requested"] = requested;
  return fault;
}

// The body names no version: a legacy message, unless the header says otherwise.
Fault check_legacy_version(std::string_view header, const Message& message) {
  if (!is_known_version(header)) return unsupported(header, kVersions);
  if (!is_modern_version(header)) return std::nullopt;
  switch (message.kind) {
    case MessageKind::response:
      // "Sending Messages": the client must not send responses.
      return refuse(kInvalidRequest, "Protocol version 2026-07-28 has no responses from clients");
    case MessageKind::notification: return std::nullopt;  // their _meta needs no version
    case MessageKind::request: break;
  }
  if (message.method == "initialize") return refuse(kHeaderMismatch, "MCP-Protocol-Version contradicts initialize");
  return refuse(kInvalidParams, "params._meta lacks io.modelcontextprotocol/protocolVersion");
}

Fault check_modern_version(const std::optional<std::string_view>& header, const Message& message) {
  const bool request = message.kind == MessageKind::request;
  if (request && !header) return refuse(kHeaderMismatch, "MCP-Protocol-Version is missing");
  if (header && *header != *message.meta_version) {
    return refuse(kHeaderMismatch, "MCP-Protocol-Version does not match the body");
  }
  if (!is_modern_version(*message.meta_version)) return unsupported(*message.meta_version, kModernVersions);
  if (!request) return std::nullopt;
  const auto& meta = message.params.at("_meta");
  const auto capabilities = meta.find("io.modelcontextprotocol/clientCapabilities");
  if (capabilities != meta.end() && capabilities->is_object()) return std::nullopt;
  return refuse(kInvalidParams, "params._meta lacks io.modelcontextprotocol/clientCapabilities");
}

Fault check_version(const std::optional<std::string_view>& header, const Message& message) {
  if (message.meta_version) return check_modern_version(header, message);
  return header ? check_legacy_version(*header, message) : std::nullopt;
}

// MCP 2026-07-28 transports "Error Handling": a method that is not implemented is 404 and -32601, and those that the
// revision removed are none of its own. A server that serves both eras might still answer one.
Fault check_method_exists(const Message& message) {
  if (!message.meta_version || message.kind != MessageKind::request) return std::nullopt;
  const auto& method = find_method(message.method);
  if (method.name.empty() || method.modern) return std::nullopt;
  return refuse(kMethodNotFound, "protocol version 2026-07-28 does not have this method");
}

// What Mcp-Name mirrors. Some clients send it for every method with a name or uri.
std::string_view mirrored_name(const Message& message) {
  if (!message.name.empty() || !message.params.is_object()) return message.name;
  for (const auto* member : {"name", "uri"}) {
    const auto at = message.params.find(member);
    if (at != message.params.end() && at->is_string()) return at->get_ref<const std::string&>();
  }
  return {};
}

Fault check_name(const std::optional<std::string_view>& header, const Message& message, bool required) {
  if (!header) {
    // SEP-2663 adds tasks/get, update and cancel to the three methods of the transport's table.
    if (!required || find_method(message.method).named_by.empty()) return std::nullopt;
    return refuse(kHeaderMismatch, "Mcp-Name is missing");
  }
  if (!is_plain(*header)) return refuse(kHeaderMismatch, "Mcp-Name holds invalid characters");
  const auto name = decode_header_value(*header);
  if (!name) return refuse(kHeaderMismatch, "Mcp-Name is not valid base64 of UTF-8");
  if (*name != mirrored_name(message)) return refuse(kHeaderMismatch, "Mcp-Name does not match the body");
  return std::nullopt;
}

}  // namespace

std::optional<HeaderFault> check_headers(const MirroredHeaders& headers, const Message& message) {
  if (auto fault = check_version(headers.protocol_version, message)) return fault;
  if (auto fault = check_method_exists(message)) return fault;
  const bool required = message.meta_version && message.kind == MessageKind::request;
  if (required && !headers.method) return refuse(kHeaderMismatch, "Mcp-Method is missing");
  // Methods are compared as they are: the base64 form is for Mcp-Name and Mcp-Param-* only.
  if (headers.method && (message.method.empty() || *headers.method != message.method)) {
    return refuse(kHeaderMismatch, "Mcp-Method does not match the body");
  }
  return check_name(headers.name, message, required);
}

std::optional<std::string> decode_header_value(std::string_view value) {
  constexpr std::string_view prefix = "=?base64?";
  constexpr std::string_view suffix = "?=";
  if (!value.starts_with(prefix) || !value.ends_with(suffix)) return std::string(value);
  if (value.size() < prefix.size() + suffix.size()) return std::nullopt;  // the markers share their question mark
  value.remove_prefix(prefix.size());
  value.remove_suffix(suffix.size());
  auto decoded = base64_decode(value);
  if (!decoded || !is_valid_utf8(*decoded)) return std::nullopt;
  return decoded;
}

std::span<const std::string_view> known_versions() noexcept { return kVersions; }

bool is_known_version(std::string_view version) noexcept {
  return std::ranges::find(kVersions, version) != kVersions.end();
}

bool is_modern_version(std::string_view version) noexcept {
  return std::ranges::find(kModernVersions, version) != kModernVersions.end();
}

}  // namespace postern::mcp

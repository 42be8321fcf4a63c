#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "mcp/jsonrpc.hpp"

namespace postern::mcp {

// The headers of a POST that mirror its body, without the blanks around them. nullopt: absent; a header that was
// repeated is passed as its comma-joined values and so never matches.
struct MirroredHeaders {
  std::optional<std::string_view> protocol_version;  // MCP-Protocol-Version
  std::optional<std::string_view> method;            // Mcp-Method
  std::optional<std::string_view> name;              // Mcp-Name, maybe =?base64?…?=
};

// Answered with HTTP 400; -32601 with 404.
struct HeaderFault {
  int code = -32020;  // HeaderMismatch; -32022 UnsupportedProtocolVersion; -32602 for a missing _meta field;
                      // -32600 for a response where the modern era allows none; -32601 for a method it removed
  std::string reason;
  bool list_supported = false;    // -32022: `data` holds "supported", and "requested" where it is printable
  nlohmann::json data = nullptr;  // the error's data member
};

// MCP 2026-07-28 transports "Standard Request Headers" and "Server Validation": in the modern era version, method and
// (for methods that name something) name are required on requests and must equal the body; in the legacy era, and on
// notifications, they are optional, but where present a method or name that contradicts the body is refused all the
// same, and so is a modern version header without the body's _meta. Decided from the body alone; headers are only
// checked against it.
std::optional<HeaderFault> check_headers(const MirroredHeaders& headers, const Message& message);

// =?base64?…?= decoded (case-sensitive marker, strict base64, valid UTF-8); the text itself when it is no such form;
// nullopt when the form is broken.
std::optional<std::string> decode_header_value(std::string_view value);

// "2024-11-05" … "2026-07-28": the revisions we know, oldest first. Static storage.
std::span<const std::string_view> known_versions() noexcept;
bool is_known_version(std::string_view version) noexcept;
bool is_modern_version(std::string_view version) noexcept;

}  // namespace postern::mcp

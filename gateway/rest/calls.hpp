#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/result.hpp"

namespace postern::rest {

// The messages of a client of MCP that the bridge sends, as JSON text. `modern`: of revision 2026-07-28, whose requests
// each carry version and capabilities; else of those with sessions.

// The revision asked for in initialize: the last one in which a server must answer on the stream it was asked on.
inline constexpr std::string_view kLegacyVersion = "2025-06-18";
inline constexpr std::string_view kModernVersion = "2026-07-28";

std::string initialize_message(std::string_view id);
std::string initialized_message();
std::string discover_message(std::string_view id);
// `cursor` may be empty.
std::string list_message(std::string_view id, std::string_view cursor, bool modern);
// `arguments`: a JSON object as it was sent; it goes on byte for byte.
std::string call_message(std::string_view id, std::string_view tool, std::string_view arguments, bool modern);
// To what a server asks of its client, which here is none that could answer: an error, or nothing but that it is there.
std::string answer_to_server(const nlohmann::json& id, std::string_view method);

// MCP 2026-07-28 transports, "Standard Request Headers" and "Custom Headers from Tool Parameters": the headers that
// mirror such a message. `input` is the tool's schema, null where there is none.
using HeaderPairs = std::vector<std::pair<std::string, std::string>>;
HeaderPairs mirrored_headers(std::string_view method, std::string_view name, const nlohmann::json& input,
                             const nlohmann::json& arguments);

// A value as such a header carries it: as it is, or =?base64?…?=.
std::string header_value(std::string_view text);

}  // namespace postern::rest

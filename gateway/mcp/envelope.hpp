#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "mcp/json_members.hpp"

// JSON-RPC messages of servers, read by their outermost members alone (JSON-RPC 2.0 sections 4 and 5): what they carry
// is for the client to read, and passes as it is. Views are into the text that was read.
namespace postern::mcp {

// The text without a byte order mark and blanks around it, which change nothing about a message.
std::string_view without_padding(std::string_view text) noexcept;

struct Envelope {
  struct Part : MemberText {
    bool named = false;  // its key is there; where the text is torn its value may be missing
  };
  std::string_view text;
  Part id, method, params, result, error;
  bool ids_agree = true;   // all that may be the id have the same text
  std::size_t values = 0;  // in the text, at any depth
  // The first byte at which the text is not JSON. Numbers of any size, repeated keys, any depth, half surrogate pairs
  // and bytes that are not UTF-8 do not count as damage.
  std::optional<std::size_t> damaged_at;
  // Its strings or brackets do not fit together; the parts are those before that place, and `rest` follows it.
  bool torn = false;
  std::string_view rest;

  // One JSON object, in the sense of damaged_at, and nothing but blanks around it.
  bool is_whole() const noexcept;
  // None of id, method, result and error is there twice or has a twin (match_key()).
  bool is_plain() const noexcept { return id.plain && method.plain && result.plain && error.plain; }
  bool has_answer() const noexcept { return result.named || error.named; }
  // It is a request or a notification. A null method beside an answer says nothing: some servers write null for "none".
  bool has_method() const noexcept { return method.named && !(method.text == "null" && has_answer()); }
  // Text or a number; null where it has no id, or none that can be read.
  nlohmann::json id_value() const;
};

// Never fails: a text that is not JSON is an envelope with no parts. Work is linear in the text and uses no recursion;
// memory is a byte for each open bracket.
Envelope read_envelope(std::string_view text);

// Why a message cannot be passed on, as a sentence that holds nothing of it: it is not JSON, a member that decides has
// two readings, or it is neither a call nor an answer. nullopt: it has one reading. A null error beside a result, or a
// null result beside an error, is taken for none, as JSON-RPC 1.0 sends them, and so is a null method beside either.
std::optional<std::string> fault_of(const Envelope& envelope);

// For a message with a fault: the text of the id of the request that it was meant to answer. Empty where the message
// may be something else, or where another reading of it has another id.
std::string_view id_of_damaged_answer(const Envelope& envelope);
// For a message with a fault that is a request: its id, so that the server can be told. Empty where that is not
// certain.
std::string_view id_of_damaged_request(const Envelope& envelope);

}  // namespace postern::mcp

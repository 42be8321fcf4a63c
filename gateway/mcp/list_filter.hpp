#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mcp/envelope.hpp"
#include "mcp/jsonrpc.hpp"
#include "mcp/list_reader.hpp"
#include "mcp/method.hpp"

namespace postern::mcp {

// Says whether an entry of a list may be seen: the tool's name, resource's uri, template's uriTemplate or prompt's
// name.
using Visible = std::function<bool(std::string_view)>;

// What became of an answer.
struct Filtered {
  // nullopt: nothing to change, pass the bytes as they are.
  std::optional<std::string> changed;
  std::size_t damaged = 0;            // entries left out for their damage
  std::vector<std::string> examples;  // the first of them, as describe() tells of them

  static constexpr std::size_t kMostExamples = 8;
};

// The JSON-RPC answer to a list request without the entries that are not visible, and without those whose name is
// damaged, missing, or there more than once (EntryFault): such a name is never repaired, since it could become another
// one. Damaged text everywhere else is repaired, null in place of the list becomes an empty one, and every other byte
// is kept, repeated keys and huge numbers in parts that decide nothing included. Errors, other messages and the empty
// data of a priming event pass.
//
// A fault, because it must not pass unfiltered: an answer that JsonScanner cannot read, or whose list is not for sure
// where the specification puts it. `visible` is called once for each entry that has a name, in order.
Result<Filtered, JsonFault> filter_list(const Envelope& answer, ListKind kind, const Visible& visible);
inline Result<Filtered, JsonFault> filter_list(std::string_view answer, ListKind kind, const Visible& visible) {
  return filter_list(read_envelope(answer), kind, visible);
}

// As Visible, where the kind of list is known by what the answer holds.
using VisibleIn = std::function<bool(ListKind, std::string_view)>;

// For streams that carry answers to requests we no longer know (resumed with Last-Event-ID): filters every list that
// the answer holds, and passes an answer that holds none.
Result<Filtered, JsonFault> filter_any_list(const Envelope& answer, const VisibleIn& visible);
inline Result<Filtered, JsonFault> filter_any_list(std::string_view answer, const VisibleIn& visible) {
  return filter_any_list(read_envelope(answer), visible);
}

// How many bytes these functions take at most beside the answer itself, their result included. Linear.
std::size_t filtering_bytes(std::string_view answer, bool any_list);

// One sentence about entries that were left out: the examples, and how many there are beside them.
std::string describe(const std::vector<std::string>& examples, std::size_t all);

}  // namespace postern::mcp

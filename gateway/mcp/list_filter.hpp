#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "mcp/jsonrpc.hpp"
#include "mcp/method.hpp"

namespace postern::mcp {

// Says whether an entry of a list may be seen: the tool's name, resource's uri, template's uriTemplate or prompt's
// name.
using Visible = std::function<bool(std::string_view)>;

// Answers are larger than calls: a list of tools carries their schemas.
inline constexpr JsonLimits kListLimits{.depth = 128, .nodes = 1'000'000, .number = 400};

// The JSON-RPC answer to a list request with the entries that are not visible cut out and every other byte kept.
// nullopt: nothing to change, pass the bytes as they are (errors, other messages, everything visible, the empty data of
// a priming event). An answer that is no strict JSON, or whose list is not where the specification puts it, is a fault:
// it must not pass unfiltered. `visible` is called once for each entry, in order.
Result<std::optional<std::string>, JsonFault> filter_list(std::string_view answer, ListKind kind,
                                                          const Visible& visible,
                                                          const JsonLimits& limits = kListLimits);

// As Visible, where the kind of list is known by what the answer holds.
using VisibleIn = std::function<bool(ListKind, std::string_view)>;

// For streams that carry answers to requests we no longer know (resumed with Last-Event-ID): filters every list that
// the answer holds, and passes an answer that holds none.
Result<std::optional<std::string>, JsonFault> filter_any_list(std::string_view answer, const VisibleIn& visible,
                                                              const JsonLimits& limits = kListLimits);

}  // namespace postern::mcp

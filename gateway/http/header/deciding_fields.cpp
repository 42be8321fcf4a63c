#include "http/header/deciding_fields.hpp"

#include <algorithm>
#include <array>

#include "base/strings.hpp"

namespace postern::http {
namespace {

constexpr std::array<std::string_view, 13> kNames{
    "accept", "authorization",  "connection",        "cookie",          "expect",  "forwarded", "host", "last-event-id",
    "origin", "sec-fetch-site", "transfer-encoding", "x-forwarded-for", "x-tenant"};

constexpr std::array<std::string_view, 3> kPrefixes{"access-control-request-", "content-", "mcp-"};

}  // namespace

bool decides(std::string_view name) noexcept {
  return std::ranges::any_of(kNames, [name](auto known) { return ascii_iequals(name, known); }) ||
         std::ranges::any_of(kPrefixes,
                             [name](auto prefix) { return ascii_iequals(name.substr(0, prefix.size()), prefix); });
}

bool may_hold_obs_text(std::string_view name) noexcept { return ascii_iequals(name, "cookie"); }

}  // namespace postern::http

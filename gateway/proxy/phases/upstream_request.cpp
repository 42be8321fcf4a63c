#include "proxy/phases/upstream_request.hpp"

#include <algorithm>
#include <array>

#include "base/strings.hpp"
#include "proxy/callers.hpp"
#include "proxy/mcp_exchange.hpp"
#include "rest/calls.hpp"
#include "runtime/generation.hpp"

namespace postern::proxy {
namespace {

constexpr std::array<std::string_view, 7> kPassed{
    "accept", "content-type", "mcp-protocol-version", "last-event-id", "traceparent", "tracestate", "user-agent"};

bool passed_on(std::string_view name) {
  if (ascii_iequals(name, "mcp-session-id")) return false;  // ours is put in its place
  if (name.size() > 4 && ascii_iequals(name.substr(0, 4), "mcp-")) return true;
  return std::any_of(kPassed.begin(), kPassed.end(), [&](auto allowed) { return ascii_iequals(name, allowed); });
}

// RFC 9110 section 7.6.1: what Connection names goes no further than this hop.
bool named_by_connection(const http::FieldBlock& fields, std::string_view name) {
  for (const auto& field : fields.all()) {
    if (!ascii_iequals(field.name, "connection")) continue;
    for (const auto option : split(field.value, ',')) {
      if (ascii_iequals(trim(option), name)) return true;
    }
  }
  return false;
}

// SEP-2663: the header mirrors the id of the task, which is another one behind.
bool names_task(const McpExchange& x) {
  return !x.tasks.empty() && x.method() != nullptr && x.method()->subject == mcp::Subject::task &&
         !x.method()->named_by.empty();
}

}  // namespace

Result<void> add_own_headers(const runtime::Generation& generation, const tenant::Resource& resource,
                             const token::Principal& principal, http::Headers& headers) {
  // The answer must be readable: lists are filtered in it.
  headers.set("Accept-Encoding", "identity");
  for (const auto& [name, value] : generation.headers(resource.upstream->name)) {
    auto rendered = value.render(principal, resource.url);
    if (!rendered) return fail(rendered.error().code, name + ": " + rendered.error().what);
    headers.erase(name);
    if (!headers.set(name, *rendered)) return fail(Errc::invalid, name + " cannot be set");
  }
  if (const auto& bearer = resource.upstream->bearer; !bearer.empty()) {
    if (!headers.set("Authorization", "Bearer " + std::string(bearer.reveal()))) {
      return fail(Errc::invalid, "credential.bearer is no header value");
    }
  }
  return {};
}

// Rebuilt from an allow-list, never copied and patched: first the client's, then what the server behind may trust.
Result<upstream::Request> upstream_request(McpExchange& x) {
  upstream::Request request;
  request.method = x.head().method;
  request.body = std::move(x.body);
  request.caller = caller_of(*x.principal);
  request.user = x.principal->user;
  for (const auto& field : x.head().fields.all()) {
    if (passed_on(field.name) && !named_by_connection(x.head().fields, field.name)) {
      request.headers.add(field.name, field.value);
    }
  }
  if (names_task(x) && request.headers.get("Mcp-Name"))
    request.headers.set("Mcp-Name", rest::header_value(x.tasks.front().task.id));
  if (x.session) {
    if (!request.headers.set("Mcp-Session-Id", x.session->id))
      return fail(Errc::invalid, "the session id is no header value");
    request.address = x.session->address;
  }
  auto added = add_own_headers(*x.generation, x.resource, *x.principal, request.headers);
  if (!added) return added.error();
  return request;
}

}  // namespace postern::proxy

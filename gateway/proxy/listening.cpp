#include "proxy/listening.hpp"

namespace postern::proxy {
bool opens_old_stream(const McpExchange& x) {
  return x.resource.upstream->sse && !x.modern && !x.session && x.head().method == "GET";
}

bool is_listening(const McpExchange& x) {
  if (x.rest) return false;
  const auto* method = x.method();
  return x.head().method == "GET" || (method != nullptr && method->subject == mcp::Subject::listen);
}

}  // namespace postern::proxy

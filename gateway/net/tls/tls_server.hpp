#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "net/tls/openssl.hpp"
#include "net/tls/tls.hpp"

namespace postern::net {

struct TlsServer::Impl {
  // The context whose certificate fits the name a client asked for; the first when none does.
  SSL_CTX* choose(std::string_view name) const;
  SSL_CTX* first() const noexcept { return contexts.front().get(); }

  std::vector<OpenSslPtr<SSL_CTX>> contexts;
  std::unordered_map<std::string, SSL_CTX*> exact;
  std::unordered_map<std::string, SSL_CTX*> wildcard;  // ".example.test" for "*.example.test"
};

}  // namespace postern::net

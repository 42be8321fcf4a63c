#pragma once

#include <string>

#include "net/tls/openssl.hpp"
#include "net/tls/tls.hpp"

namespace postern::net {

struct TlsClient::Impl {
  OpenSslPtr<SSL_CTX> context;
};

// Says whose certificate must be shown, and asks for that name. `host` is a name or an address, IPv6 with or without
// brackets. False when OpenSSL does not take it.
bool expect_host(SSL* ssl, const std::string& host);

}  // namespace postern::net

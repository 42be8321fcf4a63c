#pragma once

#include "base/result.hpp"
#include "net/tls/openssl.hpp"
#include "net/tls/tls.hpp"

namespace postern::net {

inline constexpr std::string_view kHttp11 = "http/1.1";

// What holds on both sides: TLS 1.2 and 1.3, forward-secret AEAD suites, no renegotiation, no compression, buffers
// given back while idle. nullptr: the reason is in OpenSSL's queue.
OpenSslPtr<SSL_CTX> make_tls_context(const SSL_METHOD* method);

// Reads both files; the error names the one that is wrong, and how.
Result<void> use_certificate(SSL_CTX* context, const CertificateFiles& files);

}  // namespace postern::net

#include "net/tls/tls_context.hpp"

namespace postern::net {

namespace {

// RFC 9325 section 4.2: forward secrecy and AEAD only. TLS 1.3 has nothing else.
constexpr const char* kTls12Suites =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* kGroups = "X25519:P-256:P-384";

// Without this OpenSSL would ask for a passphrase on the terminal.
int no_passphrase(char*, int, int, void*) { return -1; }

}  // namespace

OpenSslPtr<SSL_CTX> make_tls_context(const SSL_METHOD* method) {
  OpenSslPtr<SSL_CTX> context(SSL_CTX_new(method));
  SSL_CTX* ssl = context.get();
  if (ssl == nullptr) return nullptr;
  SSL_CTX_set_security_level(ssl, 2);
  SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // One recv takes a whole record, not its five bytes of header first.
  SSL_CTX_set_read_ahead(ssl, 1);
  // Resumption is by ticket; a cache of sessions would only hold memory.
  SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_default_passwd_cb(ssl, no_passphrase);
  const bool set = SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION) == 1 &&
                   SSL_CTX_set_cipher_list(ssl, kTls12Suites) == 1 && SSL_CTX_set1_groups_list(ssl, kGroups) == 1;
  return set ? std::move(context) : nullptr;
}

Result<void> use_certificate(SSL_CTX* context, const CertificateFiles& files) {
  if (SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) != 1) {
    return fail(Errc::invalid, "cannot use the certificate " + files.certificate + ": " + openssl_reason());
  }
  // Also fails when the key does not belong to the certificate.
  if (SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(context) != 1) {
    return fail(Errc::invalid, "cannot use the key " + files.key + " with the certificate " + files.certificate + ": " +
                                   openssl_reason());
  }
  return {};
}

}  // namespace postern::net

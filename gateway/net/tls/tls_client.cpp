#include "net/tls/tls_client.hpp"

#include "net/host.hpp"
#include "net/tls/tls_context.hpp"

namespace postern::net {

namespace {

// RFC 7301 section 3.1: one length byte before each name.
constexpr unsigned char kProtocols[] = "\x08http/1.1";

Result<void> trust(SSL_CTX* context, const std::string& authorities) {
  if (authorities.empty()) {
    if (SSL_CTX_set_default_verify_paths(context) == 1) return {};
    return fail(Errc::invalid, "cannot use the system's certificate authorities: " + openssl_reason());
  }
  if (SSL_CTX_load_verify_file(context, authorities.c_str()) == 1) return {};
  return fail(Errc::invalid, "cannot use the certificate authorities " + authorities + ": " + openssl_reason());
}

}  // namespace

// RFC 9525 section 6: the names of the subjectAltName extension decide, never the common name; a wildcard is a whole
// label. RFC 6066 section 3: an address is no server name.
bool expect_host(SSL* ssl, const std::string& host) {
  X509_VERIFY_PARAM* const wanted = SSL_get0_param(ssl);
  X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (const auto address = address_literal(host)) {
    return X509_VERIFY_PARAM_set1_ip_asc(wanted, address->to_string().c_str()) == 1;
  }
  const std::string name = host.ends_with('.') ? host.substr(0, host.size() - 1) : host;
  return !name.empty() && X509_VERIFY_PARAM_set1_host(wanted, name.c_str(), name.size()) == 1 &&
         SSL_set_tlsext_host_name(ssl, name.c_str()) == 1;
}

TlsClient::TlsClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

TlsClient::~TlsClient() = default;

Result<std::shared_ptr<const TlsClient>> TlsClient::load(const TlsClientFiles& files) {
  ERR_clear_error();
  auto impl = std::make_unique<Impl>();
  impl->context = make_tls_context(TLS_client_method());
  SSL_CTX* const context = impl->context.get();
  if (context == nullptr || SSL_CTX_set_alpn_protos(context, kProtocols, sizeof kProtocols - 1) != 0) {
    return fail(Errc::internal, "cannot set up TLS: " + openssl_reason());
  }
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  if (auto trusted = trust(context, files.authorities); !trusted) return trusted.error();
  if (!files.own.certificate.empty() || !files.own.key.empty()) {
    if (auto used = use_certificate(context, files.own); !used) return used.error();
  }
  return std::shared_ptr<const TlsClient>(std::make_shared<TlsClient>(std::move(impl)));
}

}  // namespace postern::net

#include "net/tls_server.hpp"

#include "base/strings.hpp"

namespace postern::net {

namespace {

// RFC 9325 section 4.2: forward secrecy and AEAD only. TLS 1.3 has nothing else.
constexpr const char* kTls12Suites =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* kGroups = "X25519:P-256:P-384";
constexpr unsigned char kSessionContext[] = "postern";
constexpr std::string_view kHttp11 = "http/1.1";

// RFC 7301 section 3.2: when the client offers nothing we speak, the handshake ends with no_application_protocol.
int select_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* offered,
                    unsigned int size, void*) {
  for (unsigned int at = 0; at < size; at += 1u + offered[at]) {
    const std::string_view name(reinterpret_cast<const char*>(offered + at + 1), offered[at]);
    if (name != kHttp11) continue;
    *out = offered + at + 1;
    *out_size = offered[at];
    return SSL_TLSEXT_ERR_OK;
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

int select_certificate(SSL* ssl, int*, void* argument) {
  const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (name == nullptr) return SSL_TLSEXT_ERR_NOACK;
  SSL_set_SSL_CTX(ssl, static_cast<const TlsServer::Impl*>(argument)->choose(name));
  return SSL_TLSEXT_ERR_OK;
}

// Without this OpenSSL would ask for a passphrase on the terminal.
int no_passphrase(char*, int, int, void*) { return -1; }

OpenSslPtr<SSL_CTX> make_context(TlsServer::Impl& owner) {
  OpenSslPtr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()));
  SSL_CTX* ssl = context.get();
  if (ssl == nullptr) return nullptr;
  SSL_CTX_set_security_level(ssl, 2);
  SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                               SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // One recv takes a whole record, not its five bytes of header first.
  SSL_CTX_set_read_ahead(ssl, 1);
  // Resumption is by ticket; a server-side cache would only hold memory.
  SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_session_id_context(ssl, kSessionContext, sizeof kSessionContext - 1);
  SSL_CTX_set_default_passwd_cb(ssl, no_passphrase);
  SSL_CTX_set_alpn_select_cb(ssl, select_protocol, nullptr);
  SSL_CTX_set_tlsext_servername_callback(ssl, select_certificate);
  SSL_CTX_set_tlsext_servername_arg(ssl, &owner);
  const bool set = SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION) == 1 &&
                   SSL_CTX_set_cipher_list(ssl, kTls12Suites) == 1 && SSL_CTX_set1_groups_list(ssl, kGroups) == 1;
  return set ? std::move(context) : nullptr;
}

// The first of several certificates for one name keeps it.
void add_names(TlsServer::Impl& server, SSL_CTX* context) {
  const OpenSslPtr<GENERAL_NAMES> names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(SSL_CTX_get0_certificate(context), NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_DNS) continue;
    const auto size = static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName));
    std::string text =
        ascii_lower(std::string_view(reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)), size));
    if (text.starts_with("*.")) {
      server.wildcard.try_emplace(text.substr(1), context);
    } else {
      server.exact.try_emplace(std::move(text), context);
    }
  }
}

}  // namespace

SSL_CTX* TlsServer::Impl::choose(std::string_view name) const {
  std::string host = ascii_lower(name);
  if (host.ends_with('.')) host.pop_back();
  if (const auto found = exact.find(host); found != exact.end()) return found->second;
  // RFC 6125 section 6.4.3: the wildcard stands for exactly one label.
  const std::size_t dot = host.find('.');
  if (dot != std::string::npos && dot > 0) {
    if (const auto found = wildcard.find(host.substr(dot)); found != wildcard.end()) return found->second;
  }
  return first();
}

TlsServer::TlsServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

TlsServer::~TlsServer() = default;

Result<std::shared_ptr<const TlsServer>> TlsServer::load(const std::vector<CertificateFiles>& files) {
  if (files.empty()) return fail(Errc::invalid, "no certificate is named");
  auto impl = std::make_unique<Impl>();
  for (const CertificateFiles& file : files) {
    ERR_clear_error();
    auto context = make_context(*impl);
    if (!context) return fail(Errc::internal, "cannot set up TLS: " + openssl_reason());
    if (SSL_CTX_use_certificate_chain_file(context.get(), file.certificate.c_str()) != 1) {
      return fail(Errc::invalid, "cannot use the certificate " + file.certificate + ": " + openssl_reason());
    }
    // Also fails when the key does not belong to the certificate.
    if (SSL_CTX_use_PrivateKey_file(context.get(), file.key.c_str(), SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(context.get()) != 1) {
      return fail(Errc::invalid, "cannot use the key " + file.key + " with the certificate " + file.certificate + ": " +
                                     openssl_reason());
    }
    add_names(*impl, context.get());
    impl->contexts.push_back(std::move(context));
  }
  return std::shared_ptr<const TlsServer>(std::make_shared<TlsServer>(std::move(impl)));
}

}  // namespace postern::net

#include "net/tls/tls_server.hpp"

#include "base/strings.hpp"
#include "net/tls/tls_context.hpp"

namespace postern::net {

namespace {

constexpr unsigned char kSessionContext[] = "postern";

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

OpenSslPtr<SSL_CTX> make_context(TlsServer::Impl& owner) {
  auto context = make_tls_context(TLS_server_method());
  SSL_CTX* ssl = context.get();
  if (ssl == nullptr) return nullptr;
  SSL_CTX_set_options(ssl, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_session_id_context(ssl, kSessionContext, sizeof kSessionContext - 1);
  SSL_CTX_set_alpn_select_cb(ssl, select_protocol, nullptr);
  SSL_CTX_set_tlsext_servername_callback(ssl, select_certificate);
  SSL_CTX_set_tlsext_servername_arg(ssl, &owner);
  return context;
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
    if (auto used = use_certificate(context.get(), file); !used) return used.error();
    add_names(*impl, context.get());
    impl->contexts.push_back(std::move(context));
  }
  return std::shared_ptr<const TlsServer>(std::make_shared<TlsServer>(std::move(impl)));
}

}  // namespace postern::net

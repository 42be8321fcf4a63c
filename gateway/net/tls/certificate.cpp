#include "net/tls/certificate.hpp"

#include <ctime>

#include <openssl/pem.h>

#include "net/host.hpp"

namespace postern::net {
namespace {

Time time_of(const ASN1_TIME* time, Time otherwise) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return otherwise;
  return Time{std::chrono::seconds(::timegm(&parts))};
}

}  // namespace

Result<CertificateChain> CertificateChain::read(const std::string& file) {
  ERR_clear_error();
  const OpenSslPtr<BIO> bio(BIO_new_file(file.c_str(), "r"));
  if (!bio) return fail(Errc::invalid, "cannot read the certificate " + file + ": " + openssl_reason());
  CertificateChain chain;
  for (;;) {
    OpenSslPtr<X509> next(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (!next) break;
    chain.not_before_ = std::max(chain.not_before_, time_of(X509_get0_notBefore(next.get()), Time::max()));
    chain.not_after_ = std::min(chain.not_after_, time_of(X509_get0_notAfter(next.get()), Time::min()));
    chain.certificates_.push_back(std::move(next));
  }
  ERR_clear_error();
  if (chain.certificates_.empty()) return fail(Errc::invalid, file + " holds no certificate");
  return chain;
}

bool CertificateChain::names(const std::string& host) const {
  X509* first = certificates_.front().get();
  if (const auto address = address_literal(host)) {
    return X509_check_ip_asc(first, address->to_string().c_str(), 0) == 1;
  }
  const unsigned flags = X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;
  return X509_check_host(first, host.data(), host.size(), flags, nullptr) == 1;
}

}  // namespace postern::net

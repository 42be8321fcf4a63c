#pragma once

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "net/tls/tls.hpp"

namespace postern::net_testing {

// A directory that goes with the test.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "postern-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

struct FileClose {
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};

// A self-signed P-256 certificate for the DNS names, written as `name`.pem and `name`.key.
inline net::CertificateFiles make_certificate(const TemporaryDirectory& directory, const std::string& name,
                                              const std::vector<std::string>& dns_names,
                                              const char* passphrase = nullptr) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), X509_free);
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* subject = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1,
                             0);
  X509_set_issuer_name(certificate.get(), subject);
  std::string names;
  for (const std::string& dns_name : dns_names) names += (names.empty() ? "DNS:" : ",DNS:") + dns_name;
  if (!names.empty()) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str());
    X509_add_ext(certificate.get(), extension, -1);
    X509_EXTENSION_free(extension);
  }
  X509_sign(certificate.get(), key.get(), EVP_sha256());

  const net::CertificateFiles files{directory / (name + ".pem"), directory / (name + ".key")};
  const std::unique_ptr<std::FILE, FileClose> pem(std::fopen(files.certificate.c_str(), "w"));
  PEM_write_X509(pem.get(), certificate.get());
  const std::unique_ptr<std::FILE, FileClose> key_pem(std::fopen(files.key.c_str(), "w"));
  PEM_write_PKCS8PrivateKey(key_pem.get(), key.get(), passphrase ? EVP_aes_128_cbc() : nullptr, passphrase,
                            passphrase ? static_cast<int>(std::strlen(passphrase)) : 0, nullptr, nullptr);
  return files;
}

}  // namespace postern::net_testing

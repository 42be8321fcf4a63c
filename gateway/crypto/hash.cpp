#include "crypto/hash.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "crypto/openssl.hpp"

namespace postern::crypto {
namespace {

const EVP_MD* fetched_sha256() {
  static const EVP_MD* const algorithm = require_fetched(EVP_MD_fetch(nullptr, "SHA256", nullptr), "SHA256");
  return algorithm;
}

// Holds the digest's name, so that a call costs one duplication and no look-up.
const EVP_MAC_CTX* prepared_hmac() {
  static const EVP_MAC_CTX* const prepared = [] {
    EVP_MAC* const algorithm = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
    require(algorithm != nullptr, "HMAC");
    EVP_MAC_CTX* const context = EVP_MAC_CTX_new(algorithm);
    EVP_MAC_free(algorithm);
    require(context != nullptr, "HMAC");
    char name[] = "SHA256";
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
                                     OSSL_PARAM_construct_end()};
    require(EVP_MAC_CTX_set_params(context, parameters) == 1, "HMAC");
    return context;
  }();
  return prepared;
}

}  // namespace

Digest sha256(std::string_view bytes) {
  Digest out;
  unsigned int length = 0;
  require(EVP_Digest(octets(bytes), bytes.size(), out.data(), &length, fetched_sha256(), nullptr) == 1, "SHA256");
  return out;
}

Digest hmac_sha256(std::string_view key, std::string_view bytes) {
  const Owned<EVP_MAC_CTX, EVP_MAC_CTX_free> context(EVP_MAC_CTX_dup(prepared_hmac()));
  require(context != nullptr, "HMAC");
  Digest out;
  std::size_t length = 0;
  require(EVP_MAC_init(context.get(), octets(key), key.size(), nullptr) == 1 &&
              EVP_MAC_update(context.get(), octets(bytes), bytes.size()) == 1 &&
              EVP_MAC_final(context.get(), out.data(), &length, out.size()) == 1,
          "HMAC");
  return out;
}

std::string hkdf_sha256(std::string_view key, std::string_view salt, std::string_view info) {
  // RFC 5869 section 2.2; an absent salt is a block of zeros, which is what HMAC makes of an empty key.
  const std::string extracted = as_string(hmac_sha256(salt, key));
  // RFC 5869 section 2.3 for L = 32: the first block is the whole output.
  std::string input(info);
  input += '\x01';
  return as_string(hmac_sha256(extracted, input));
}

bool constant_time_equal(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && CRYPTO_memcmp(octets(a), octets(b), a.size()) == 0;
}

}  // namespace postern::crypto

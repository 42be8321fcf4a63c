#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <optional>
#include <stdexcept>

#include "crypto/jws.hpp"
#include "crypto/openssl.hpp"

namespace postern::crypto {
namespace {

using Digesting = Owned<EVP_MD_CTX, EVP_MD_CTX_free>;
using EcdsaPair = Owned<ECDSA_SIG, ECDSA_SIG_free>;

constexpr std::size_t kScalar = 32;

// EdDSA hashes by itself.
const char* digest_of(JwsAlgorithm algorithm) { return algorithm == JwsAlgorithm::eddsa ? nullptr : "SHA256"; }

// RFC 7518 section 3.5: MGF1 with SHA-256 and a salt as long as the hash.
bool set_padding(EVP_PKEY_CTX* key, JwsAlgorithm algorithm) {
  if (algorithm == JwsAlgorithm::rs256) return EVP_PKEY_CTX_set_rsa_padding(key, RSA_PKCS1_PADDING) == 1;
  if (algorithm != JwsAlgorithm::ps256) return true;
  return EVP_PKEY_CTX_set_rsa_padding(key, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(key, RSA_PSS_SALTLEN_DIGEST) == 1;
}

// RFC 7518 section 3.4: r and s as 32 bytes each, which OpenSSL knows in DER only.
std::string raw_from_der(const std::string& der) {
  const auto* at = octets(der);
  const EcdsaPair pair(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  require(pair != nullptr, "ECDSA");
  std::string raw(2 * kScalar, '\0');
  auto* out = reinterpret_cast<unsigned char*>(raw.data());
  require(BN_bn2binpad(ECDSA_SIG_get0_r(pair.get()), out, kScalar) == static_cast<int>(kScalar) &&
              BN_bn2binpad(ECDSA_SIG_get0_s(pair.get()), out + kScalar, kScalar) == static_cast<int>(kScalar),
          "ECDSA");
  return raw;
}

std::optional<std::string> der_from_raw(std::string_view raw) {
  if (raw.size() != 2 * kScalar) return std::nullopt;
  const EcdsaPair pair(ECDSA_SIG_new());
  BIGNUM* r = BN_bin2bn(octets(raw), kScalar, nullptr);
  BIGNUM* s = BN_bin2bn(octets(raw) + kScalar, kScalar, nullptr);
  require(pair != nullptr && r != nullptr && s != nullptr && ECDSA_SIG_set0(pair.get(), r, s) == 1, "ECDSA");
  unsigned char* der = nullptr;
  const int length = i2d_ECDSA_SIG(pair.get(), &der);
  require(length > 0, "ECDSA");
  std::string out(reinterpret_cast<const char*>(der), static_cast<std::size_t>(length));
  OPENSSL_free(der);
  return out;
}

}  // namespace

std::string sign(const PrivateKey& key, JwsAlgorithm algorithm, std::string_view bytes) {
  if (!fits(algorithm, key.type())) throw std::invalid_argument("a key of another kind cannot sign so");
  const Digesting context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* parameters = nullptr;
  require(context != nullptr &&
              EVP_DigestSignInit_ex(context.get(), &parameters, digest_of(algorithm), nullptr, nullptr, key.handle(),
                                    nullptr) == 1 &&
              set_padding(parameters, algorithm),
          "signing");
  std::size_t length = 0;
  require(EVP_DigestSign(context.get(), nullptr, &length, octets(bytes), bytes.size()) == 1, "signing");
  std::string out(length, '\0');
  require(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &length, octets(bytes),
                         bytes.size()) == 1,
          "signing");
  out.resize(length);
  return algorithm == JwsAlgorithm::es256 ? raw_from_der(out) : out;
}

bool verify(const PublicKey& key, JwsAlgorithm algorithm, std::string_view bytes, std::string_view signature) {
  if (!fits(algorithm, key.type())) return false;
  std::string given(signature);
  if (algorithm == JwsAlgorithm::es256) {
    auto der = der_from_raw(signature);
    if (!der) return false;
    given = *std::move(der);
  }
  const Digesting context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* parameters = nullptr;
  require(context != nullptr &&
              EVP_DigestVerifyInit_ex(context.get(), &parameters, digest_of(algorithm), nullptr, nullptr, key.handle(),
                                      nullptr) == 1 &&
              set_padding(parameters, algorithm),
          "verifying");
  const bool good = EVP_DigestVerify(context.get(), octets(given), given.size(), octets(bytes), bytes.size()) == 1;
  // A bad signature is in the queue of errors, which TLS on the same thread reads.
  if (!good) ERR_clear_error();
  return good;
}

}  // namespace postern::crypto

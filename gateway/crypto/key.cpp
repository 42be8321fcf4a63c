#include "crypto/key.hpp"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <climits>
#include <optional>

#include "base/encoding.hpp"
#include "crypto/hash.hpp"
#include "crypto/openssl.hpp"

namespace postern::crypto {
namespace {

using Context = Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;
using Number = Owned<BIGNUM, BN_free>;
using Builder = Owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>;
using Parameters = Owned<OSSL_PARAM, OSSL_PARAM_free>;
using Buffer = Owned<BIO, BIO_free_all>;

constexpr std::size_t kCoordinate = 32;
constexpr std::size_t kLongestExponent = 4;  // bytes
constexpr std::size_t kLongestPem = 16 * 1024;

Error invalid(const char* what) {
  // TLS on the same thread reads the queue of errors.
  ERR_clear_error();
  return fail(Errc::invalid, what);
}

std::shared_ptr<EVP_PKEY> shared(EVP_PKEY* key) { return {key, EVP_PKEY_free}; }

// nullptr where the parameters make no key of that kind.
std::shared_ptr<EVP_PKEY> from_parameters(const char* algorithm, OSSL_PARAM_BLD* builder) {
  const Parameters parameters(OSSL_PARAM_BLD_to_param(builder));
  const Context context(EVP_PKEY_CTX_new_from_name(nullptr, algorithm, nullptr));
  require(parameters != nullptr && context != nullptr && EVP_PKEY_fromdata_init(context.get()) == 1, algorithm);
  EVP_PKEY* key = nullptr;
  if (EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1) return nullptr;
  return shared(key);
}

Number number(std::string_view bytes) {
  Number made(BN_bin2bn(octets(bytes), static_cast<int>(bytes.size()), nullptr));
  require(made != nullptr, "BN_bin2bn");
  return made;
}

std::optional<std::string> number_of(const EVP_PKEY* key, const char* name) {
  BIGNUM* raw = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &raw) != 1) return std::nullopt;
  const Number value(raw);
  std::string bytes(static_cast<std::size_t>(BN_num_bytes(value.get())), '\0');
  BN_bn2bin(value.get(), reinterpret_cast<unsigned char*>(bytes.data()));
  return bytes;
}

std::string padded(std::string bytes) {
  return bytes.size() < kCoordinate ? std::string(kCoordinate - bytes.size(), '\0') + bytes : bytes;
}

bool is_p256(const EVP_PKEY* key) {
  char name[64] = {};
  return EVP_PKEY_get_group_name(key, name, sizeof name, nullptr) == 1 && std::string_view(name) == SN_X9_62_prime256v1;
}

}  // namespace

Result<PublicKey> PublicKey::rsa(std::string_view modulus, std::string_view exponent) {
  // RFC 7518 section 6.3.1.1: no leading zero, or one key would have two thumbprints.
  if (modulus.empty() || modulus.front() == '\0' || exponent.empty() || exponent.front() == '\0') {
    return invalid("an RSA number is empty or begins with a zero byte");
  }
  if (modulus.size() > kLargestRsaBits / 8) return invalid("an RSA key is longer than 8192 bits");
  const Number n = number(modulus);
  if (BN_num_bits(n.get()) < static_cast<int>(kSmallestRsaBits)) {
    return invalid("an RSA key is shorter than 2048 bits");
  }
  if (BN_is_odd(n.get()) != 1) return invalid("an RSA modulus is even");
  // Verifying takes time with the exponent's length.
  const auto last = static_cast<unsigned char>(exponent.back());
  if (exponent.size() > kLongestExponent || last % 2 == 0 || (exponent.size() == 1 && last < 3)) {
    return invalid("an RSA exponent is not an odd number from 3 to 32 bits");
  }
  const Number e = number(exponent);
  const Builder builder(OSSL_PARAM_BLD_new());
  require(builder != nullptr && OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) == 1 &&
              OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) == 1,
          "RSA");
  PublicKey made;
  made.type_ = KeyType::rsa;
  made.key_ = from_parameters("RSA", builder.get());
  if (made.key_ == nullptr) return invalid("an RSA key is not valid");
  made.members_ = {{"e", base64url_encode(exponent)}, {"kty", "RSA"}, {"n", base64url_encode(modulus)}};
  return made;
}

Result<PublicKey> PublicKey::p256(std::string_view x, std::string_view y) {
  if (x.size() != kCoordinate || y.size() != kCoordinate) return invalid("a coordinate on P-256 is not 32 bytes long");
  const std::string point = '\x04' + std::string(x) + std::string(y);  // SEC 1 section 2.3.3, uncompressed
  const Builder builder(OSSL_PARAM_BLD_new());
  require(builder != nullptr &&
              OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, SN_X9_62_prime256v1, 0) == 1 &&
              OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) == 1,
          "EC");
  PublicKey made;
  made.type_ = KeyType::p256;
  made.key_ = from_parameters("EC", builder.get());
  if (made.key_ == nullptr) return invalid("a point is not on P-256");
  const Context check(EVP_PKEY_CTX_new_from_pkey(nullptr, made.key_.get(), nullptr));
  require(check != nullptr, "EC");
  if (EVP_PKEY_public_check(check.get()) != 1) return invalid("a point is not on P-256");
  made.members_ = {{"crv", "P-256"}, {"kty", "EC"}, {"x", base64url_encode(x)}, {"y", base64url_encode(y)}};
  return made;
}

Result<PublicKey> PublicKey::ed25519(std::string_view x) {
  if (x.size() != kCoordinate) return invalid("an Ed25519 key is not 32 bytes long");
  PublicKey made;
  made.type_ = KeyType::ed25519;
  made.key_ = shared(EVP_PKEY_new_raw_public_key_ex(nullptr, "ED25519", nullptr, octets(x), x.size()));
  if (made.key_ == nullptr) return invalid("an Ed25519 key is not valid");
  made.members_ = {{"crv", "Ed25519"}, {"kty", "OKP"}, {"x", base64url_encode(x)}};
  return made;
}

Result<PublicKey> PublicKey::of(std::shared_ptr<EVP_PKEY> key) {
  if (EVP_PKEY_is_a(key.get(), "RSA") == 1) {
    const auto n = number_of(key.get(), OSSL_PKEY_PARAM_RSA_N);
    const auto e = number_of(key.get(), OSSL_PKEY_PARAM_RSA_E);
    if (n && e) return rsa(*n, *e);
  } else if (EVP_PKEY_is_a(key.get(), "EC") == 1) {
    if (!is_p256(key.get())) return invalid("the key is on another curve than P-256");
    const auto x = number_of(key.get(), OSSL_PKEY_PARAM_EC_PUB_X);
    const auto y = number_of(key.get(), OSSL_PKEY_PARAM_EC_PUB_Y);
    if (x && y) return p256(padded(*x), padded(*y));
  } else if (EVP_PKEY_is_a(key.get(), "ED25519") == 1) {
    std::string x(kCoordinate, '\0');
    std::size_t length = x.size();
    if (EVP_PKEY_get_raw_public_key(key.get(), reinterpret_cast<unsigned char*>(x.data()), &length) == 1) {
      return ed25519(x);
    }
  }
  return invalid("the key is neither RSA, P-256 nor Ed25519");
}

// RFC 7638 section 3: the required members alone, in lexicographic order, without white space. None of their values
// holds a character that JSON escapes.
std::string PublicKey::thumbprint() const {
  std::string text = "{";
  for (const auto& [name, value] : members_) {
    text += (text.size() > 1 ? ",\"" : "\"") + name + "\":\"" + value + '"';
  }
  return base64url_encode(sha256_string(text + "}"));
}

PrivateKey PrivateKey::generate(KeyType type) {
  EVP_PKEY* made = nullptr;
  switch (type) {
    case KeyType::rsa: made = EVP_RSA_gen(kGeneratedRsaBits); break;
    case KeyType::p256: made = EVP_EC_gen(SN_X9_62_prime256v1); break;
    case KeyType::ed25519: made = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"); break;
  }
  require(made != nullptr, "making a key");
  auto key = shared(made);
  return PrivateKey(key, PublicKey::of(key).value());
}

Result<PrivateKey> PrivateKey::from_pem(const Secret& pem) {
  if (pem.reveal().size() > kLongestPem) return invalid("the PEM text is too long for a key");
  const Buffer text(BIO_new_mem_buf(octets(pem.reveal()), static_cast<int>(pem.reveal().size())));
  require(text != nullptr, "BIO_new_mem_buf");
  // Without a callback OpenSSL would ask at the terminal.
  const auto no_passphrase = [](char*, int, int, void*) { return -1; };
  EVP_PKEY* read = PEM_read_bio_PrivateKey(text.get(), nullptr, no_passphrase, nullptr);
  if (read == nullptr) return invalid("the text is no private key in PEM, or one with a passphrase");
  auto key = shared(read);
  auto public_key = PublicKey::of(key);
  if (!public_key) return public_key.error();
  return PrivateKey(std::move(key), *std::move(public_key));
}

Secret PrivateKey::to_pem() const {
  const Buffer text(BIO_new(BIO_s_secmem()));
  require(text != nullptr &&
              PEM_write_bio_PKCS8PrivateKey(text.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1,
          "PKCS#8");
  char* data = nullptr;
  const long length = BIO_get_mem_data(text.get(), &data);
  require(length > 0, "PKCS#8");
  return Secret(std::string(data, static_cast<std::size_t>(length)));
}

}  // namespace postern::crypto

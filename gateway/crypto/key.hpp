#pragma once

#include <openssl/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"

namespace postern::crypto {

enum class KeyType : std::uint8_t { rsa, p256, ed25519 };

inline constexpr std::size_t kSmallestRsaBits = 2048;
inline constexpr std::size_t kLargestRsaBits = 8192;

// A public key whose parameters were checked: an RSA modulus of 2048 to 8192 bits with an odd exponent from 3 to 32
// bits, a point on the curve. Immutable, cheap to copy, thread-safe.
class PublicKey {
 public:
  // Big-endian bytes as JWK holds them, without leading zeros (RFC 7518 section 6.3.1). invalid: a sentence.
  static Result<PublicKey> rsa(std::string_view modulus, std::string_view exponent);
  // 32 bytes each (RFC 7518 section 6.2.1).
  static Result<PublicKey> p256(std::string_view x, std::string_view y);
  // 32 bytes (RFC 8037 section 2).
  static Result<PublicKey> ed25519(std::string_view x);

  KeyType type() const noexcept { return type_; }
  // The members that JWK requires of this kind of key, by name in lexicographic order, values as JSON strings.
  const std::vector<std::pair<std::string, std::string>>& members() const noexcept { return members_; }
  // RFC 7638 with SHA-256, base64url: 43 characters.
  std::string thumbprint() const;
  // For this module: valid as long as the key.
  EVP_PKEY* handle() const noexcept { return key_.get(); }

  friend bool operator==(const PublicKey& a, const PublicKey& b) { return a.members_ == b.members_; }

 private:
  friend class PrivateKey;
  PublicKey() = default;
  // From a key OpenSSL holds already, public or private.
  static Result<PublicKey> of(std::shared_ptr<EVP_PKEY> key);

  KeyType type_ = KeyType::p256;
  std::shared_ptr<EVP_PKEY> key_;
  std::vector<std::pair<std::string, std::string>> members_;
};

// A key that signs. Immutable, cheap to copy, thread-safe.
class PrivateKey {
 public:
  static constexpr unsigned kGeneratedRsaBits = 3072;

  static PrivateKey generate(KeyType type);
  // PKCS#8 or the older forms, without a passphrase. invalid: no such key, or one PublicKey would refuse.
  static Result<PrivateKey> from_pem(const Secret& pem);
  Secret to_pem() const;  // PKCS#8 (RFC 5958), not encrypted: seal it before it is stored

  const PublicKey& public_key() const noexcept { return public_; }
  KeyType type() const noexcept { return public_.type(); }
  EVP_PKEY* handle() const noexcept { return key_.get(); }

 private:
  PrivateKey(std::shared_ptr<EVP_PKEY> key, PublicKey public_key)
      : key_(std::move(key)), public_(std::move(public_key)) {}

  std::shared_ptr<EVP_PKEY> key_;
  PublicKey public_;
};

}  // namespace postern::crypto

#include "crypto/aead.hpp"

#include <openssl/evp.h>

#include <climits>
#include <stdexcept>
#include <utility>

#include "crypto/openssl.hpp"
#include "crypto/random.hpp"

namespace postern::crypto {
namespace {

constexpr std::size_t kKeySize = 32;
constexpr std::size_t kNonceSize = 12;
constexpr std::size_t kTagSize = 16;
constexpr std::size_t kLargest = INT_MAX / 2;

using Context = Owned<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free>;

const EVP_CIPHER* fetched_gcm() {
  static const EVP_CIPHER* const algorithm =
      require_fetched(EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr), "AES-256-GCM");
  return algorithm;
}

unsigned char* octets_of(std::string& bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }

}  // namespace

Aead::Aead(std::string key) : key_(std::move(key)) {
  if (key_.reveal().size() != kKeySize) throw std::invalid_argument("an AES-256 key has 32 bytes");
}

std::string Aead::seal(std::string_view plain, std::string_view context) const {
  if (plain.size() > kLargest || context.size() > kLargest) throw std::length_error("too long to be sealed");
  const Context cipher(EVP_CIPHER_CTX_new());
  require(cipher != nullptr, "AES-256-GCM");

  std::string out = random_bytes(kNonceSize);
  out.resize(kNonceSize + plain.size() + kTagSize);
  unsigned char* const body = octets_of(out) + kNonceSize;
  int length = 0;
  require(
      EVP_EncryptInit_ex2(cipher.get(), fetched_gcm(), octets(key_.reveal()), octets_of(out), nullptr) == 1 &&
          EVP_EncryptUpdate(cipher.get(), nullptr, &length, octets(context), static_cast<int>(context.size())) == 1 &&
          EVP_EncryptUpdate(cipher.get(), body, &length, octets(plain), static_cast<int>(plain.size())) == 1 &&
          EVP_EncryptFinal_ex(cipher.get(), body + plain.size(), &length) == 1 &&
          EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_GET_TAG, kTagSize, body + plain.size()) == 1,
      "AES-256-GCM");
  return out;
}

std::optional<std::string> Aead::open(std::string_view sealed, std::string_view context) const {
  if (sealed.size() < kNonceSize + kTagSize || sealed.size() > kLargest || context.size() > kLargest) {
    return std::nullopt;
  }
  const Context cipher(EVP_CIPHER_CTX_new());
  require(cipher != nullptr, "AES-256-GCM");

  const std::string_view body = sealed.substr(kNonceSize, sealed.size() - kNonceSize - kTagSize);
  std::string tag(sealed.substr(sealed.size() - kTagSize));
  std::string plain(body.size(), '\0');
  int length = 0;
  require(
      EVP_DecryptInit_ex2(cipher.get(), fetched_gcm(), octets(key_.reveal()), octets(sealed), nullptr) == 1 &&
          EVP_DecryptUpdate(cipher.get(), nullptr, &length, octets(context), static_cast<int>(context.size())) == 1 &&
          EVP_DecryptUpdate(cipher.get(), octets_of(plain), &length, octets(body), static_cast<int>(body.size())) ==
              1 &&
          EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_SET_TAG, kTagSize, tag.data()) == 1,
      "AES-256-GCM");
  // Only now is it known whether these bytes are ours.
  if (EVP_DecryptFinal_ex(cipher.get(), octets_of(plain) + plain.size(), &length) != 1) return std::nullopt;
  return plain;
}

}  // namespace postern::crypto

#include "crypto/password.hpp"

#include <argon2.h>

#include <new>
#include <stdexcept>

#include "crypto/random.hpp"

namespace postern::crypto {
namespace {

constexpr std::size_t kSaltSize = 16;
constexpr std::uint32_t kHashSize = 32;
// Without the characters that are mistaken for each other: 56 of them, 5.8 bits each.
constexpr std::string_view kReadable = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";

void require_done(int code) {
  if (code == ARGON2_MEMORY_ALLOCATION_ERROR) throw std::bad_alloc();
  if (code != ARGON2_OK) throw std::invalid_argument(std::string("argon2: ") + argon2_error_message(code));
}

}  // namespace

std::string hash_password(const Secret& password, const PasswordCost& cost) {
  const std::string salt = random_bytes(kSaltSize);
  // The length counts the closing zero byte.
  std::string encoded(argon2_encodedlen(cost.passes, cost.memory_kib, cost.lanes, kSaltSize, kHashSize, Argon2_id),
                      '\0');
  require_done(argon2id_hash_encoded(cost.passes, cost.memory_kib, cost.lanes, password.reveal().data(),
                                     password.reveal().size(), salt.data(), salt.size(), kHashSize, encoded.data(),
                                     encoded.size()));
  encoded.resize(encoded.find('\0'));
  return encoded;
}

bool verify_password(const Secret& password, std::string_view encoded) {
  const std::string terminated(encoded);
  const int code = argon2id_verify(terminated.c_str(), password.reveal().data(), password.reveal().size());
  // Out of memory is no statement about the password.
  if (code == ARGON2_MEMORY_ALLOCATION_ERROR) throw std::bad_alloc();
  return code == ARGON2_OK;
}

void verify_nothing(const Secret& password, const PasswordCost& cost) {
  const std::string salt(kSaltSize, '\0');
  std::string hash(kHashSize, '\0');
  require_done(argon2id_hash_raw(cost.passes, cost.memory_kib, cost.lanes, password.reveal().data(),
                                 password.reveal().size(), salt.data(), salt.size(), hash.data(), hash.size()));
}

std::string generate_password() {
  constexpr std::size_t length = 20;
  // Bytes at and above the last multiple of 56 are thrown away, or some characters would come more often.
  constexpr std::size_t fair = 256 / kReadable.size() * kReadable.size();
  std::string out;
  while (out.size() < length) {
    for (const char c : random_bytes(length)) {
      const auto value = static_cast<unsigned char>(c);
      if (value < fair && out.size() < length) out += kReadable[value % kReadable.size()];
    }
  }
  return out;
}

}  // namespace postern::crypto

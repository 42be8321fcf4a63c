#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/secret.hpp"

namespace postern::crypto {

// OWASP's argon2id figures: 19 MiB, 2 passes, 1 lane. Tests use cheaper ones.
struct PasswordCost {
  std::uint32_t memory_kib = 19 * 1024;
  std::uint32_t passes = 2;
  std::uint32_t lanes = 1;
};

// PHC string "$argon2id$v=19$…". About 20 ms of one core and 19 MiB: never on an I/O thread.
std::string hash_password(const Secret& password, const PasswordCost& cost = {});
bool verify_password(const Secret& password, std::string_view encoded);
// Costs as much as verify_password: for names that do not exist, so that answering time tells nothing.
void verify_nothing(const Secret& password, const PasswordCost& cost = {});
// 20 characters from a readable alphabet, over 100 bits.
std::string generate_password();

}  // namespace postern::crypto

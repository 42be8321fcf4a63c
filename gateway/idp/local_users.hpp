#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "crypto/password.hpp"
#include "store/store.hpp"

namespace postern::idp {

enum class SignInOutcome : std::uint8_t {
  ok,
  wrong,    // unknown name, wrong password or disabled user: one answer, equally slow
  limited,  // too many failures for this account and address, or this address
};

struct SignIn {
  SignInOutcome outcome = SignInOutcome::wrong;
  store::User user;        // of `ok`
  Duration retry_after{};  // of `limited`: after that time a try is taken again
};

// How much guessing is borne. What is counted is stored, so it survives restarts and holds for all replicas.
struct GuessLimits {
  int pair = 5;      // failures of one account from one address in `window`
  int address = 50;  // failures of one address in `window`
  Duration window = std::chrono::minutes(15);
  int account = 100;                                // failures of one account from everywhere in `account_window`;
  Duration account_window = std::chrono::hours(1);  // past them one try is taken in every `account_pause`
  Duration account_pause = std::chrono::seconds(10);
};

// Users of the store, by name and password (argon2id). Guessing is limited per account and address and per address; an
// account alone is never locked out by strangers elsewhere, but is slowed. Names are compared exactly. Blocks for the
// hash: runs on the password pool. Thread-safe.
class LocalUsers {
 public:
  static constexpr std::size_t kLongestName = 256;       // bytes; longer ones are wrong
  static constexpr std::size_t kLongestPassword = 1024;  // bytes; longer ones are wrong

  LocalUsers(store::UserStore& users, const Clock& clock, crypto::PasswordCost cost = {}, GuessLimits limits = {});

  // `address` is the client's, without port; of IPv6 only the /64 counts, which is what one client gets.
  Result<SignIn> sign_in(std::string_view name, const Secret& password, std::string_view address) const;

 private:
  store::UserStore& users_;
  const Clock& clock_;
  crypto::PasswordCost cost_;
  GuessLimits limits_;
};

}  // namespace postern::idp

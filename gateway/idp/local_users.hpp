#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "idp/device.hpp"
#include "idp/guesses.hpp"
#include "idp/password_check.hpp"
#include "store/store.hpp"

namespace postern::idp {

// What somebody typed, and where.
struct SignInTry {
  std::string_view name;
  Secret password;
  std::string_view address;            // the client's, without port; see network_of()
  const std::vector<Device>& devices;  // what the browser shows, for whichever accounts
};

enum class SignInOutcome : std::uint8_t {
  ok,
  wrong,    // unknown name, wrong password or disabled user: one answer, equally slow
  limited,  // too many failures for this account and network, or this network
  paused,   // strangers fail at this account too often; where it was signed in to before it still can be
  busy,     // too many wait for their passwords to be checked
  pending,  // the password is to be checked first (PasswordCheck)
};

struct SignIn {
  SignInOutcome outcome = SignInOutcome::wrong;
  store::User user{};      // of `ok`
  Duration retry_after{};  // of `limited`, `paused` and `busy`: after that time a try is taken again
};

// Users of the store, by name and password (argon2id). Guessing is limited per account and network and per network. An
// account that strangers guess at from many networks is slowed for strangers alone: browsers and networks that have
// signed in to it before have limits of their own. Names are compared exactly. Blocks on the store. Thread-safe.
class LocalUsers {
 public:
  static constexpr std::size_t kLongestName = 256;  // bytes; longer ones are wrong

  LocalUsers(store::UserStore& users, const Clock& clock, GuessLimits limits = {})
      : users_(users), clock_(clock), limits_(limits) {}

  // Changes nothing while the outcome is `pending`, `busy`, or a refusal before the password was looked at.
  Result<SignIn> sign_in(const SignInTry& attempt, PasswordCheck& check) const;

 private:
  Result<SignIn> judge(const Guesses& guesses, store::User user, bool right) const;

  store::UserStore& users_;
  const Clock& clock_;
  GuessLimits limits_;
};

}  // namespace postern::idp

#include "idp/local_users.hpp"

#include <optional>
#include <vector>

#include "base/encoding.hpp"
#include "base/network.hpp"
#include "crypto/hash.hpp"

namespace postern::idp {
namespace {

// Only hashes of names are stored: people type passwords into the wrong field.
std::string key_of(std::string_view kind, std::string_view value) {
  return std::string(kind) + ":" + base64url_encode(crypto::sha256_string(value));
}

struct GuessKeys {
  GuessKeys(std::string_view name, std::string_view address_text) {
    const std::string network = network_of(address_text);
    pair = key_of("sign-in-pair", network + "\n" + std::string(name));
    address = key_of("sign-in-address", network);
    account = key_of("sign-in-account", name);
    pause = key_of("sign-in-pause", name);
  }

  std::string pair;
  std::string address;
  std::string account;
  std::string pause;
};

// How long tries are refused; zero when this one may be made.
Result<Duration> refused_for(store::UserStore& users, const GuessKeys& keys, const GuessLimits& limits, Time now) {
  const auto pair = users.failures({keys.pair}, now, limits.window);
  if (!pair) return pair.error();
  const auto address = users.failures({keys.address}, now, limits.window);
  if (!address) return address.error();
  if (*pair >= limits.pair || *address >= limits.address) return limits.window;

  const auto account = users.failures({keys.account}, now, limits.account_window);
  if (!account) return account.error();
  if (*account < limits.account) return Duration::zero();
  const auto pause = users.failures({keys.pause}, now, limits.account_pause);
  if (!pause) return pause.error();
  return *pause > 0 ? limits.account_pause : Duration::zero();
}

bool matches(const std::optional<store::User>& user, const Secret& password, const crypto::PasswordCost& cost) {
  if (password.reveal().size() > LocalUsers::kLongestPassword) {
    crypto::verify_nothing(Secret(), cost);
    return false;
  }
  if (!user || user->password_hash.empty()) {
    crypto::verify_nothing(password, cost);
    return false;
  }
  return crypto::verify_password(password, user->password_hash) && !user->disabled;
}

}  // namespace

LocalUsers::LocalUsers(store::UserStore& users, const Clock& clock, crypto::PasswordCost cost, GuessLimits limits)
    : users_(users), clock_(clock), cost_(cost), limits_(limits) {}

Result<SignIn> LocalUsers::sign_in(std::string_view name, const Secret& password, std::string_view address) const {
  const Time now = clock_.now();
  const GuessKeys keys(name, address);
  const auto refused = refused_for(users_, keys, limits_, now);
  if (!refused) return refused.error();
  if (*refused > Duration::zero()) return SignIn{SignInOutcome::limited, {}, *refused};

  // Counted before the password is looked at, or tries made at the same time would all pass the check above.
  const auto tried = users_.count_failure({keys.pair}, now, limits_.window);
  if (!tried) return tried.error();
  if (*tried > limits_.pair) return SignIn{SignInOutcome::limited, {}, limits_.window};

  std::optional<store::User> user;
  if (!name.empty() && name.size() <= kLongestName) {
    auto found = users_.find("local:" + std::string(name));
    if (!found) return found.error();
    user = std::move(*found);
  }
  if (matches(user, password, cost_)) {
    if (const auto cleared = users_.clear_failures({keys.pair}); !cleared) return cleared.error();
    return SignIn{SignInOutcome::ok, std::move(*user), {}};
  }

  if (const auto counted = users_.count_failure({keys.address}, now, limits_.window); !counted) return counted.error();
  const auto counted = users_.count_failure({keys.account, keys.pause}, now, limits_.account_window);
  if (!counted) return counted.error();
  return SignIn{};
}

}  // namespace postern::idp

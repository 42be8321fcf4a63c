#include "idp/local_users.hpp"

#include <optional>
#include <utility>

namespace postern::idp {
namespace {

constexpr Duration kBusyFor = std::chrono::seconds(5);

SignIn refused(const GuessRefusal& refusal) {
  return {refusal.of_account ? SignInOutcome::paused : SignInOutcome::limited, {}, refusal.retry_after};
}

// The user of that name; otherwise one with only the key that the name would have, whom no password fits.
Result<store::User> find_user(store::UserStore& users, std::string_view name) {
  store::User nobody;
  nobody.key = "local:" + std::string(name);
  if (name.empty() || name.size() > LocalUsers::kLongestName) return nobody;
  auto found = users.find(nobody.key);
  if (!found) return found.error();
  return *found ? std::move(**found) : std::move(nobody);
}

std::string familiar_name(const Guesses& guesses) {
  return guesses.standing() == Standing::stranger ? std::string() : guesses.own_key();
}

}  // namespace

Result<SignIn> LocalUsers::sign_in(const SignInTry& attempt, PasswordCheck& check) const {
  auto user = find_user(users_, attempt.name);
  if (!user) return user.error();
  const auto guesses = Guesses::find(users_, limits_, *user, attempt.address, attempt.devices, clock_.now());
  if (!guesses) return guesses.error();
  const auto before = guesses->refused();
  if (!before) return before.error();
  if (*before) return refused(**before);
  switch (check.ask({attempt.password, user->password_hash, familiar_name(*guesses)})) {
    case PasswordAnswer::pending: return SignIn{SignInOutcome::pending};
    case PasswordAnswer::busy: return SignIn{SignInOutcome::busy, {}, kBusyFor};
    case PasswordAnswer::right: return judge(*guesses, std::move(*user), true);
    case PasswordAnswer::wrong: break;
  }
  return judge(*guesses, std::move(*user), false);
}

Result<SignIn> LocalUsers::judge(const Guesses& guesses, store::User user, bool right) const {
  const auto taken = guesses.take();
  if (!taken) return taken.error();
  if (*taken) return refused(**taken);
  if (!right || user.disabled) {
    if (const auto counted = guesses.failed(); !counted) return counted.error();
    return SignIn{};
  }
  if (const auto done = guesses.succeeded(); !done) return done.error();
  return SignIn{SignInOutcome::ok, std::move(user), {}};
}

}  // namespace postern::idp

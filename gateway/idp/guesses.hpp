#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "idp/device.hpp"
#include "store/store.hpp"

namespace postern::idp {

// How much guessing is borne. What is counted is stored, so it survives restarts and holds for all replicas.
struct GuessLimits {
  int pair = 5;      // failures of one account from one network, or from one known browser, in `window`
  int address = 50;  // failures of one network in `window`
  Duration window = std::chrono::minutes(15);
  // Failures of one account by strangers in `account_window`; past them they get one try in every `account_pause`.
  int account = 100;
  Duration account_window = std::chrono::hours(1);
  Duration account_pause = std::chrono::seconds(10);
};

// Who tries, towards the account that is named. What strangers do costs only strangers their tries.
enum class Standing : std::uint8_t {
  stranger,
  known_network,  // the account was signed in to from it
  known_browser,  // it shows that it signed in to the account, whatever its network
};

// Tries are refused for that long.
struct GuessRefusal {
  Duration retry_after{};
  bool of_account = false;  // only for strangers
};
using Refused = Result<std::optional<GuessRefusal>>;

// The limits on guessing, towards one account from one place. Counts by the name that was typed, so that names
// without an account are limited in the same way. Blocks on the store.
class Guesses {
 public:
  // `user` has at least the key that the name would have. Reads alone.
  static Result<Guesses> find(store::UserStore& users, const GuessLimits& limits, const store::User& user,
                              std::string_view address, const std::vector<Device>& devices, Time now);

  Standing standing() const noexcept { return standing_; }
  // What the tries of this browser, or of this account and network, are counted by.
  const std::string& own_key() const noexcept { return own_; }

  // Before the password is looked at. Reads alone.
  Refused refused() const;
  // Counts this try before its outcome is known, or tries at the same time would all pass refused().
  Refused take() const;
  Result<void> failed() const;
  // Forgets the failures that were counted by own_key(), and knows the network from now on.
  Result<void> succeeded() const;

 private:
  Guesses(store::UserStore& users, const GuessLimits& limits, std::string user, std::string_view address, Time now);

  store::UserStore& users_;
  const GuessLimits& limits_;
  Time now_;
  std::string user_;
  std::string known_network_;  // the network and the user, as the store knows it
  Standing standing_ = Standing::stranger;
  std::string own_;
  std::string address_;
  std::string account_;
  std::string pause_;
};

}  // namespace postern::idp

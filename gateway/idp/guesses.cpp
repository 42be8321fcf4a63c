#include "idp/guesses.hpp"

#include <utility>

#include "base/encoding.hpp"
#include "base/network.hpp"
#include "crypto/hash.hpp"

namespace postern::idp {
namespace {

// Only hashes of names are stored: people type passwords into the wrong field.
std::string key_of(std::string_view kind, std::string_view value) {
  return std::string(kind) + ":" + base64url_encode(crypto::sha256_string(value));
}

}  // namespace

Guesses::Guesses(store::UserStore& users, const GuessLimits& limits, std::string user, std::string_view address,
                 Time now)
    : users_(users), limits_(limits), now_(now), user_(std::move(user)) {
  const std::string network = network_of(address);
  known_network_ = crypto::sha256_string(network + "\n" + user_);
  own_ = key_of("sign-in-pair", network + "\n" + user_);
  address_ = key_of("sign-in-address", network);
  account_ = key_of("sign-in-account", user_);
  pause_ = key_of("sign-in-pause", user_);
}

Result<Guesses> Guesses::find(store::UserStore& users, const GuessLimits& limits, const store::User& user,
                              std::string_view address, const std::vector<Device>& devices, Time now) {
  Guesses found(users, limits, user.key, address, now);
  const auto known = users.knows_network(user.key, found.known_network_, now);
  if (!known) return known.error();
  if (*known) found.standing_ = Standing::known_network;
  const auto* device = find_device(devices, user, now);
  if (device == nullptr) return found;
  std::string key = key_of("sign-in-device", device->id);
  const auto failures = users.failures({key}, now, limits.window);
  if (!failures) return failures.error();
  // Somebody with a copy of the cookie may have used up its tries. Its owner can still sign in as a stranger.
  if (*failures >= limits.pair) return found;
  found.standing_ = Standing::known_browser;
  found.own_ = std::move(key);
  return found;
}

Refused Guesses::refused() const {
  const auto own = users_.failures({own_}, now_, limits_.window);
  if (!own) return own.error();
  if (*own >= limits_.pair) return GuessRefusal{limits_.window};
  if (standing_ == Standing::known_browser) return std::nullopt;
  const auto address = users_.failures({address_}, now_, limits_.window);
  if (!address) return address.error();
  if (*address >= limits_.address) return GuessRefusal{limits_.window};
  if (standing_ == Standing::known_network) return std::nullopt;
  const auto account = users_.failures({account_}, now_, limits_.account_window);
  if (!account) return account.error();
  if (*account < limits_.account) return std::nullopt;
  const auto pause = users_.failures({pause_}, now_, limits_.account_pause);
  if (!pause) return pause.error();
  if (*pause > 0) return GuessRefusal{limits_.account_pause, true};
  return std::nullopt;
}

Refused Guesses::take() const {
  const auto own = users_.count_failure({own_}, now_, limits_.window);
  if (!own) return own.error();
  if (*own > limits_.pair) return GuessRefusal{limits_.window};
  if (standing_ != Standing::stranger) return std::nullopt;
  const auto account = users_.failures({account_}, now_, limits_.account_window);
  if (!account) return account.error();
  if (*account < limits_.account) return std::nullopt;
  const auto pause = users_.count_failure({pause_}, now_, limits_.account_pause);
  if (!pause) return pause.error();
  if (*pause > 1) return GuessRefusal{limits_.account_pause, true};
  return std::nullopt;
}

Result<void> Guesses::failed() const {
  if (standing_ == Standing::known_browser) return {};
  if (const auto counted = users_.count_failure({address_}, now_, limits_.window); !counted) return counted.error();
  if (standing_ == Standing::known_network) return {};
  const auto counted = users_.count_failure({account_, pause_}, now_, limits_.account_window);
  if (!counted) return counted.error();
  return {};
}

Result<void> Guesses::succeeded() const {
  if (auto cleared = users_.clear_failures({own_}); !cleared) return cleared;
  return users_.remember_network(user_, known_network_, now_);
}

}  // namespace postern::idp

#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "crypto/aead.hpp"
#include "crypto/jwk.hpp"
#include "store/store.hpp"

namespace postern::token {

enum class KeyState : std::uint8_t { pending, active, retiring, gone };
std::string_view to_string(KeyState state) noexcept;

// How far the clocks of two processes, or of us and whoever checks our tokens, may differ.
inline constexpr Duration kClockSkew = std::chrono::minutes(1);
// How long others may keep the published keys, and how long a new key is published before it signs: whoever fetched the
// set just before has fetched it again by then.
inline constexpr Duration kKeysCachedFor = std::chrono::minutes(5);
inline constexpr Duration kPendingFor = std::chrono::minutes(10);

// The state of each of an issuer's keys, which are in the order of their active_at. Of several whose time has come the
// last is active; when none's has, the first is, since a server has to sign with something. Pure.
std::vector<KeyState> states_of(const std::vector<store::SigningKey>& keys, Time now);

// A key that signs, ready for use.
struct Signer {
  std::string kid;
  crypto::PrivateKey key;
  crypto::JwsAlgorithm algorithm;
};

// The signing keys of the authorization servers, as the store has them. Calls but forget() block on the store when
// nothing is held. Errors: unavailable and busy as the store says; internal: a key cannot be opened. Thread-safe.
class SigningKeys {
 public:
  // `store` and `clock` must outlive this. `master_key` is the store's.
  SigningKeys(store::KeyStore& store, std::string_view master_key, const Clock& clock);

  // At start, for each server that signs: makes its first key, and sees that no key goes before tokens that live
  // `token_life`. internal, with a sentence that says what to do, when a key cannot be opened.
  Result<void> prepare(const std::string& issuer, std::string_view algorithm, Duration token_life);

  // A new key that signs from `pending` on. conflict: one is pending already.
  Result<store::SigningKey> rotate(const std::string& issuer, std::string_view algorithm, Duration token_life,
                                   Duration pending);
  // A new key that signs at once, after which no token of any other is good.
  Result<store::SigningKey> replace(const std::string& issuer, std::string_view algorithm, Duration token_life);

  // not_found: there is none (prepare() makes it).
  Result<Signer> active(std::string_view issuer);
  // What is published and what verifies: every key that is not gone.
  Result<std::vector<crypto::Jwk>> published(std::string_view issuer);
  // The same, for a token with that kid: where it is unknown the store is asked again, once a second at most, since
  // another process may have made it just now.
  Result<std::vector<crypto::Jwk>> published_with(std::string_view issuer, std::string_view kid);

  // What is held may be stale. Never blocks.
  void forget();
  void forget(std::string_view issuer);  // of that one alone

 private:
  struct Held {
    store::SigningKey record;
    crypto::PrivateKey key;
    crypto::JwsAlgorithm algorithm;
  };
  using Keys = std::shared_ptr<const std::vector<Held>>;

  store::SigningKey make(const std::string& issuer, std::string_view algorithm, Duration token_life,
                         Duration pending) const;
  Result<Held> open(const store::SigningKey& record) const;
  Result<Keys> load(std::string_view issuer);
  Result<Keys> keys_of(std::string_view issuer);
  std::vector<crypto::Jwk> publish(const std::vector<Held>& keys) const;
  bool may_ask_again();

  store::KeyStore& store_;
  const crypto::Aead seal_;
  const Clock& clock_;
  std::mutex mutex_;  // never held while the store is asked
  std::map<std::string, Keys, std::less<>> held_;
  std::uint64_t generation_ = 0;  // raised by forget()
  Time asked_again_{};
};

}  // namespace postern::token

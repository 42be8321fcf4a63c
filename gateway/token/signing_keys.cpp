#include "token/signing_keys.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "crypto/hash.hpp"

namespace postern::token {
namespace {

constexpr std::string_view kPurpose = "signing keys";
constexpr Duration kAskAgainEvery = std::chrono::seconds(1);

// A sealed key opens for the issuer it was made for and under its own name only.
std::string seal_context(const store::SigningKey& key) { return "signing key " + key.id + " of " + key.issuer; }

crypto::KeyType type_for(crypto::JwsAlgorithm algorithm) {
  switch (algorithm) {
    case crypto::JwsAlgorithm::rs256:
    case crypto::JwsAlgorithm::ps256: return crypto::KeyType::rsa;
    case crypto::JwsAlgorithm::eddsa: return crypto::KeyType::ed25519;
    case crypto::JwsAlgorithm::es256: break;
  }
  return crypto::KeyType::p256;
}

std::vector<store::SigningKey> records_of(const auto& held) {
  std::vector<store::SigningKey> records;
  for (const auto& each : held) records.push_back(each.record);
  return records;
}

}  // namespace

std::string_view to_string(KeyState state) noexcept {
  switch (state) {
    case KeyState::pending: return "pending";
    case KeyState::active: return "active";
    case KeyState::retiring: return "retiring";
    case KeyState::gone: return "gone";
  }
  return "unknown";
}

std::vector<KeyState> states_of(const std::vector<store::SigningKey>& keys, Time now) {
  std::size_t active = 0;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i].active_at <= now) active = i;
  }
  std::vector<KeyState> states;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (i >= active) {
      states.push_back(i == active ? KeyState::active : KeyState::pending);
      continue;
    }
    // It signed until the next one's time; the last of its tokens then had a whole life before it.
    const Time last = std::max(keys[i + 1].active_at + keys[i].token_life, keys[i].tokens_until);
    states.push_back(now < last + kClockSkew ? KeyState::retiring : KeyState::gone);
  }
  return states;
}

SigningKeys::SigningKeys(store::KeyStore& store, std::string_view master_key, const Clock& clock)
    : store_(store), seal_(crypto::hkdf_sha256(master_key, "", kPurpose)), clock_(clock) {}

store::SigningKey SigningKeys::make(const std::string& issuer, std::string_view algorithm, Duration token_life,
                                    Duration pending) const {
  const auto chosen = crypto::jws_algorithm(algorithm).value_or(crypto::JwsAlgorithm::es256);
  const auto key = crypto::PrivateKey::generate(type_for(chosen));
  store::SigningKey record;
  record.id = key.public_key().thumbprint();
  record.issuer = issuer;
  record.algorithm = crypto::to_string(chosen);
  record.sealed = seal_.seal(key.to_pem().reveal(), seal_context(record));
  record.created_at = clock_.now();
  record.active_at = record.created_at + pending;
  record.token_life = token_life;
  return record;
}

Result<SigningKeys::Held> SigningKeys::open(const store::SigningKey& record) const {
  const auto algorithm = crypto::jws_algorithm(record.algorithm);
  auto pem = seal_.open(record.sealed, seal_context(record));
  if (algorithm && pem) {
    auto key = crypto::PrivateKey::from_pem(Secret(*std::move(pem)));
    if (key && crypto::fits(*algorithm, key->type())) return Held{record, *std::move(key), *algorithm};
  }
  return fail(Errc::internal, "the signing keys of " + record.issuer +
                                  " cannot be opened: the store's key file is not the one they were made with; restore "
                                  "it, or make a new key with `postern keys rotate --now`, which ends all tokens");
}

Result<SigningKeys::Keys> SigningKeys::load(std::string_view issuer) {
  std::uint64_t generation = 0;
  {
    const std::lock_guard lock(mutex_);
    generation = generation_;
  }
  const auto records = store_.list(issuer);
  if (!records) return records.error();
  const auto states = states_of(*records, clock_.now());
  auto opened = std::make_shared<std::vector<Held>>();
  for (std::size_t i = 0; i < records->size(); ++i) {
    if (states[i] == KeyState::gone) continue;
    auto held = open((*records)[i]);
    if (!held) return held.error();
    opened->push_back(*std::move(held));
  }
  const std::lock_guard lock(mutex_);
  // What was read before a change is good for this call alone.
  if (generation == generation_) held_.insert_or_assign(std::string(issuer), opened);
  return Keys(std::move(opened));
}

Result<SigningKeys::Keys> SigningKeys::keys_of(std::string_view issuer) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = held_.find(issuer); found != held_.end()) return found->second;
  }
  return load(issuer);
}

Result<void> SigningKeys::prepare(const std::string& issuer, std::string_view algorithm, Duration token_life) {
  auto keys = load(issuer);
  if (!keys) return keys.error();
  if ((*keys)->empty()) {
    // Of two processes that start together one makes it.
    const auto added = store_.add_first(make(issuer, algorithm, token_life, Duration::zero()));
    if (!added && added.error().code != Errc::conflict) return added.error();
    forget();
  }
  if (const auto raised = store_.raise_token_life(issuer, token_life); !raised) return raised.error();
  forget();
  keys = load(issuer);
  if (!keys) return keys.error();
  return {};
}

Result<store::SigningKey> SigningKeys::rotate(const std::string& issuer, std::string_view algorithm,
                                              Duration token_life, Duration pending) {
  auto made = make(issuer, algorithm, token_life, pending);
  if (const auto added = store_.add_next(made, made.created_at); !added) return added.error();
  forget();
  return made;
}

Result<store::SigningKey> SigningKeys::replace(const std::string& issuer, std::string_view algorithm,
                                               Duration token_life) {
  auto made = make(issuer, algorithm, token_life, Duration::zero());
  if (const auto replaced = store_.replace(made); !replaced) return replaced.error();
  forget();
  return made;
}

Result<Signer> SigningKeys::active(std::string_view issuer) {
  const auto keys = keys_of(issuer);
  if (!keys) return keys.error();
  const auto states = states_of(records_of(**keys), clock_.now());
  const auto at = std::ranges::find(states, KeyState::active);
  if (at == states.end()) return fail(Errc::not_found, "the authorization server has no signing key");
  const Held& held = (**keys)[static_cast<std::size_t>(at - states.begin())];
  return Signer{held.record.id, held.key, held.algorithm};
}

std::vector<crypto::Jwk> SigningKeys::publish(const std::vector<Held>& keys) const {
  const auto states = states_of(records_of(keys), clock_.now());
  std::vector<crypto::Jwk> published;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (states[i] == KeyState::gone) continue;
    published.push_back({keys[i].key.public_key(), keys[i].record.id, keys[i].algorithm});
  }
  return published;
}

Result<std::vector<crypto::Jwk>> SigningKeys::published(std::string_view issuer) {
  const auto keys = keys_of(issuer);
  if (!keys) return keys.error();
  return publish(**keys);
}

Result<std::vector<crypto::Jwk>> SigningKeys::published_with(std::string_view issuer, std::string_view kid) {
  auto keys = keys_of(issuer);
  if (!keys) return keys.error();
  const bool known = std::ranges::any_of(**keys, [&](const Held& held) { return held.record.id == kid; });
  if (!known && may_ask_again()) keys = load(issuer);
  if (!keys) return keys.error();
  return publish(**keys);
}

bool SigningKeys::may_ask_again() {
  const Time now = clock_.now();
  const std::lock_guard lock(mutex_);
  // Also when the clock was set back.
  if (now >= asked_again_ && now < asked_again_ + kAskAgainEvery) return false;
  asked_again_ = now;
  return true;
}

void SigningKeys::forget() {
  const std::lock_guard lock(mutex_);
  held_.clear();
  ++generation_;
}

void SigningKeys::forget(std::string_view issuer) {
  const std::lock_guard lock(mutex_);
  if (const auto found = held_.find(issuer); found != held_.end()) held_.erase(found);
  ++generation_;
}

}  // namespace postern::token

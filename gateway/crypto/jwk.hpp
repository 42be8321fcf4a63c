#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/result.hpp"
#include "crypto/key.hpp"

namespace postern::crypto {

// The signatures that are made and accepted (RFC 7518 section 3.1, RFC 8037 section 3.1). Neither `none` nor a MAC is
// among them, so that nothing here can be talked into either.
enum class JwsAlgorithm : std::uint8_t { rs256, ps256, es256, eddsa };
inline constexpr JwsAlgorithm kEveryJwsAlgorithm[] = {JwsAlgorithm::rs256, JwsAlgorithm::ps256, JwsAlgorithm::es256,
                                                      JwsAlgorithm::eddsa};

std::string_view to_string(JwsAlgorithm algorithm) noexcept;                // "RS256"
std::optional<JwsAlgorithm> jws_algorithm(std::string_view name) noexcept;  // by its exact name
bool fits(JwsAlgorithm algorithm, KeyType type) noexcept;                   // a key of that kind makes such
JwsAlgorithm default_algorithm(KeyType type) noexcept;                      // RS256, ES256, EdDSA

// A public key as others publish it (RFC 7517 section 4).
struct Jwk {
  PublicKey key;
  std::string kid{};                        // empty: none
  std::optional<JwsAlgorithm> algorithm{};  // `alg`: it then verifies nothing else
};

// Every size is bounded: a set is somebody else's text.
inline constexpr std::size_t kLargestJwkSet = 128 * 1024;  // bytes
inline constexpr std::size_t kMostJwks = 64;
inline constexpr std::size_t kLongestKid = 256;

// One key that verifies signatures. invalid, with a sentence: not RSA, EC on P-256 or OKP on Ed25519; a parameter that
// is missing, no strict base64url or not valid; `use` other than sig, `key_ops` without verify, an `alg` that does not
// fit; denied: a member of a private key.
Result<Jwk> read_jwk(const nlohmann::json& document);

struct JwkSet {
  std::vector<Jwk> keys{};
  // Why each key that is not there was left out (RFC 7517 section 5: what is not understood is ignored). A set that
  // somebody registers with us should have none.
  std::vector<std::string> skipped{};
};

// {"keys": […]} (RFC 7517 section 5). invalid: not that, or over a bound; denied: a key in it is private, so that its
// owner has to make a new one.
Result<JwkSet> read_jwk_set(const nlohmann::json& document);
// The same from its text, which is read strictly: no name twice.
Result<JwkSet> parse_jwk_set(std::string_view text);

// What is published: the required members, `use`: sig, and `alg` and `kid` where they are given.
nlohmann::ordered_json to_json(const Jwk& key);
nlohmann::ordered_json to_json(const std::vector<Jwk>& keys);  // {"keys": […]}

}  // namespace postern::crypto

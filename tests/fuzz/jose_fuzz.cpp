// Keys and tokens of strangers: every input is taken as a set of keys, as a token, and as a token after a header and
// before a signature that are good. What is accepted must be what is written again.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/encoding.hpp"
#include "crypto/jwk.hpp"
#include "crypto/jws.hpp"
#include "crypto/jwt.hpp"
#include "require.hpp"

namespace {

using namespace postern;
using namespace postern::crypto;

const Jwk& known_key() {
  static const Jwk key = {PrivateKey::generate(KeyType::p256).public_key(), "k"};
  return key;
}

void check_keys(std::string_view input) {
  const auto set = parse_jwk_set(input);
  if (!set) return;
  require(set->keys.size() + set->skipped.size() <= kMostJwks, "a set is bounded");
  const auto again = parse_jwk_set(to_json(set->keys).dump());
  require(again && again->skipped.empty() && again->keys.size() == set->keys.size(), "keys written are read again");
  for (std::size_t i = 0; i < set->keys.size(); ++i) {
    const Jwk& key = set->keys[i];
    require(again->keys[i].key == key.key && again->keys[i].kid == key.kid, "as the same");
    require(key.key.thumbprint().size() == 43, "a key has a thumbprint");
    require(!key.algorithm || fits(*key.algorithm, key.key.type()), "its algorithm fits it");
  }
}

void check_token(std::string_view input) {
  const auto jws = Jws::read(input, kEveryJwsAlgorithm);
  if (!jws) return;
  require(input.size() <= kLongestJws, "a token is bounded");
  require(jws->signer(std::span(&known_key(), 1)) == nullptr, "nobody can forge");
  if (const auto claims = Claims::read(jws->payload())) {
    claims->audiences();
    require(!claims->check_times(from_millis(0), {}) || claims->time("exp")->has_value(), "a token ends");
  }
}

void check_header(std::string_view input) {
  const std::string rest = ".e30." + base64url_encode(std::string(64, 's'));
  check_token(base64url_encode(input) + rest);
  Claims::read(input).has_value();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  check_keys(input);
  check_token(input);
  check_header(input);
  return 0;
}

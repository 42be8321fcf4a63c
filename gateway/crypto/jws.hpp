#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "crypto/jwk.hpp"

namespace postern::crypto {

inline constexpr std::size_t kLongestJws = 16 * 1024;  // bytes; more never is a token

// Three parts of base64url between two dots, the first of which begins as a JSON object: the shape of a compact JWS,
// and of nothing that is opaque here.
bool has_jws_shape(std::string_view value) noexcept;

// A compact JWS (RFC 7515 section 7.1) that was read and not yet believed. Owned; immutable.
class Jws {
 public:
  // invalid, with a sentence: not three parts of strict base64url, over 16 KiB, a header that is no strict JSON object
  // or says `crit` (RFC 7515 section 4.1.11: no extension is understood) or `b64` (RFC 7797), or an `alg` that is not
  // among `allowed`. Whatever the header says of where a key may be found (jku, jwk, x5u, x5c) is not looked at.
  static Result<Jws> read(std::string_view compact, std::span<const JwsAlgorithm> allowed);

  JwsAlgorithm algorithm() const noexcept { return algorithm_; }
  const std::string& kid() const noexcept { return kid_; }  // empty: none
  const std::string& typ() const noexcept { return typ_; }  // empty: none
  // RFC 7515 section 4.1.9: media types compare without case, "application/" may be left out on either side.
  bool has_type(std::string_view type) const noexcept;

  // Those of the keys that may have made it: by `kid` where the header has one, of the kind that the algorithm needs,
  // and with no other `alg` of their own. Points into `keys`. Empty: unknown key.
  std::vector<const Jwk*> candidates(std::span<const Jwk> keys) const;
  // The candidate whose signature it is; nullptr: none. Looks at up to 64 keys.
  const Jwk* signer(std::span<const Jwk> keys) const;

  // Only after signer(), or to find out whose keys to ask.
  const std::string& payload() const noexcept { return payload_; }

 private:
  Jws() = default;

  JwsAlgorithm algorithm_ = JwsAlgorithm::es256;
  std::string kid_;
  std::string typ_;
  std::string signed_;  // the first two parts with their dot
  std::string payload_;
  std::string signature_;
};

// A signature as JWS has it: for ES256 r and s of 32 bytes each (RFC 7518 section 3.4). The algorithm must fit the key:
// anything else is a bug and throws.
std::string sign(const PrivateKey& key, JwsAlgorithm algorithm, std::string_view bytes);
// False also for an algorithm that does not fit the key.
bool verify(const PublicKey& key, JwsAlgorithm algorithm, std::string_view bytes, std::string_view signature);

// The compact JWS with a header of alg, typ and kid; each of the two is left out where it is empty.
std::string sign_jws(const PrivateKey& key, JwsAlgorithm algorithm, std::string_view typ, std::string_view kid,
                     std::string_view payload);

}  // namespace postern::crypto

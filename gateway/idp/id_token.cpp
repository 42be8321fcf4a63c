#include "idp/id_token.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "crypto/hash.hpp"

namespace postern::idp {
namespace {

constexpr Duration kSkew = std::chrono::minutes(1);
constexpr Duration kOldest = std::chrono::minutes(10);  // it was asked for within the life of a sign-in

Error denied(std::string what) { return fail(Errc::denied, std::move(what)); }

// Numbers 3 to 5. A further audience could have received the token and sent it on.
std::optional<Error> audience_fault(const crypto::Claims& claims, const std::string& client) {
  const auto audiences = claims.audiences();
  const std::string party = claims.text("azp");
  if (std::ranges::find(audiences, client) == audiences.end()) return denied("aud is not this client");
  if (claims.all().contains("azp") && party != client) return denied("azp is another client");
  if (audiences.size() > 1 && party != client) return denied("aud names others, and azp does not name this client");
  return std::nullopt;
}

}  // namespace

// Number 7, RFC 8725 sections 3.1 and 3.11. Some providers leave the type out; an access token says what it is.
Result<crypto::Jws> read_id_token(std::string_view compact, const config::Provider& provider) {
  std::vector<crypto::JwsAlgorithm> allowed;
  for (const auto& name : provider.algorithms) {
    if (const auto algorithm = crypto::jws_algorithm(name)) allowed.push_back(*algorithm);
  }
  auto jws = crypto::Jws::read(compact, allowed);
  if (!jws) return denied(jws.error().what);
  if (!jws->typ().empty() && !jws->has_type("JWT")) return denied("the token is of another type");
  return jws;
}

Result<crypto::Claims> id_token_claims(const crypto::Jws& jws, const config::Provider& provider, std::string_view nonce,
                                       Time now) {
  auto claims = crypto::Claims::read(jws.payload());
  if (!claims) return denied(claims.error().what);
  // Number 2.
  if (claims->text("iss") != provider.issuer) return denied("iss is another issuer");
  if (auto fault = audience_fault(*claims, provider.client_id)) return *std::move(fault);
  // Numbers 9 and 10.
  const auto timely = claims->check_times(now, {.skew = kSkew, .oldest = kOldest});
  if (!timely) return fail(timely.error().code == Errc::expired ? Errc::expired : Errc::denied, timely.error().what);
  // Number 11.
  if (!crypto::constant_time_equal(claims->text("nonce"), nonce)) return denied("nonce is of another sign-in");
  return claims;
}

}  // namespace postern::idp

#include <chrono>
#include <vector>

#include <nlohmann/json.hpp>

#include "crypto/jwk.hpp"
#include "oauth/endpoints/endpoints.hpp"
#include "oauth/endpoints/form_post.hpp"

namespace postern::oauth {

http::Response jwks(const http::Request& request, const Context& context) {
  const auto keys = context.signs_tokens() ? context.keys.published(context.server.key_ring)
                                           : Result<std::vector<crypto::Jwk>>(std::vector<crypto::Jwk>());
  if (!keys) return refuse("jwks", request, store_error(keys.error()), context);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(token::kKeysCachedFor).count();
  return http::json_response(200, crypto::to_json(*keys).dump(), "public, max-age=" + std::to_string(seconds));
}

}  // namespace postern::oauth

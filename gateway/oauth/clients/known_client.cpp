#include "oauth/clients/known_client.hpp"

namespace postern::oauth {
namespace {

constexpr std::size_t kLongestClientId = 256;

}  // namespace

Result<std::optional<store::Client>> known_client(std::string_view id, const Context& context) {
  if (id.size() > kLongestClientId) return std::optional<store::Client>();
  auto client = context.store.clients().find(id);
  if (!client || !*client) return client;
  const auto& issuer = (*client)->issuer;
  if (!issuer.empty() && issuer != context.server.issuer) return std::optional<store::Client>();
  return client;
}

}  // namespace postern::oauth

#include "idp/provider_keys.hpp"

#include <utility>

#include "idp/provider_metadata.hpp"

namespace postern::idp {

namespace {

// As many addresses as providers; one that moves its keys leaves its old address behind.
constexpr std::size_t kMostAddresses = 256;

}  // namespace

Result<ProviderKeys::Keys> ProviderKeys::parse(const std::string& url, const Text& text) {
  const std::lock_guard lock(mutex_);
  if (const auto found = parsed_.find(url); found != parsed_.end() && found->second.text == text) {
    return found->second.keys;
  }
  auto set = crypto::parse_jwk_set(*text);
  if (!set) return fail(Errc::protocol, "cannot use the keys at " + url + ": " + set.error().what);
  if (parsed_.size() >= kMostAddresses) parsed_.clear();
  auto keys = std::make_shared<const std::vector<crypto::Jwk>>(std::move(set->keys));
  parsed_[url] = {text, keys};
  return keys;
}

net::awaitable<Result<ProviderKeys::Keys>> ProviderKeys::get(KeySource source, bool fresh) {
  std::string uri = source.jwks_uri;
  if (uri.empty()) {
    std::string discovery = source.discovery;
    const auto text = co_await metadata_.get(std::move(discovery));
    if (!text) co_return text.error();
    auto metadata = read_provider_metadata(**text, source.issuer);
    if (!metadata) co_return metadata.error();
    if (metadata->jwks_uri.empty()) co_return fail(Errc::protocol, "the provider's metadata names no jwks_uri");
    uri = std::move(metadata->jwks_uri);
  }
  std::string asked = uri;
  const auto text = co_await sets_.get(std::move(asked), fresh);
  if (!text) co_return text.error();
  auto keys = parse(uri, *text);
  co_return keys;
}

}  // namespace postern::idp

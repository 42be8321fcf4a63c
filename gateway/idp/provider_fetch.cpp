#include "idp/provider_fetch.hpp"

#include "crypto/jwk.hpp"
#include "idp/provider_metadata.hpp"

namespace postern::idp {
namespace {

using std::chrono::seconds;

constexpr upstream::FetchRules kRules{crypto::kLargestJwkSet, seconds(5)};

}  // namespace

upstream::DocumentOptions provider_document_options() {
  upstream::DocumentOptions options;
  options.shortest = seconds(15);
  options.usual = seconds(600);
  options.longest = seconds(3600);
  options.stale = seconds(7 * 24 * 3600);
  options.hurries = 5;
  options.trusted = true;
  options.failure = seconds(5);
  return options;
}

Result<upstream::Fetched> fetch_provider_metadata(upstream::Fetcher& fetcher, const std::string& url) {
  auto fetched = fetcher.get(url, kRules);
  const auto other = other_discovery_url(url);
  if (fetched || fetched.error().code != Errc::protocol || other.empty()) return fetched;
  auto elsewhere = fetcher.get(other, kRules);
  return elsewhere ? elsewhere : fetched;
}

Result<upstream::Fetched> fetch_provider_keys(upstream::Fetcher& fetcher, const std::string& url) {
  auto fetched = fetcher.get(url, kRules);
  if (!fetched) return fetched;
  const auto set = crypto::parse_jwk_set(fetched->body);
  if (!set) return fail(Errc::protocol, "cannot use the keys at " + url + ": " + set.error().what);
  if (set->keys.empty()) return fail(Errc::protocol, "none of the keys at " + url + " can be used");
  return fetched;
}

}  // namespace postern::idp

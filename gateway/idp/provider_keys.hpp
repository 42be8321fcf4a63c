#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "crypto/jwk.hpp"
#include "net/stream.hpp"
#include "upstream/fetch/documents.hpp"

namespace postern::idp {

// Where a provider publishes its keys.
struct KeySource {
  std::string issuer;
  std::string discovery;  // where its metadata is
  std::string jwks_uri;   // empty: as the metadata says
};

// The public keys of providers, ready for use: what is at hand costs no parsing. Thread-safe.
class ProviderKeys {
 public:
  using Keys = std::shared_ptr<const std::vector<crypto::Jwk>>;

  // Both must outlive this.
  ProviderKeys(upstream::Documents& metadata, upstream::Documents& key_sets) : metadata_(metadata), sets_(key_sets) {}

  // Takes no thread while it waits. `fresh`: those that are held hold no key for the token at hand; asks again, as
  // often as that is allowed. Errors: those of Documents::get(), protocol when the metadata cannot be used.
  net::awaitable<Result<Keys>> get(KeySource source, bool fresh);

 private:
  using Text = upstream::DocumentText;
  struct Parsed {
    Text text;
    Keys keys;
  };

  Result<Keys> parse(const std::string& url, const Text& text);

  upstream::Documents& metadata_;
  upstream::Documents& sets_;
  std::mutex mutex_;
  std::map<std::string, Parsed, std::less<>> parsed_;  // by URL
};

}  // namespace postern::idp

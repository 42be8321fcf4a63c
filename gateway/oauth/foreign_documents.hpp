#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace postern::oauth {

enum class DocumentKind {
  client,             // a client ID metadata document
  keys,               // a client's `jwks_uri`
  provider_metadata,  // of a provider that the configuration names
  provider_keys,
  provider_token,  // the answer of its token endpoint to a form: asked for once, and never kept
};

struct WantedDocument {
  DocumentKind kind = DocumentKind::client;
  std::string url;
  bool fresh = false;  // what is held was tried and does not do
  // Of provider_token. Both are secret.
  std::string form{};
  std::string authorization{};
  bool operator==(const WantedDocument&) const = default;
};

using DocumentText = std::shared_ptr<const std::string>;

// What strangers publish, as one request sees it. Endpoints run on a pool of the store and must not wait for strangers:
// what is not at hand is noted, and whoever runs the endpoint fetches it, forgets the answer, and runs the endpoint
// again. So an endpoint asks here before it changes anything. Not thread-safe: one of them for each request.
class ForeignDocuments {
 public:
  using AtHand = std::function<std::optional<DocumentText>(const WantedDocument&)>;

  ForeignDocuments() = default;
  explicit ForeignDocuments(AtHand at_hand) : at_hand_(std::move(at_hand)) {}

  // Errors: what the fetch met; unavailable while it is only noted.
  Result<DocumentText> get(WantedDocument document);

  // Noted and not brought yet: the answer of the endpoint is none.
  const std::optional<WantedDocument>& wanted() const noexcept { return wanted_; }
  // What was wanted, or why it cannot be had.
  void bring(Result<DocumentText> text);

 private:
  AtHand at_hand_;
  std::optional<WantedDocument> wanted_;
  std::vector<std::pair<WantedDocument, Result<DocumentText>>> brought_;
};

}  // namespace postern::oauth

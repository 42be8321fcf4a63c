#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "config/config.hpp"
#include "crypto/aead.hpp"
#include "http/message.hpp"
#include "oauth/foreign_documents.hpp"
#include "store/store.hpp"
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"
#include "tenant/catalog.hpp"
#include "tenant/directory.hpp"
#include "token/signing_keys.hpp"

namespace postern::oauth {

// What every endpoint of one authorization server works with. Endpoints are plain functions
// `http::Response NAME(const http::Request&, const Context&)` that block and run on a bounded pool. All referenced
// things outlive the request (they hang on the generation it pins) and are thread-safe.
struct Context {
  const config::AuthorizationServer& server;
  const tenant::Catalog& catalog;
  const tenant::Directory& directory;
  store::Facets& store;      // which may refuse to write: see `pass`
  const crypto::Aead& seal;  // of consent pages
  const Clock& clock;
  telemetry::Log& log;
  token::SigningKeys& keys;               // of signed access tokens
  ForeignDocuments* documents = nullptr;  // of this request; without it nothing that is fetched can be had
  // Of this run, where it may only read. What it says does not count once a write was wanted.
  const store::ReadingPass* pass = nullptr;
  // Of this request: takes the grants whose tools are to be listed once it is answered.
  std::vector<std::string>* tool_checks = nullptr;

  std::size_t most_unused_clients = config::Limits{}.unused_clients;
  telemetry::Metrics* metrics = nullptr;  // of the process

  void check_tools_of(const std::string& grant) const {
    if (tool_checks != nullptr) tool_checks->push_back(grant);
  }
  // The answer is none: the endpoint is run again, with the document that it asked for or where it may write.
  bool is_undecided() const {
    return (documents != nullptr && documents->wanted()) || (pass != nullptr && pass->wants_write());
  }
  std::string issuer_origin() const;  // scheme://authority of the issuer
  bool secure() const { return server.issuer.starts_with("https://"); }
  bool signs_tokens() const { return server.access_token.format == config::TokenFormat::jwt; }
};

}  // namespace postern::oauth

#pragma once

#include <atomic>
#include <memory>

#include "base/clock.hpp"
#include "crypto/aead.hpp"
#include "idp/provider_keys.hpp"
#include "limits/body_budget.hpp"
#include "limits/call_counter.hpp"
#include "limits/network_limiter.hpp"
#include "limits/refusal_log.hpp"
#include "limits/tool_checks.hpp"
#include "limits/usage_counter.hpp"
#include "net/pools/offload.hpp"
#include "store/store.hpp"
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"
#include "telemetry/once.hpp"
#include "token/cache.hpp"
#include "token/signing_keys.hpp"
#include "upstream/fetch/documents.hpp"

namespace postern::runtime {

class UpstreamFactory;

// What all workers share: one object of each for the process, made by app/. Everything here is thread-safe.
struct Services {
  store::Store& store;
  const Clock& clock;
  telemetry::Log& log;
  telemetry::Metrics& metrics;
  token::TokenCache& tokens;
  net::OffloadPool& store_read_pool;         // look-ups, and endpoints for as long as they only read
  net::OffloadPool& store_write_pool;        // what writes; see runtime/store_work.hpp
  net::OffloadPool& password_pool;           // argon2 and nothing else
  net::OffloadPool& familiar_password_pool;  // the same, for browsers and networks that signed in to the account before
  net::OffloadPool& long_work_pool;          // reads, filters and repairs long texts (proxy/long_work.hpp)
  const crypto::Aead& session_seal;
  const crypto::Aead& consent_seal;
  limits::RateLimiters& limiters;
  limits::RefusalLog& refusals;
  limits::BodyBudget& bodies;           // of calls, and lists of servers behind
  limits::BodyBudget& endpoint_bodies;  // of whoever comes: apart, so that these never cost a call its place
  limits::CallCounter& calls;
  limits::CallCounter& fetches;  // of strangers' documents, by the network they are for
  UpstreamFactory& upstreams;
  upstream::Documents& documents;  // of clients
  upstream::Documents& key_sets;   // of clients that publish their keys
  upstream::Documents& provider_metadata;
  upstream::Documents& provider_key_sets;
  upstream::Fetcher& provider_fetcher;  // forms to their token endpoints
  net::OffloadPool& provider_pool;      // where these are waited for
  idp::ProviderKeys& provider_keys;     // the same, ready for use
  token::SigningKeys& signing_keys;
  limits::UsageCounter& usage;  // of grants, for their users
  limits::ToolChecks& tool_checks;
  telemetry::SaidOnce& said;  // warnings that are written once
};

}  // namespace postern::runtime

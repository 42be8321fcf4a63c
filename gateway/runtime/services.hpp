#pragma once

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

// Threads for what would keep a worker from serving others.
struct Pools {
  net::OffloadPool& store_read;         // look-ups, and endpoints for as long as they only read
  net::OffloadPool& store_write;        // what writes; see runtime/store_work.hpp
  net::OffloadPool& password;           // argon2 and nothing else
  net::OffloadPool& familiar_password;  // the same, for browsers and networks that signed in to the account before
  net::OffloadPool& long_work;          // reads, filters and repairs long texts (proxy/long_work.hpp)
  net::OffloadPool& provider;           // where the token endpoints of providers are waited for
};

// What is used of each limit. Limits of the configuration are those of the request's generation; fixed ones are
// constants beside the counter.
struct Counters {
  limits::RateLimiters rates;
  limits::RefusalLog refusals;
  limits::BodyBudget bodies;           // of calls, and lists of servers behind
  limits::BodyBudget endpoint_bodies;  // of whoever comes (limits::kEndpointBodies)
  limits::CallCounter calls;           // by user and tenant
  limits::CallCounter fetches;         // of strangers' documents, by the network they are for
  limits::ToolChecks tool_checks;
};

struct Seals {
  crypto::Aead session;
  crypto::Aead consent;
};

// What others publish, as it was last fetched.
struct Published {
  upstream::Documents& client_documents;
  upstream::Documents& client_keys;  // of clients that publish their keys
  upstream::Documents& provider_metadata;
  upstream::Documents& provider_key_sets;
  idp::ProviderKeys& provider_keys;  // the same, ready for use
};

// What all workers share and a new configuration leaves alone: one object of each for the process, made by app/.
// Everything here is thread-safe.
struct Services {
  store::Store& store;
  const Clock& clock;
  telemetry::Log& log;
  telemetry::Metrics& metrics;
  telemetry::SaidOnce& said;  // warnings that are written once
  token::TokenCache& tokens;
  token::SigningKeys& signing_keys;
  limits::UsageCounter& usage;  // of grants, for their users
  Pools pools;
  Counters& counters;
  const Seals& seals;
  Published published;
};

}  // namespace postern::runtime

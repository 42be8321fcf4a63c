#pragma once

#include <memory>

#include "app/loading/loaded.hpp"
#include "app/process/process.hpp"
#include "base/result.hpp"
#include "runtime/generation.hpp"
#include "runtime/upstream_tls.hpp"

namespace postern::app {

// What a configuration makes: the generation that requests pin, and what the control thread looks after for it.
struct MadeGeneration {
  std::shared_ptr<const runtime::Generation> served;
  std::shared_ptr<runtime::UpstreamTls> upstream_tls;  // read again when its files change
};

// Makes a configuration that was checked ready to serve: routes, policies, certificates and authorities, upstreams and
// fetchers, signing keys that the store lacks. Nothing serves it yet. Blocks on the store; keys that it wrote stay
// there even when it fails. The process must outlive what is
// made. The error is a sentence.
Result<MadeGeneration> make_generation(Loaded loaded, Process& process);

}  // namespace postern::app

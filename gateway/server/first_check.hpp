#pragma once

#include <memory>
#include <string>

#include "runtime/worker.hpp"

namespace postern::server {

// Lists the tools of a grant as its client would, once, on the worker's thread and in the background: with the
// headers and credentials of an ordinary call, under the policy, and ended with the grant. What came of it goes to the
// store, for the grant's user. Nothing waits for it; where too many are under way, or one of that grant, nothing
// happens.
void begin_tool_check(runtime::Worker& worker, std::shared_ptr<const runtime::Generation> generation,
                      std::string grant);

}  // namespace postern::server

#pragma once

#include <cstddef>
#include <functional>

#include "net/pools/offload.hpp"
#include "proxy/mcp_exchange.hpp"
#include "proxy/refusals.hpp"
#include "proxy/running.hpp"
#include "upstream/upstream.hpp"

namespace postern::proxy {

// Texts of that size and more are parsed, filtered and repaired on a pool of their own, so that the event loop serves
// others meanwhile: reading 15 MB takes a tenth of a second. Smaller ones are not worth the way there and back.
inline constexpr std::size_t kLongText = 64 * 1024;  // bytes
constexpr bool is_long(std::size_t bytes) noexcept { return bytes >= kLongText; }

// How many such texts may wait for a thread, in all and of one tenant. What they take is counted in limits.body_memory.
inline constexpr net::QueueBounds kLongWork{256, 128};

// In whose turn the work is done: those of the tenant, and there of the user.
inline net::FairQueue::Path turn_of(const token::Principal& principal) { return {principal.tenant, principal.user}; }

// Runs `work` on the pool, and ends at once when the slot is cancelled: with `cancelled`, and work that has not begun
// then is dropped with all that it holds. `busy`: the pool is full, or the work gave way to that of others; `internal`:
// it threw. `work` must hold everything it uses, because it may still run when its caller has gone. Nothing else may be
// attached to the slot, which is used on the coroutine's thread.
awaitable<Result<void>> do_long_work(net::OffloadPool& pool, upstream::CancelSlot& slot, std::function<void()> work,
                                     net::FairQueue::Path from);

// Work on a text of that size for a request: here if it is short, else on the pool. The client is watched meanwhile,
// and its going ends the wait. Returns what to refuse where the work was not done. `work` must hold everything it uses.
awaitable<MaybeRefusal> work_on_text(McpExchange& exchange, std::size_t bytes, std::function<void()> work);
// The same while an exchange with the server behind is under way, whose end ends the wait.
awaitable<MaybeRefusal> work_on_text(McpExchange& exchange, Running& running, std::size_t bytes,
                                     std::function<void()> work);

}  // namespace postern::proxy

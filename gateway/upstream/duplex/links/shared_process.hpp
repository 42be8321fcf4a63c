#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "mcp/jsonrpc.hpp"

// What is said for all where several clients share one server, which knows one client only: the gateway.
namespace postern::upstream {

// The gateway's own `initialize` as JSON text: the newest revision that has one, and no capabilities, since what the
// server asks of its client cannot be told to be for one of them (MCP 2025-11-25 lifecycle, "Initialization").
std::string own_initialize(std::uint64_t id);

// The revision that a client's `initialize` asks for; empty when it is none that is known.
std::string asked_version(const mcp::Message& initialize);

// The result that such a client gets, from the one that the server gave the gateway, both as JSON text: with the
// revision that the client asked for where the server knows that or a newer one, else with the server's (lifecycle,
// "Version Negotiation"). Without tasks.
std::string initialize_result_for(std::string_view result, std::string_view asked);

// A task is found by its id, and listed, by whoever asks: it would be everybody's.
bool is_task_method(std::string_view method);
// The text of a request without its wish to become a task (MCP 2025-11-25 tasks, "Task-Augmented Requests"; the tasks
// extension of 2026-07-28), as servers treat those that they do not offer tasks to.
std::string without_tasks(std::string_view request);

}  // namespace postern::upstream

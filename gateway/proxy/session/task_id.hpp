#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "crypto/aead.hpp"
#include "token/principal.hpp"

namespace postern::proxy {

// What the id of a task holds that a client knows, sealed: the id that the server behind gave it, the tool whose call
// made it, and whose it is (MCP 2025-11-25 tasks, "Security Considerations": tasks are bound to who made them). Any
// replica can open it and nobody else can use it. The grant is not inside: a step-up keeps the task.
struct Task {
  std::string id;        // of the server behind
  std::string tool;      // name
  std::string upstream;  // name
  std::string resource;
  std::string tenant;
  std::string user;
  std::string client;
};

// Of the server behind, in bytes. Sealed it must still fit into the header that mirrors it (Mcp-Name).
inline constexpr std::size_t kLongestTaskId = 1024;

std::string seal_task(const Task& task, const crypto::Aead& seal);
// nullopt: forged, damaged or of another gateway.
std::optional<Task> open_task(std::string_view sealed, const crypto::Aead& seal);
bool is_task_of(const Task& task, const token::Principal& principal, std::string_view upstream);

// A task that a request is about.
struct KnownTask {
  std::string sealed;  // as the client knows it
  Task task;
};

}  // namespace postern::proxy

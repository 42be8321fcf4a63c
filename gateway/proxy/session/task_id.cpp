#include "proxy/session/task_id.hpp"

#include <array>

#include "proxy/session/sealed_parts.hpp"

namespace postern::proxy {
namespace {

constexpr std::string_view kContext = "mcp-task";

template <typename T>
auto parts_of(T& task) {
  return std::array{&task.id, &task.tool, &task.upstream, &task.resource, &task.tenant, &task.user, &task.client};
}

}  // namespace

std::string seal_task(const Task& task, const crypto::Aead& seal) { return seal_parts(parts_of(task), seal, kContext); }

std::optional<Task> open_task(std::string_view sealed, const crypto::Aead& seal) {
  Task task;
  if (!open_parts(sealed, parts_of(task), seal, kContext)) return std::nullopt;
  return task;
}

bool is_task_of(const Task& task, const token::Principal& principal, std::string_view upstream) {
  return task.user == principal.user && task.client == principal.client && task.tenant == principal.tenant &&
         task.resource == principal.resource && task.upstream == upstream;
}

}  // namespace postern::proxy

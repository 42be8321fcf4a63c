#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "policy/policy.hpp"
#include "runtime/generation.hpp"
#include "runtime/worker.hpp"
#include "tenant/catalog.hpp"
#include "token/principal.hpp"
#include "upstream/upstream.hpp"

namespace postern::proxy {

using net::awaitable;

// For whom tools are listed; pinned for as long as that takes.
struct ListedFor {
  std::shared_ptr<const runtime::Generation> generation;
  tenant::ResourcePtr resource;
  std::shared_ptr<const token::Principal> principal;
  policy::Caller caller;
};

// The first JSON-RPC message that lists tools: what the policy decides about.
nlohmann::json tools_list_message();

// Asks the server behind for its tools as a client of that grant would, in whatever era the server is of and counted
// like that client's calls: one answer after the other, each within 20 seconds, all within 4 MiB and before `until`.
// Lives in one coroutine, on its worker's thread.
class ToolLister {
 public:
  ToolLister(runtime::Worker& worker, const ListedFor& subject, std::chrono::steady_clock::time_point until)
      : worker_(worker), subject_(subject), until_(until) {}

  // The tools that the user may see. Errors: what kept them from being listed.
  awaitable<Result<std::int64_t>> count();
  // From outside: count() comes back with an error.
  void end();
  // The user has sent as much as they may for now: the error of count() says nothing about the server.
  bool is_held_back() const noexcept { return held_back_; }

 private:
  struct Attempt;
  struct Answer;

  Result<upstream::Request> request(std::string method, const nlohmann::json& message) const;
  awaitable<Result<Answer>> send(std::string method, nlohmann::json message);
  awaitable<Result<Answer>> read(std::shared_ptr<Attempt> attempt, Answer got, nlohmann::json id);
  awaitable<Result<bool>> open();
  awaitable<Result<std::int64_t>> list();
  awaitable<Result<void>> work_on(std::size_t bytes, std::function<void()> work);

  runtime::Worker& worker_;
  const ListedFor& subject_;
  std::shared_ptr<Attempt> attempt_;
  std::chrono::steady_clock::time_point until_;
  bool ended_ = false;
  bool held_back_ = false;
  std::size_t bytes_ = 0;   // of all answers
  std::size_t events_ = 0;  // in them
  bool modern_ = false;
  std::string version_;
  std::string session_;
  std::string address_;
};

}  // namespace postern::proxy

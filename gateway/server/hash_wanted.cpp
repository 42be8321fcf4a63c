#include "server/hash_wanted.hpp"

#include <functional>
#include <utility>

#include "base/network.hpp"

namespace postern::server {
namespace {

// There was none at once, or it went to somebody who had fewer.
bool found_no_place(const Result<bool>& matched) {
  return !matched && (matched.error().code == Errc::busy || matched.error().code == Errc::cancelled);
}

net::awaitable<Result<bool>> match(runtime::Services& services, idp::PasswordQuestion question,
                                   crypto::PasswordCost cost, std::string peer) {
  const std::string familiar = question.familiar;
  const std::function<bool()> work = [asked = std::move(question), cost] {
    return idp::PasswordCheck::matches(asked, cost);
  };
  if (!familiar.empty()) {
    net::FairQueue::Path from{familiar};
    auto matched = co_await net::offload<bool>(services.pools.familiar_password, work, std::move(from));
    // Many who are known may come at once: they are never worse off than strangers.
    if (!found_no_place(matched)) co_return matched;
  }
  auto from = networks_of(peer);
  auto matched = co_await net::offload<bool>(services.pools.password, work, std::move(from));
  co_return matched;
}

}  // namespace

net::awaitable<Result<void>> hash_wanted(runtime::Services& services, std::shared_ptr<idp::PasswordCheck> check,
                                         std::string peer) {
  idp::PasswordQuestion question = *check->wanted();
  const auto cost = check->cost();
  const auto matched = co_await match(services, std::move(question), cost, std::move(peer));
  if (!matched && !found_no_place(matched)) co_return matched.error();
  check->bring(matched ? std::optional(*matched) : std::nullopt);
  co_return Result<void>();
}

}  // namespace postern::server

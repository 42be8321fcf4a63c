#include "proxy/rest/rest_listings.hpp"

#include <algorithm>
#include <utility>

namespace postern::proxy {

// Guarded by the mutex of the RestListings.
struct RestListing {
  std::vector<std::shared_ptr<net::detail::Rendezvous>> waiting;
  std::optional<RestListings::Outcome> outcome;
};

RestListings::Part::Part(RestListings& listings, std::string key, std::shared_ptr<net::detail::Rendezvous> waiter)
    : listings_(listings), key_(std::move(key)), waiter_(std::move(waiter)) {
  const std::lock_guard lock(listings_.mutex_);
  auto& under_way = listings_.by_key_[key_];
  asks_ = under_way == nullptr;
  if (asks_) under_way = std::make_shared<RestListing>();
  listing_ = under_way;
  if (!asks_) listing_->waiting.push_back(waiter_);
}

RestListings::Part::~Part() {
  std::vector<std::shared_ptr<net::detail::Rendezvous>> waiting;
  {
    const std::lock_guard lock(listings_.mutex_);
    if (!asks_) {
      std::erase(listing_->waiting, waiter_);
      return;
    }
    listing_->outcome = std::move(mine_);
    listings_.by_key_.erase(key_);
    waiting.swap(listing_->waiting);
  }
  for (const auto& waiter : waiting) waiter->report();
}

std::optional<RestListings::Outcome> RestListings::Part::outcome() const {
  const std::lock_guard lock(listings_.mutex_);
  return listing_->outcome;
}

}  // namespace postern::proxy

#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "authn/challenge.hpp"
#include "net/pools/offload.hpp"

namespace postern::proxy {

struct RestTools;

// Lists of tools that are being asked for, by what they are kept under: however many need the same one, the server
// behind is asked once. As many at most as requests are under way. Thread-safe.
class RestListings {
 public:
  struct Outcome {
    std::shared_ptr<const RestTools> tools;
    std::optional<authn::Refusal> refused;

    // Neither: whoever asked has left, and another one is to ask.
    bool abandoned() const noexcept { return !tools && !refused; }
  };

  // One's part in a listing: to ask for all, or to wait. Whoever asks ends the listing for all when it goes; it must
  // not outlive the RestListings.
  class Part {
   public:
    Part(RestListings& listings, std::string key, std::shared_ptr<net::detail::Rendezvous> waiter);
    ~Part();
    Part(const Part&) = delete;
    Part& operator=(const Part&) = delete;

    bool asks() const noexcept { return asks_; }
    // Of who asks: what the others get.
    void found(Outcome outcome) { mine_ = std::move(outcome); }
    // Of who waits, once the waiter was woken; nullopt: not by the end of the listing.
    std::optional<Outcome> outcome() const;

   private:
    RestListings& listings_;
    std::string key_;
    std::shared_ptr<net::detail::Rendezvous> waiter_;
    bool asks_ = false;
    Outcome mine_;
    std::shared_ptr<struct RestListing> listing_;
  };

 private:
  std::mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<struct RestListing>> by_key_;
};

}  // namespace postern::proxy

#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "net/pools/offload.hpp"
#include "upstream/fetch/fetcher.hpp"

namespace postern::upstream {

struct DocumentOptions {
  std::size_t entries = 1000;  // kept at most; beyond, what was not asked for longest goes
  // What the answer's headers say counts within these bounds; `usual` where they say nothing.
  std::chrono::seconds shortest{60};
  std::chrono::seconds usual{600};
  std::chrono::seconds longest{24 * 3600};
  // How long a document that was good may be used on while its place does not answer at all.
  std::chrono::seconds stale{24 * 3600};
  // How often in a row one that does not do is asked for anew before its shortest time; each takes that long to come
  // back.
  int hurries = 0;
  // Places that the operator chose: the last good document is used on for `stale` whatever the place says now, and one
  // that has run out is handed out while it is asked for anew.
  bool trusted = false;
  // So long a failure is told again without asking.
  std::chrono::seconds failure{0};
};

// Fetcher::get() with the rules of the kind of document; blocks.
using Fetching = std::function<Result<Fetched>(const std::string& url, const net::FairQueue::Path& from)>;
using DocumentText = std::shared_ptr<const std::string>;

// Documents of strangers, fetched once for all who ask for them at the same time and kept as long as their headers say.
// A failure is told to those who wait for it, and kept as the options say. Thread-safe; stop the pool before this goes.
class Documents {
 public:
  Documents(Fetching fetching, net::OffloadPool& pool, const Clock& clock, DocumentOptions options = {});
  Documents(const Documents&) = delete;
  Documents& operator=(const Documents&) = delete;

  // The text when it need not be fetched. `fresh`: what is held was tried and does not do; it counts all the same when
  // it was asked for within the shortest time, so that nobody makes this one ask without end.
  std::optional<DocumentText> at_hand(std::string_view url, bool fresh = false);
  // Whether somebody waits for it already: then one more costs no fetch.
  bool is_under_way(const std::string& url);
  // Fetches it on the pool unless it is at hand; takes no thread while it waits. Errors: those of Fetcher::get(), busy
  // also when too many fetches wait, cancelled. `from`: whom it is for, with whom it shares the pool's threads.
  awaitable<Result<DocumentText>> get(std::string url, bool fresh = false, net::FairQueue::Path from = {});

 private:
  struct Entry {
    std::string url;
    DocumentText text;
    Time fetched_at{};
    Time hurry_from{};  // earlier, one that does not do is not asked for anew
    Time fresh_until{};
  };
  struct Failure {
    Error error;
    Time until{};
  };
  struct Flight {
    std::vector<std::shared_ptr<net::detail::Rendezvous>> waiting;
    std::optional<Result<DocumentText>> result;
  };
  class Errand;
  using Entries = std::list<Entry>;  // the last used first

  std::shared_ptr<Flight> join(const std::string& url, std::shared_ptr<net::detail::Rendezvous> waiter, bool& first);
  Result<DocumentText> fetch(const std::string& url, const net::FairQueue::Path& from,
                             std::chrono::steady_clock::time_point asked);
  Result<DocumentText> keep(const std::string& url, Result<Fetched> fetched);
  Result<DocumentText> keep_on(const std::string& url, Error failure, Time now);
  const Error* failed_lately(const std::string& url, Time now) const;
  std::optional<Error> refusal(const std::string& url);
  Time next_hurry(const Entry* before, Time now) const;
  std::shared_ptr<Flight> renewal_of(const Entry& entry, Time now);
  void depart(const std::string& url, const std::shared_ptr<Flight>& flight, const net::FairQueue::Path& from = {});
  void land(const std::string& url, const std::shared_ptr<Flight>& flight, Result<DocumentText> result);

  Fetching fetching_;
  net::OffloadPool& pool_;
  const Clock& clock_;
  DocumentOptions options_;
  std::mutex mutex_;
  Entries entries_;
  std::unordered_map<std::string_view, Entries::iterator> by_url_;
  std::unordered_map<std::string, std::shared_ptr<Flight>> flights_;
  std::unordered_map<std::string, Failure> failures_;
};

}  // namespace postern::upstream

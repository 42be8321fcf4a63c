#include "upstream/fetch/documents.hpp"

#include <algorithm>

#include <boost/asio/this_coro.hpp>

namespace postern::upstream {

namespace {

using std::chrono::seconds;

// Whoever asked has long been told to wait: an answer later than this is for nobody.
constexpr seconds kLongestInQueue{10};

// Whether the place has said anything at all: if not, it may be away, or it was never asked, because others kept this
// one busy.
bool is_silent(Errc code) {
  return code == Errc::unavailable || code == Errc::timed_out || code == Errc::busy || code == Errc::cancelled ||
         code == Errc::internal;
}

}  // namespace

// One fetch on its way through the pool. Lands its flight however it ends, also when the pool drops it.
class Documents::Errand {
 public:
  Errand(Documents& documents, std::string url, std::shared_ptr<Flight> flight, net::FairQueue::Path from)
      : documents_(documents), url_(std::move(url)), flight_(std::move(flight)), from_(std::move(from)) {}
  ~Errand() { documents_.land(url_, flight_, std::move(result_)); }
  Errand(const Errand&) = delete;
  Errand& operator=(const Errand&) = delete;

  void run() noexcept {
    try {
      result_ = documents_.fetch(url_, from_, asked_);
    } catch (const std::exception& thrown) {
      result_ = fail(Errc::internal, thrown.what());
    }
  }
  void refuse(Error why) { result_ = std::move(why); }

 private:
  Documents& documents_;
  std::string url_;
  std::shared_ptr<Flight> flight_;
  net::FairQueue::Path from_;
  std::chrono::steady_clock::time_point asked_ = std::chrono::steady_clock::now();
  Result<DocumentText> result_ = fail(Errc::cancelled, "the fetch was dropped");
};

Documents::Documents(Fetching fetching, net::OffloadPool& pool, const Clock& clock, DocumentOptions options)
    : fetching_(std::move(fetching)), pool_(pool), clock_(clock), options_(options) {}

std::optional<DocumentText> Documents::at_hand(std::string_view url, bool fresh) {
  DocumentText text;
  std::shared_ptr<Flight> renewal;
  {
    const std::lock_guard lock(mutex_);
    const auto found = by_url_.find(url);
    if (found == by_url_.end()) return std::nullopt;
    const Entry& entry = *found->second;
    const Time now = clock_.now();
    const bool ran_out = entry.fresh_until <= now;
    if (ran_out && (!options_.trusted || entry.fetched_at + options_.stale <= now)) return std::nullopt;
    if (fresh && entry.hurry_from <= now && !failed_lately(entry.url, now)) return std::nullopt;
    entries_.splice(entries_.begin(), entries_, found->second);
    text = entry.text;
    if (ran_out) renewal = renewal_of(entry, now);
  }
  if (renewal) depart(std::string(url), renewal);
  return text;
}

// Behind the back of whoever asks, unless one is on its way or has failed just now.
std::shared_ptr<Documents::Flight> Documents::renewal_of(const Entry& entry, Time now) {
  if (failed_lately(entry.url, now)) return nullptr;
  auto& flight = flights_[entry.url];
  if (flight) return nullptr;
  flight = std::make_shared<Flight>();
  return flight;
}

void Documents::depart(const std::string& url, const std::shared_ptr<Flight>& flight,
                       const net::FairQueue::Path& from) {
  const auto errand = std::make_shared<Errand>(*this, url, flight, from);
  const bool accepted = pool_.submit([errand] { errand->run(); }, from);
  if (!accepted) errand->refuse(fail(Errc::busy, "the pool \"" + pool_.name() + "\" is full"));
}

const Error* Documents::failed_lately(const std::string& url, Time now) const {
  const auto found = failures_.find(url);
  return found == failures_.end() || found->second.until <= now ? nullptr : &found->second.error;
}

std::optional<Error> Documents::refusal(const std::string& url) {
  const std::lock_guard lock(mutex_);
  const Error* failed = failed_lately(url, clock_.now());
  return failed == nullptr ? std::nullopt : std::optional(*failed);
}

bool Documents::is_under_way(const std::string& url) {
  const std::lock_guard lock(mutex_);
  return flights_.contains(url);
}

awaitable<Result<DocumentText>> Documents::get(std::string url, bool fresh, net::FairQueue::Path from) {
  if (auto text = at_hand(url, fresh)) co_return *std::move(text);
  if (auto failed = refusal(url)) co_return *std::move(failed);
  auto executor = co_await boost::asio::this_coro::executor;
  auto waiter = std::make_shared<net::detail::Rendezvous>(std::move(executor));
  bool first = false;
  const auto flight = join(url, waiter, first);
  if (first) depart(url, flight, from);
  const bool landed = co_await net::detail::Rendezvous::wait(std::move(waiter));
  if (!landed) co_return fail(Errc::cancelled, "the wait for a document was cancelled");
  const std::lock_guard lock(mutex_);
  co_return *flight->result;
}

std::shared_ptr<Documents::Flight> Documents::join(const std::string& url,
                                                   std::shared_ptr<net::detail::Rendezvous> waiter, bool& first) {
  const std::lock_guard lock(mutex_);
  auto& flight = flights_[url];
  first = flight == nullptr;
  if (first) flight = std::make_shared<Flight>();
  flight->waiting.push_back(std::move(waiter));
  return flight;
}

Result<DocumentText> Documents::fetch(const std::string& url, const net::FairQueue::Path& from,
                                      std::chrono::steady_clock::time_point asked) {
  if (std::chrono::steady_clock::now() - asked > kLongestInQueue) {
    return fail(Errc::busy, "the fetch waited too long for its turn");
  }
  return keep(url, fetching_(url, from));
}

// Each asking takes `shortest` to come back, and `hurries` more may be taken ahead of time.
Time Documents::next_hurry(const Entry* before, Time now) const {
  const Duration ahead = options_.shortest * options_.hurries;
  const Time taken = before == nullptr ? now : std::max(before->hurry_from + ahead, now);
  return taken + options_.shortest - ahead;
}

Result<DocumentText> Documents::keep_on(const std::string& url, Error failure, Time now) {
  if (options_.failure.count() > 0) {
    std::erase_if(failures_, [now](const auto& each) { return each.second.until <= now; });
    if (failures_.size() < options_.entries) failures_[url] = {failure, now + options_.failure};
  }
  const auto found = by_url_.find(url);
  if (found == by_url_.end()) return failure;
  Entry& entry = *found->second;
  // What strangers can have asked for again before its time is not lost by it.
  const bool fresh = now < entry.fresh_until;
  // RFC 9111 section 4.2.4: used on while its place is disconnected, and no longer when it says something else, unless
  // the operator trusts the place.
  const bool used_on = (options_.trusted || is_silent(failure.code)) && now < entry.fetched_at + options_.stale;
  if (fresh || used_on) {
    if (!fresh) entry.fresh_until = now + options_.shortest;
    entry.hurry_from = next_hurry(&entry, now);
    return entry.text;
  }
  const auto at = found->second;
  by_url_.erase(found);
  entries_.erase(at);
  return failure;
}

Result<DocumentText> Documents::keep(const std::string& url, Result<Fetched> fetched) {
  const std::lock_guard lock(mutex_);
  const Time now = clock_.now();
  if (!fetched) return keep_on(url, std::move(fetched).error(), now);
  failures_.erase(url);
  Time hurry_from = next_hurry(nullptr, now);
  if (const auto found = by_url_.find(url); found != by_url_.end()) {
    const auto at = found->second;
    hurry_from = next_hurry(&*at, now);
    by_url_.erase(found);
    entries_.erase(at);
  }
  const auto lifetime = std::clamp(fetched->lifetime.value_or(options_.usual), options_.shortest, options_.longest);
  entries_.push_front(
      {url, std::make_shared<const std::string>(std::move(fetched->body)), now, hurry_from, now + lifetime});
  by_url_.emplace(entries_.front().url, entries_.begin());
  DocumentText text = entries_.front().text;
  while (entries_.size() > options_.entries) {
    by_url_.erase(entries_.back().url);
    entries_.pop_back();
  }
  return text;
}

void Documents::land(const std::string& url, const std::shared_ptr<Flight>& flight, Result<DocumentText> result) {
  std::vector<std::shared_ptr<net::detail::Rendezvous>> waiting;
  {
    const std::lock_guard lock(mutex_);
    flight->result = std::move(result);
    flights_.erase(url);
    waiting.swap(flight->waiting);
  }
  for (const auto& waiter : waiting) waiter->report();
}

}  // namespace postern::upstream

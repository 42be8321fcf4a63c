#pragma once

#include <chrono>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "proxy/rest/rest_listings.hpp"
#include "proxy/rest/rest_sessions.hpp"
#include "rest/tool.hpp"

namespace postern::proxy {

// The tools that a caller may see, and the OpenAPI document of those that its token may use.
struct RestTools {
  std::string upstream;           // name
  std::vector<rest::Tool> tools;  // by name
  std::string document;           // JSON
  std::string version;            // of the document
  std::size_t bytes = 0;          // what keeping it costs, about
  std::chrono::steady_clock::time_point fetched;

  const rest::Tool* find(std::string_view name) const noexcept;
};
using RestToolsPtr = std::shared_ptr<const RestTools>;

// Lists of tools, by all that their answer may depend on. Bounded in number, size and time. Thread-safe.
class RestToolCache {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::seconds kFresh{30};
  // A name that a kept list does not hold may be that of a tool which is new; but anybody can make names up, and each
  // list costs the server behind its pages. So a tool that was added is found within that time.
  static constexpr std::chrono::seconds kSettled{5};

  RestToolCache(std::size_t entries = 1024, std::size_t bytes = 64 * 1024 * 1024)
      : most_entries_(entries), most_bytes_(bytes) {}

  // nullptr: none, or one that is too old.
  RestToolsPtr find(const std::string& key, Time now);
  void insert(const std::string& key, RestToolsPtr tools);
  // Whether a list, which lacks a name, is to be asked for anew: once in `kSettled` of each kept list, whatever came of
  // it.
  bool may_ask_anew(const std::string& key, Time now);
  // The server behind has said that they have changed.
  void forget_upstream(std::string_view upstream);
  std::size_t size() const;

 private:
  struct Entry {
    std::string key;
    RestToolsPtr tools;
    Time asked;  // for it, last
  };
  using Entries = std::list<Entry>;  // the latest first

  void erase(Entries::iterator entry);

  const std::size_t most_entries_;
  const std::size_t most_bytes_;
  mutable std::mutex mutex_;
  Entries entries_;
  std::unordered_map<std::string, Entries::iterator> by_key_;
  std::size_t bytes_ = 0;
};

// Whether servers behind can be reached, as found out lately. Thread-safe.
class RestHealth {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::seconds kFresh{5};

  enum class State { up, down, ask };
  // `ask`: nobody knows; whoever is told so finds out and sets it. Others get what was known meanwhile.
  State look(const std::string& upstream, Time now);
  void set(const std::string& upstream, bool up, Time now);

 private:
  struct Entry {
    bool up = false;
    bool known = false;
    Time until{};
  };
  std::mutex mutex_;
  std::map<std::string, Entry, std::less<>> entries_;  // no more than upstreams
};

// What REST keeps in the process.
struct RestState {
  RestSessions sessions;
  RestToolCache tools;
  RestListings listings;
  RestHealth health;
};

}  // namespace postern::proxy

#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace postern::limits {

// Open connections of the process by network, and who gives way when all places are taken: the network that has most,
// looked for from the widest networks to the narrowest (networks_of()), gives its oldest idle connections up for one
// that has fewer. The bounds are given with each newcomer, so that changed ones count at once. Thread-safe.
class ConnectionPlaces {
 public:
  enum class Verdict { admitted, total, per_address };
  struct Bounds {
    std::size_t total = 0;
    std::size_t per_address = 0;
    std::size_t in_exchange = 0;  // admitted beyond `total` while others give way
    bool newest_wins = false;     // a newcomer always gets a place, even when its own network has most
  };
  // Networks from the widest to the narrowest; with an empty path, connections are counted in the total alone
  // and never give way. For trusted proxies, behind which many clients are.
  using Path = std::vector<std::string>;
  // Closes idle connections of that narrowest network. Called on any thread, with no lock held.
  using GiveWay = std::function<void(const std::string& network)>;

  // Set once, before the first connection.
  void on_give_way(GiveWay give_way) { give_way_ = std::move(give_way); }

  Verdict enter(const Path& networks, const Bounds& bounds);
  void leave(const Path& networks);
  // Descriptors have run out though places are left: the network that has most gives way.
  void shed();

 private:
  struct Node {
    std::size_t open = 0;
    std::map<std::string, Node> children;
    std::set<std::pair<std::size_t, std::string>> by_size;  // the children, so that the largest need not be looked for
  };

  Verdict admit(const Path& networks, const Bounds& bounds, std::string& gives_way);
  std::size_t open_of(const Path& networks) const;
  // The narrowest network that has to give way to a connection from there; empty: none.
  std::string most_beyond(const Path& networks, bool newest_wins) const;
  // One more or less open in that child, which comes and goes with its first and last.
  static void count(Node& parent, const std::string& name, bool more);
  static std::string narrowest(const Node& node, std::string name);

  GiveWay give_way_;
  mutable std::mutex mutex_;
  std::size_t open_ = 0;
  Node root_;
};

}  // namespace postern::limits

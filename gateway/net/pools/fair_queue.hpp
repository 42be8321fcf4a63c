#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace postern::net {

// How many pieces of work may wait.
struct QueueBounds {
  std::size_t all = 0;
  std::size_t of_group = 0;          // those whose paths begin with the same name
  std::size_t running_of_group = 0;  // of these, how many may run at the same time; 0: as many as there are threads
};

// Work that waits for a thread, shared fairly between those that it is for. A path names them from the widest group to
// the narrowest, as in {"192.0.2/24", "192.0.2.7"}. On every level the names take turns, so that a group gets one turn
// in each round however many members it has and however much they ask for. When a bound is reached, the newest work of
// the name that has most gives way to a name that has less. Work without a path comes first, in the order in which it
// was pushed. Not thread-safe.
class FairQueue {
 public:
  using Work = std::function<void()>;
  using Path = std::vector<std::string>;

  struct Pushed {
    bool accepted = false;
    Work displaced{};  // what gave way; empty: nothing did
  };

  explicit FairQueue(QueueBounds bounds) : bounds_(bounds) {}

  // Takes the work only if it accepts it.
  Pushed push(const Path& path, Work&& work);
  // Whether there is work whose group may have one more running.
  bool ready() const noexcept;
  // What is next, while ready(). Its group counts as running until it is given to done().
  struct Turn {
    Work work;
    std::string group;  // empty: without a path
  };
  Turn take();
  void done(const std::string& group);
  Work pop() { return take().work; }  // where running work is not bounded
  std::size_t size() const noexcept { return root_.waiting; }
  bool empty() const noexcept { return root_.waiting == 0; }
  // Moves all waiting work out of this queue.
  FairQueue take_all();

 private:
  struct Node {
    std::string name;
    std::size_t waiting = 0;   // here and below
    std::list<Node> children;  // the one whose turn is next comes first; each has work
    std::deque<Work> work;
  };
  using Child = std::list<Node>::iterator;

  static Child find(Node& node, const Path& path, std::size_t level);
  bool may_run(const std::string& group) const noexcept;
  static Work take_from(Node& node, Child next);
  static Work take_next(Node& node);
  static Work drop_newest(Node& node);
  static std::optional<Work> make_place(Node& node, const Path& path, std::size_t level);
  // What has to give way so that work from there may wait; an empty Work if nothing has to, nullopt if there is no
  // place.
  std::optional<Work> make_place_for(const Path& path);

  QueueBounds bounds_;
  Node root_;
  std::map<std::string, std::size_t> running_;  // by group, where that is bounded
};

}  // namespace postern::net

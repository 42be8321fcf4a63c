#include "limits/connection_places.hpp"

#include <utility>

namespace postern::limits {

ConnectionPlaces::Verdict ConnectionPlaces::enter(const Path& networks, const Bounds& bounds) {
  std::string gives_way;
  const Verdict verdict = admit(networks, bounds, gives_way);
  if (!gives_way.empty() && give_way_) give_way_(gives_way);
  return verdict;
}

ConnectionPlaces::Verdict ConnectionPlaces::admit(const Path& networks, const Bounds& bounds, std::string& gives_way) {
  const std::lock_guard lock(mutex_);
  if (!networks.empty() && open_of(networks) >= bounds.per_address) return Verdict::per_address;
  if (open_ >= bounds.total) {
    const auto most = bounds.total + bounds.in_exchange;
    // Only where the bounds were lowered: nobody has been told to give way for them yet.
    if (open_ > most) gives_way = narrowest(root_, {});
    if (open_ >= most) return Verdict::total;
    gives_way = most_beyond(networks, bounds.newest_wins);
    if (gives_way.empty()) return Verdict::total;
  }
  ++open_;
  Node* node = &root_;
  for (const auto& network : networks) {
    count(*node, network, true);
    node = &node->children.at(network);
  }
  return Verdict::admitted;
}

void ConnectionPlaces::leave(const Path& networks) {
  const std::lock_guard lock(mutex_);
  --open_;
  Node* node = &root_;
  for (const auto& network : networks) {
    count(*node, network, false);
    const auto child = node->children.find(network);
    if (child == node->children.end()) return;  // the last one: nothing is open below either
    node = &child->second;
  }
}

void ConnectionPlaces::count(Node& parent, const std::string& name, bool more) {
  auto& child = parent.children[name];
  parent.by_size.erase({child.open, name});
  child.open = more ? child.open + 1 : child.open - 1;
  if (child.open > 0) {
    parent.by_size.emplace(child.open, name);
  } else {
    parent.children.erase(name);
  }
}

void ConnectionPlaces::shed() {
  std::string gives_way;
  {
    const std::lock_guard lock(mutex_);
    gives_way = narrowest(root_, {});
  }
  if (!gives_way.empty() && give_way_) give_way_(gives_way);
}

std::size_t ConnectionPlaces::open_of(const Path& networks) const {
  const Node* node = &root_;
  for (const auto& network : networks) {
    const auto child = node->children.find(network);
    if (child == node->children.end()) return 0;
    node = &child->second;
  }
  return node->open;
}

std::string ConnectionPlaces::most_beyond(const Path& networks, bool newest_wins) const {
  const Node* node = &root_;
  std::size_t level = 0;
  while (node != nullptr && !node->by_size.empty()) {
    const auto& [size, name] = *node->by_size.rbegin();
    const auto own = level < networks.size() ? node->children.find(networks[level]) : node->children.end();
    const std::size_t has = own == node->children.end() ? 0 : own->second.open;
    if (newest_wins || size > has + 1) return narrowest(node->children.at(name), name);
    node = own == node->children.end() ? nullptr : &own->second;
    ++level;
  }
  return {};
}

// Of the one that has most, and so on downward.
std::string ConnectionPlaces::narrowest(const Node& node, std::string name) {
  const Node* at = &node;
  while (!at->by_size.empty()) {
    name = at->by_size.rbegin()->second;
    at = &at->children.at(name);
  }
  return name;
}

}  // namespace postern::limits

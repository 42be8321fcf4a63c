#include "net/pools/fair_queue.hpp"

#include <algorithm>
#include <utility>

namespace postern::net {

FairQueue::Pushed FairQueue::push(const Path& path, Work&& work) {
  auto displaced = make_place_for(path);
  if (!displaced) return {};
  Node* node = &root_;
  ++node->waiting;
  for (std::size_t level = 0; level < path.size(); ++level) {
    auto child = find(*node, path, level);
    if (child == node->children.end()) {
      child = node->children.emplace(child);
      child->name = path[level];
    }
    node = &*child;
    ++node->waiting;
  }
  node->work.push_back(std::move(work));
  return {true, std::move(*displaced)};
}

bool FairQueue::may_run(const std::string& group) const noexcept {
  if (bounds_.running_of_group == 0) return true;
  const auto found = running_.find(group);
  return found == running_.end() || found->second < bounds_.running_of_group;
}

bool FairQueue::ready() const noexcept {
  if (!root_.work.empty()) return true;
  return std::ranges::any_of(root_.children, [this](const Node& group) { return may_run(group.name); });
}

FairQueue::Turn FairQueue::take() {
  if (!root_.work.empty()) return {take_next(root_), {}};
  const auto next = std::ranges::find_if(root_.children, [this](const Node& group) { return may_run(group.name); });
  std::string group = next->name;
  if (bounds_.running_of_group > 0) ++running_[group];
  --root_.waiting;
  Work work = take_from(root_, next);
  return {std::move(work), std::move(group)};
}

void FairQueue::done(const std::string& group) {
  const auto found = running_.find(group);
  if (found != running_.end() && --found->second == 0) running_.erase(found);
}

FairQueue FairQueue::take_all() {
  FairQueue all(bounds_);
  std::swap(all.root_, root_);
  return all;
}

FairQueue::Child FairQueue::find(Node& node, const Path& path, std::size_t level) {
  if (level >= path.size()) return node.children.end();
  return std::ranges::find(node.children, path[level], &Node::name);
}

FairQueue::Work FairQueue::take_next(Node& node) {
  --node.waiting;
  if (!node.work.empty()) {
    Work work = std::move(node.work.front());
    node.work.pop_front();
    return work;
  }
  return take_from(node, node.children.begin());
}

// The child whose turn it was goes to the end of the round.
FairQueue::Work FairQueue::take_from(Node& node, Child next) {
  Work work = take_next(*next);
  if (next->waiting == 0) {
    node.children.erase(next);
  } else {
    node.children.splice(node.children.end(), node.children, next);
  }
  return work;
}

FairQueue::Work FairQueue::drop_newest(Node& node) {
  --node.waiting;
  if (node.children.empty()) {
    Work work = std::move(node.work.back());
    node.work.pop_back();
    return work;
  }
  const auto most = std::ranges::max_element(node.children, {}, &Node::waiting);
  Work work = drop_newest(*most);
  if (most->waiting == 0) node.children.erase(most);
  return work;
}

std::optional<FairQueue::Work> FairQueue::make_place(Node& node, const Path& path, std::size_t level) {
  if (node.children.empty()) return std::nullopt;
  const auto own = find(node, path, level);
  const std::size_t has = own == node.children.end() ? 0 : own->waiting;
  const auto most = std::ranges::max_element(node.children, {}, &Node::waiting);
  std::optional<Work> dropped;
  if (most->waiting > has + 1) {
    dropped = drop_newest(*most);
  } else if (has > 0) {
    dropped = make_place(*own, path, level + 1);
  }
  if (dropped) --node.waiting;
  return dropped;
}

std::optional<FairQueue::Work> FairQueue::make_place_for(const Path& path) {
  const auto group = find(root_, path, 0);
  if (group != root_.children.end() && group->waiting >= bounds_.of_group) {
    auto dropped = make_place(*group, path, 1);
    if (dropped) --root_.waiting;
    return dropped;
  }
  if (root_.waiting >= bounds_.all) return make_place(root_, path, 0);
  return Work();
}

}  // namespace postern::net

#include "net/fair_queue.hpp"

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

FairQueue::Work FairQueue::pop() { return take_next(root_); }

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
  const auto next = node.children.begin();
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

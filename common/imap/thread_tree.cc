#include "imap/thread_tree.h"

#include <algorithm>

#include "base/text.h"
#include "imap/writer.h"

namespace tubepost::imap {

std::string ThreadTree::run() {
  make_nodes();
  link_references();
  gather_roots();
  prune_dummies();
  sort_roots();
  fill_subjects();
  merge_subjects();
  sort_all();
  return rendered();
}

// (1) The first message with an id has it; the others, and those without one, stand for themselves.
void ThreadTree::make_nodes() {
  for (std::uint32_t i = 0; i < messages_.size(); ++i) {
    const std::string_view id = messages_[i].message_id;
    const auto node = static_cast<NodeId>(nodes_.size());
    if (!id.empty()) by_id_.emplace(id, node);
    nodes_.push_back({});
    nodes_.back().message = i;
    of_message_.push_back(node);
  }
}

ThreadTree::NodeId ThreadTree::node_of(std::string_view id) {
  const auto [place, is_new] = by_id_.emplace(id, static_cast<NodeId>(nodes_.size()));
  if (is_new) nodes_.push_back({});
  return place->second;
}

// (1) A and B.
void ThreadTree::link_references() {
  for (std::uint32_t i = 0; i < messages_.size(); ++i) {
    steps_left_ += threading_steps;
    NodeId before = none;
    if (!messages_[i].references.empty()) {
      for (const auto id : split(messages_[i].references, '\n')) {
        steps_left_ += threading_steps;
        const auto node = node_of(id);
        if (before != none && nodes_[node].parent == none && may_link(before, node)) link(before, node);
        before = node;
      }
    }
    link_message(of_message_[i], before);
  }
}

void ThreadTree::link_message(NodeId node, NodeId parent) {
  if (nodes_[node].parent != none) {
    --nodes_[nodes_[node].parent].links;
    nodes_[node].parent = none;
  }
  if (parent != none && may_link(parent, node)) link(parent, node);
}

// No loops: `child` may not stand above `parent`. What cannot be found out within the bound is not linked.
bool ThreadTree::may_link(NodeId parent, NodeId child) {
  if (parent == child) return false;
  if (nodes_[child].links == 0) return true;
  for (auto at = parent; at != none; at = nodes_[at].parent) {
    if (at == child || steps_left_ == 0) return false;
    --steps_left_;
  }
  return true;
}

void ThreadTree::link(NodeId parent, NodeId child) {
  nodes_[child].parent = parent;
  ++nodes_[parent].links;
}

// (2)
void ThreadTree::gather_roots() {
  for (NodeId node = 0; node < nodes_.size(); ++node) {
    const auto parent = nodes_[node].parent;
    (parent == none ? roots_ : nodes_[parent].children).push_back(node);
  }
}

std::vector<ThreadTree::NodeId> ThreadTree::from_the_roots_down() const {
  auto order = roots_;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto& children = nodes_[order[i]].children;
    order.insert(order.end(), children.begin(), children.end());
  }
  return order;
}

// (3) The children of a dummy take its place; under the root only an only child does. The longer list is the one that
// stays where it is, so that chains of dummies cost little.
void ThreadTree::prune_dummies() {
  auto order = from_the_roots_down();
  for (auto node = order.rbegin(); node != order.rend(); ++node) {
    auto& children = nodes_[*node].children;
    std::vector<NodeId> kept;
    for (const auto child : children) {
      if (!is_dummy(child)) {
        kept.push_back(child);
        continue;
      }
      auto& promoted = nodes_[child].children;
      if (promoted.size() > kept.size()) kept.swap(promoted);
      kept.insert(kept.end(), promoted.begin(), promoted.end());
      promoted = {};
    }
    children = std::move(kept);
  }
  std::vector<NodeId> kept;
  for (const auto root : roots_) {
    if (is_dummy(root) && nodes_[root].children.empty()) continue;
    const bool promoted = is_dummy(root) && nodes_[root].children.size() == 1;
    kept.push_back(promoted ? nodes_[root].children.front() : root);
  }
  roots_ = std::move(kept);
}

// A dummy stands for its first child.
const ThreadedMessage& ThreadTree::first_message(NodeId node) const {
  return messages_[nodes_[is_dummy(node) ? nodes_[node].children.front() : node].message];
}

// RFC 5256 2.2: equal dates are in the mailbox's order.
std::tuple<std::chrono::sys_seconds, std::uint32_t> ThreadTree::sort_key(NodeId node) const {
  const auto& message = first_message(node);
  return {message.sent, static_cast<std::uint32_t>(&message - messages_.data())};
}

void ThreadTree::sort_siblings(std::vector<NodeId>& siblings) {
  std::sort(siblings.begin(), siblings.end(),
            [this](NodeId a, NodeId b) { return sort_key(a) < sort_key(b); });
}

// (4)
void ThreadTree::sort_roots() {
  for (const auto root : roots_)
    if (is_dummy(root)) sort_siblings(nodes_[root].children);
  sort_siblings(roots_);
}

// (5) A and B.
void ThreadTree::fill_subjects() {
  for (const auto root : roots_) {
    if (subject(root).empty()) continue;
    const auto [place, is_new] = by_subject_.emplace(subject(root), root);
    if (is_new) continue;
    auto& kept = place->second;
    if (!is_dummy(kept) && (is_dummy(root) || (is_reply(kept) && !is_reply(root)))) kept = root;
  }
}

// (5) C.
void ThreadTree::merge_subjects() {
  const auto roots = std::move(roots_);
  roots_.clear();
  std::vector<NodeId> merged(roots);
  std::vector<bool> below(nodes_.size() + roots.size());
  for (const auto root : roots) {
    if (subject(root).empty()) continue;
    auto& kept = by_subject_[subject(root)];
    if (kept == root) continue;
    const auto before = kept;
    merge(root, kept);
    below[root] = true;
    if (kept == before) continue;
    below[before] = true;
    merged.push_back(kept);
  }
  for (const auto root : merged)
    if (!below[root]) roots_.push_back(root);
}

void ThreadTree::merge(NodeId current, NodeId& kept) {
  if (is_dummy(kept) && is_dummy(current)) {
    auto children = std::move(nodes_[current].children);
    auto& into = nodes_[kept].children;
    into.insert(into.end(), children.begin(), children.end());
  } else if (is_dummy(kept) || (is_reply(current) && !is_reply(kept))) {
    nodes_[kept].children.push_back(current);
  } else {
    Node dummy;
    dummy.children = {kept, current};
    nodes_.push_back(std::move(dummy));
    kept = static_cast<NodeId>(nodes_.size() - 1);
  }
}

// (6) Children have no dummies among them, so the order in which the sets are sorted matters for the root alone.
void ThreadTree::sort_all() {
  for (const auto node : from_the_roots_down()) sort_siblings(nodes_[node].children);
  sort_siblings(roots_);
}

// RFC 5256 4 THREAD response.
std::string ThreadTree::rendered() const {
  std::string out;
  std::vector<NodeId> open(roots_.rbegin(), roots_.rend());  // none: a parenthesis to close
  while (!open.empty()) {
    auto node = open.back();
    open.pop_back();
    out += node == none ? ')' : '(';
    if (node == none) continue;
    if (!is_dummy(node)) append_number(out, messages_[nodes_[node].message].number);
    while (!is_dummy(node) && nodes_[node].children.size() == 1) {
      node = nodes_[node].children.front();
      out += ' ';
      append_number(out, messages_[nodes_[node].message].number);
    }
    const auto& children = nodes_[node].children;
    if (!is_dummy(node) && !children.empty()) out += ' ';
    open.push_back(none);
    open.insert(open.end(), children.rbegin(), children.rend());
  }
  return out;
}

}  // namespace tubepost::imap

// THREAD=REFERENCES (RFC 5256 3), step by step. Internal to imap/.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "imap/thread.h"

namespace tubepost::imap {

class ThreadTree {
public:
  explicit ThreadTree(const std::vector<ThreadedMessage>& messages) : messages_(messages) {}
  std::string run();

private:
  using NodeId = std::uint32_t;
  static constexpr NodeId none = 0xffffffff;
  struct Node {
    std::uint32_t message = none;  // none: a dummy
    NodeId parent = none;          // in step 1 alone
    std::uint32_t links = 0;       // children, in step 1 alone
    std::vector<NodeId> children;
  };

  void make_nodes();
  void link_references();
  void link_message(NodeId node, NodeId parent);
  NodeId node_of(std::string_view id);
  bool may_link(NodeId parent, NodeId child);
  void link(NodeId parent, NodeId child);
  void gather_roots();
  std::vector<NodeId> from_the_roots_down() const;
  void prune_dummies();
  void sort_siblings(std::vector<NodeId>& siblings);
  void sort_roots();
  void fill_subjects();
  void merge_subjects();
  void merge(NodeId current, NodeId& kept);
  void sort_all();
  std::string rendered() const;

  bool is_dummy(NodeId node) const { return nodes_[node].message == none; }
  const ThreadedMessage& first_message(NodeId node) const;
  std::tuple<std::chrono::sys_seconds, std::uint32_t> sort_key(NodeId node) const;
  std::string_view subject(NodeId node) const { return first_message(node).subject; }
  bool is_reply(NodeId node) const { return !is_dummy(node) && first_message(node).reply_or_forward; }

  const std::vector<ThreadedMessage>& messages_;
  std::vector<Node> nodes_;
  std::vector<NodeId> of_message_;
  std::unordered_map<std::string_view, NodeId> by_id_;
  std::vector<NodeId> roots_;
  std::unordered_map<std::string_view, NodeId> by_subject_;
  std::uint64_t steps_left_ = 0;
};

}  // namespace tubepost::imap

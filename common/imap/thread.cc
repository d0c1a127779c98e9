#include "imap/thread.h"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "base/text.h"
#include "imap/thread_tree.h"
#include "imap/writer.h"

namespace tubepost::imap {
namespace {

// RFC 5256 "ORDEREDSUBJECT": by subject, then date; the first of a subject is the parent of the others.
std::string ordered_subject(const std::vector<ThreadedMessage>& messages) {
  std::vector<std::size_t> order(messages.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::tie(messages[a].subject, messages[a].sent) < std::tie(messages[b].subject, messages[b].sent);
  });
  std::vector<std::vector<std::size_t>> threads;
  for (const auto index : order) {
    if (threads.empty() || messages[threads.back().front()].subject != messages[index].subject)
      threads.emplace_back();
    threads.back().push_back(index);
  }
  std::sort(threads.begin(), threads.end(), [&](const auto& a, const auto& b) {
    return std::tie(messages[a.front()].sent, a.front()) < std::tie(messages[b.front()].sent, b.front());
  });
  std::string out;
  for (const auto& thread : threads) {
    for (std::size_t i = 0; i < thread.size(); ++i) {
      out += i == 0 ? "(" : i == 1 ? (thread.size() == 2 ? " " : " (") : ")(";
      append_number(out, messages[thread[i]].number);
    }
    out += thread.size() > 2 ? "))" : ")";
  }
  return out;
}

}  // namespace

std::optional<ThreadAlgorithm> parse_thread_algorithm(std::string_view word) {
  if (equal_ignoring_case(word, "ORDEREDSUBJECT")) return ThreadAlgorithm::ordered_subject;
  if (equal_ignoring_case(word, "REFERENCES")) return ThreadAlgorithm::references;
  return std::nullopt;
}

void Threader::add(std::uint32_t number, std::chrono::sys_seconds internal_date,
                   const StructureView& structure) {
  messages_.push_back({number, structure.sent().value_or(internal_date), std::string(structure.message_id()),
                       std::string(structure.references()), std::string(structure.base_subject()),
                       structure.is_reply_or_forward()});
}

std::string Threader::threads() const {
  return algorithm_ == ThreadAlgorithm::references ? ThreadTree(messages_).run() : ordered_subject(messages_);
}

}  // namespace tubepost::imap

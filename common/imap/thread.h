// THREAD (RFC 5256 3): ORDEREDSUBJECT and REFERENCES. What is needed of a message is copied when it is added. Pure.
//
// Nothing recurses. Work is bounded for hostile references, too: looking for loops stops after threading_steps steps for
// each message and reference; a link that could not be proved sound by then is not made.
//
//   Threader threader(ThreadAlgorithm::references);
//   threader.add(uid, internal_date, structure);   // in the order of the mailbox
//   out += threader.threads();                     // "(2)(3 6 (4 23)(44 7 96))"; "": no message was added
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "imap/structure_cache.h"

namespace tubepost::imap {

inline constexpr std::uint64_t threading_steps = 64;

enum class ThreadAlgorithm { ordered_subject, references };
std::optional<ThreadAlgorithm> parse_thread_algorithm(std::string_view word);

struct ThreadedMessage {
  std::uint32_t number = 0;
  std::chrono::sys_seconds sent{};
  std::string message_id;  // normalised; "": none
  std::string references;  // '\n' between ids, oldest first
  std::string subject;     // base subject, folded
  bool reply_or_forward = false;
};

class Threader {
public:
  explicit Threader(ThreadAlgorithm algorithm) : algorithm_(algorithm) {}
  void add(std::uint32_t number, std::chrono::sys_seconds internal_date, const StructureView& structure);
  void add(ThreadedMessage message) { messages_.push_back(std::move(message)); }
  std::string threads() const;

private:
  ThreadAlgorithm algorithm_;
  std::vector<ThreadedMessage> messages_;
};

}  // namespace tubepost::imap

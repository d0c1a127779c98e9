// A search program made ready for one mailbox: sets resolved, keywords looked up, texts converted and folded
// once; then held against one message after the other. Pure but for MessageText::body.
#pragma once

#include <optional>
#include <vector>

#include "imap/search_key.h"
#include "imap/search_match.h"
#include "imapd/selected.h"

namespace tubepost::imapd {

class Evaluation {
public:
  // nullopt: the charset is not known.
  static std::optional<Evaluation> make(const imap::SearchProgram& program, const Selected& box,
                                        Timestamp now);

  mailstore::With needs() const { return needs_; }
  // The generated head of each message, which no cached text has in it.
  bool needs_head() const { return needs_head_; }
  // The Date field or the thread, which are in structures alone.
  bool needs_sent() const { return needs_sent_; }
  // Those that may match, by the sets at the top of the program.
  const mailstore::UidSet& candidates() const { return candidates_; }
  bool matches(const mailstore::Message& message, const imap::MessageText& text) const {
    return matches(root_, message, text);
  }

private:
  struct Node {
    imap::SearchKey::Kind kind;
    std::uint64_t number = 0;
    std::uint32_t bits = 0;
    std::chrono::sys_days day{};
    std::string field, id;
    std::optional<imap::Needle> needle;
    mailstore::UidSet set;
    std::vector<Node> children;
  };
  Evaluation(const Selected& box, Timestamp now) : box_(box), now_(now), candidates_(box.uids) {}
  bool prepare(const imap::SearchKey& key, const std::string& charset, Node& node);
  void need(const imap::SearchKey& key);
  bool matches(const Node& node, const mailstore::Message& message, const imap::MessageText& text) const;
  bool matches_date(const Node& node, const mailstore::Message& message, const imap::MessageText& text) const;

  const Selected& box_;
  Timestamp now_;
  Node root_{imap::SearchKey::Kind::every, 0, 0, {}, {}, {}, {}, {}, {}};
  mailstore::UidSet candidates_;
  mailstore::With needs_ = mailstore::With::records;
  bool needs_head_ = false, needs_sent_ = false;
};

}  // namespace tubepost::imapd

// Writes the flags of many messages of one mailbox: the bits are seldom other than those of the message
// before, so their text is kept. Borrows the status.
#pragma once

#include <string>

#include "imap/flags.h"
#include "mailstore/mailstore.h"

namespace tubepost::imapd {

class FlagWriter {
public:
  explicit FlagWriter(const mailstore::MailboxStatus& mailbox) : mailbox_(mailbox) {}

  void append(std::string& out, std::uint32_t flags) {
    if (text_.empty() || flags != flags_) render(flags);
    out += text_;
  }

private:
  void render(std::uint32_t flags) {
    flags_ = flags;
    text_.clear();
    std::vector<std::string> keywords;
    for (const auto keyword : mailstore::keywords_of(flags, mailbox_)) keywords.emplace_back(keyword);
    imap::append_flags(text_, flags & mailstore::system_flags, keywords);
  }

  const mailstore::MailboxStatus& mailbox_;
  std::uint32_t flags_ = 0;
  std::string text_;
};

// common/imap knows nothing of the store, so both number the flags.
constexpr bool same(std::uint32_t ours, std::uint32_t theirs) { return ours == theirs; }
static_assert(same(imap::flag_seen, mailstore::seen) && same(imap::flag_answered, mailstore::answered) &&
              same(imap::flag_flagged, mailstore::flagged) && same(imap::flag_deleted, mailstore::deleted) &&
              same(imap::flag_draft, mailstore::draft));

}  // namespace tubepost::imapd

// MailStore::store_flags (RFC 7162 3.1.3: UNCHANGEDSINCE), and what the bits of a message mean.
#include <algorithm>

#include "base/text.h"
#include "mailstore/state.h"
#include "mailstore/walk.h"

namespace tubepost::mailstore {
namespace {

std::uint32_t known_bits(const MailboxStatus& mailbox, const Flags& flags) {
  std::uint32_t bits = flags.system & system_flags;
  for (std::size_t i = 0; i < mailbox.keywords.size(); ++i)
    for (const auto& keyword : flags.keywords)
      if (equal_ignoring_case(mailbox.keywords[i], keyword)) bits |= keyword_bit(i);
  return bits;
}

// Without those that may not be touched: no keyword is made that then nobody has.
Flags touchable(const FlagChange& change) {
  Flags flags = change.flags;
  if (!change.may_touch.keywords) flags.keywords.clear();
  return flags;
}

std::uint32_t apply(FlagChange::How how, std::uint32_t flags, std::uint32_t bits) {
  switch (how) {
    case FlagChange::How::add:
      return flags | bits;
    case FlagChange::How::remove:
      return flags & ~bits;
    case FlagChange::How::replace:
      return bits;
  }
  return flags;
}

}  // namespace

std::vector<std::string_view> keywords_of(std::uint32_t flags, const MailboxStatus& mailbox) {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < mailbox.keywords.size(); ++i)
    if ((flags & keyword_bit(i)) != 0) names.emplace_back(mailbox.keywords[i]);
  return names;
}

Result<Stored> MailStore::store_flags(MailboxRef ref, const UidSet& uids, const FlagChange& change) {
  Stored stored;
  auto committed = state_->change([&](Ledger& ledger) -> Result<void> {
    stored = {};
    auto mailbox = ledger.need(ref);
    if (!mailbox) return std::move(mailbox).error();
    const auto mask = change.may_touch.bits();
    const auto flags = touchable(change);
    const auto bits = change.how == FlagChange::How::remove
                          ? Result<std::uint32_t>(known_bits((*mailbox)->status(), flags))
                          : ledger.bits_of(**mailbox, flags);
    if (!bits) return bits.error();
    MarksWalk walk(ledger.transaction(), state_->tables, ref, uids, Rows::may_change);
    while (walk.next())
      each_bit(walk.wanted(), [&, row = walk.row()](unsigned bit) {
        const Uid uid = row.first_uid() + bit;
        if (change.unchanged_since && row.modseq(bit) > *change.unchanged_since)
          return stored.modified.add(uid);
        const auto before = row.flags(bit);
        const auto then = (before & ~mask) | (apply(change.how, before, *bits) & mask);
        if (then == before) return;
        ledger.set_flags(**mailbox, uid, before, then);
        stored.changed.add(uid);
      });
    stored.modseq = (*mailbox)->modseq;
    return {};
  });
  if (!committed) return std::move(committed).error();
  return stored;
}

}  // namespace tubepost::mailstore

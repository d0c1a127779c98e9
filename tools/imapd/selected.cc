#include "imapd/selected.h"

namespace tubepost::imapd {

mailstore::FlagMask settable_flags(Rights rights) {
  mailstore::FlagMask mask{0, rights.has('w')};
  if (rights.has('s')) mask.system |= mailstore::seen;
  if (rights.has('t')) mask.system |= mailstore::deleted;
  if (rights.has('w')) mask.system |= mailstore::system_flags & ~(mailstore::seen | mailstore::deleted);
  return mask;
}

mailstore::UidSet to_uid_set(const imap::Ranges& ranges) {
  mailstore::UidSet set;
  for (const auto& range : ranges) set.add(mailstore::UidRange{range.first, range.last});
  return set;
}

imap::Ranges to_ranges(const mailstore::UidSet& uids) {
  imap::Ranges ranges;
  ranges.reserve(uids.ranges().size());
  for (const auto& range : uids.ranges()) ranges.push_back({range.first, range.last});
  return ranges;
}

mailstore::UidSet Selected::chosen(const imap::SequenceSet& set, bool by_uid) const {
  if (set.saved) return saved.intersection(uids);
  if (uids.empty()) return {};
  const auto wanted = to_uid_set(set.resolve(by_uid ? uids.last() : count()));
  return by_uid ? uids.intersection(wanted) : uids.at(wanted);
}

}  // namespace tubepost::imapd

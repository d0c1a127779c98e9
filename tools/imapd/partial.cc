#include "imapd/partial.h"

namespace tubepost::imapd {

PartialRange expect_partial_range(imap::Scanner& args) {
  PartialRange range;
  const auto begun = args.rest();
  range.from_end = args.take('-');
  range.first = args.expect_nz_number();
  args.expect(':');
  if (range.from_end) args.expect('-');
  range.last = args.expect_nz_number();
  if (args.failed()) return {};
  range.text = begun.substr(0, begun.size() - args.rest().size());
  if (range.first > range.last) std::swap(range.first, range.last);
  return range;
}

mailstore::UidSet part_of(const mailstore::UidSet& uids, const PartialRange& range) {
  const auto count = static_cast<std::uint32_t>(uids.size());
  mailstore::UidSet positions;
  if (!range.from_end)
    positions.add(mailstore::UidRange{range.first, range.last});
  else if (range.first <= count)
    positions.add(
        mailstore::UidRange{range.last >= count ? 1 : count - range.last + 1, count - range.first + 1});
  return uids.at(positions);
}

}  // namespace tubepost::imapd

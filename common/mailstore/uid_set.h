// A set of UIDs as ranges in ascending order, so that a mailbox of a hundred thousand messages costs its
// session a few bytes as long as it has few gaps. Also maps UIDs to message sequence numbers and back
// (RFC 9051 2.3.1.2): a UID's sequence number in a session is its rank in the set of UIDs the session knows.
// A value; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace tubepost::mailstore {

using Uid = std::uint32_t;
inline constexpr Uid uid_max = UINT32_MAX;

struct UidRange {
  Uid first = 0, last = 0;  // both included
  std::uint64_t count() const { return std::uint64_t{last} - first + 1; }
  friend bool operator==(const UidRange&, const UidRange&) = default;
};

class UidSet {
public:
  UidSet() = default;
  UidSet(std::initializer_list<UidRange> ranges) {
    for (const auto& range : ranges) add(range);
  }
  static UidSet of(const std::vector<Uid>& uids);
  static UidSet all() { return {UidRange{1, uid_max}}; }

  // Ranges, kept sorted, disjoint and not adjacent.
  const std::vector<UidRange>& ranges() const { return ranges_; }
  bool empty() const { return ranges_.empty(); }
  std::uint64_t size() const;                          // O(ranges)
  Uid first() const { return ranges_.front().first; }  // of one that is not empty
  Uid last() const { return ranges_.back().last; }
  bool contains(Uid uid) const;  // O(log ranges)

  void add(Uid uid) { add(UidRange{uid, uid}); }
  void add(UidRange range);  // at the end: O(1)
  void add(const UidSet& other);
  void remove(const UidSet& other);  // O(ranges of both)
  UidSet intersection(const UidSet& other) const;
  UidSet without(const UidSet& other) const;
  UidSet from(Uid first) const;  // those not less than `first`

  // Sequence numbers, from 1.
  std::optional<std::uint32_t> sequence_of(Uid uid) const;  // O(ranges)
  std::optional<Uid> uid_at(std::uint32_t sequence) const;  // O(ranges)
  // The UIDs with the sequence numbers of `sequences` (a set of numbers from 1); numbers beyond are left out.
  UidSet at(const UidSet& sequences) const;
  // The sequence numbers of those of `uids` that are here.
  UidSet sequences_of(const UidSet& uids) const;

  void shrink() { ranges_.shrink_to_fit(); }  // for sets that stay
  friend bool operator==(const UidSet&, const UidSet&) = default;

private:
  std::vector<UidRange> ranges_;
};

// Sequence numbers of UIDs asked for in ascending order: O(1) each, taken together. Borrows the set.
class SequenceWalk {
public:
  explicit SequenceWalk(const UidSet& uids) : ranges_(uids.ranges()) {}
  std::optional<std::uint32_t> sequence_of(Uid uid);

private:
  const std::vector<UidRange>& ranges_;
  std::size_t at_ = 0;
  std::uint32_t before_ = 0;
};

}  // namespace tubepost::mailstore

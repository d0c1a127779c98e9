// What the store is about: accounts, mailboxes, messages, flags, and the values its operations take and give
// (mailstore.h). Plain values, no ownership, any thread.
//
// A message's flags are the bits of one number: `Flag`, and above them one bit for each keyword of its mailbox
// (MailboxStatus::keywords), so that a session needs no memory for each message. Bits of different mailboxes
// do not mean the same keywords.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/enhanced_status.h"
#include "mailstore/uid_set.h"
#include "spool/spool_id.h"

namespace tubepost::mailstore {

using AccountId = std::uint64_t;
using MailboxId = std::uint32_t;  // never used again within its account: RFC 8474 MAILBOXID with the account
using ModSeq = std::uint64_t;     // RFC 7162; per mailbox, begins at 1

inline constexpr std::string_view inbox = "INBOX";
inline constexpr char hierarchy_separator = '/';

// ---- limits, tested at N and N+1
inline constexpr std::size_t mailbox_name_max = 480;  // bytes; an LMDB key has at most 511
inline constexpr std::size_t mailbox_depth_max = 32;  // levels of hierarchy
inline constexpr std::size_t mailboxes_max = 10'000;  // of an account
inline constexpr std::size_t subscriptions_max = 10'000;
inline constexpr std::size_t keywords_max = 26;      // different ones in a mailbox
inline constexpr std::size_t keyword_size_max = 64;  // bytes
inline constexpr std::size_t acl_entries_max = 100;  // of a mailbox
inline constexpr std::size_t acl_identifier_max = 320;
inline constexpr std::size_t metadata_entries_max = 100;  // of a mailbox, and of an account's own
inline constexpr std::size_t metadata_name_max = 256;
inline constexpr std::size_t metadata_value_max = 64 << 10;

struct MailboxRef {
  AccountId account = 0;
  MailboxId mailbox = 0;  // 0, in notices of changes: the account's list of mailboxes
  friend auto operator<=>(const MailboxRef&, const MailboxRef&) = default;
};

enum Flag : std::uint32_t { seen = 1, answered = 2, flagged = 4, deleted = 8, draft = 16 };
inline constexpr std::uint32_t system_flags = seen | answered | flagged | deleted | draft;
constexpr std::uint32_t keyword_bit(std::size_t number) { return std::uint32_t{1} << (number + 6); }

// Flags as clients name them.
struct Flags {
  std::uint32_t system = 0;           // of Flag
  std::vector<std::string> keywords;  // `$Forwarded` …; compared without regard to case
};

// The flags somebody may set or take off, where not all of them (RFC 4314 4).
struct FlagMask {
  std::uint32_t system = system_flags;
  bool keywords = true;
  std::uint32_t bits() const { return (system & system_flags) | (keywords ? ~system_flags : 0U); }
};

struct MailboxStatus {
  MailboxId id = 0;
  std::string name;
  std::uint32_t uid_validity = 0;  // no two mailboxes of an account ever have the same
  Uid uid_next = 1;
  ModSeq highest_modseq = 1;
  std::uint32_t messages = 0, unseen = 0, deleted = 0;
  std::uint64_t bytes = 0;
  std::string special_use;            // "\Sent", …; empty: none
  std::vector<std::string> keywords;  // number i is the bit keyword_bit(i); only ever grows
};

// A message as it is recorded: plain, so that a hundred thousand can be looked at without an allocation.
struct Message {
  Uid uid = 0;
  std::uint32_t flags = 0;  // of Flag and keyword_bit
  ModSeq modseq = 0;
  Timestamp internal_date, save_date;  // RFC 3501 2.3.3; RFC 8514
  std::uint64_t size = 0;  // octets of head and body together as fetch() gives them: RFC822.SIZE, POP3's size
  spool::SpoolId email_id;  // RFC 8474 EMAILID; names the body, shared by copies
  std::uint32_t head = 0;   // which of the body's generated heads; 0: none
};

// Keywords by name, of a message's bits.
std::vector<std::string_view> keywords_of(std::uint32_t flags, const MailboxStatus& mailbox);

struct Usage {
  std::uint64_t bytes = 0, messages = 0;
};
struct Quota {
  std::uint64_t bytes = 0, messages = 0;  // 0: no limit
};

// Failures' status codes a caller may want to tell apart. All others: the store itself (4.3.x; 4.3.1: full).
namespace refusal {
inline constexpr EnhancedStatus over_quota{4, 2, 2};
inline constexpr EnhancedStatus no_such_mailbox{5, 1, 1};
inline constexpr EnhancedStatus bad_name{5, 1, 3};  // no name for a mailbox, keyword, entry, identifier
inline constexpr EnhancedStatus already_exists{5, 1, 4};
inline constexpr EnhancedStatus limit_reached{5, 5, 3};  // one of the limits above
inline constexpr EnhancedStatus not_possible{5, 7, 1};   // DELETE INBOX and the like
inline constexpr EnhancedStatus no_such_message{5, 6, 0};
inline constexpr EnhancedStatus out_of_uids{4, 2, 0};
}  // namespace refusal

}  // namespace tubepost::mailstore

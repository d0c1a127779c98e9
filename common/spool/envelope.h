// What the spool knows of a message besides its bytes. Values; how they are stored stands in schema.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/enhanced_status.h"
#include "spool/spool_id.h"

namespace tubepost::spool {

enum class BodyType { seven_bit, eight_bit_mime, binary_mime };

// Where a message came from: for Received, logs, the trace and DSNs.
struct Origin {
  std::string role;            // "mx", "submission", "lmtp", "local", "dsn", "generated"
  std::string protocol;        // RFC 3848: "ESMTPSA" …
  std::string client_address;  // text; empty: none
  std::string helo;
  std::string auth_user;  // the account, if authenticated (or the Unix user of a local one)
  std::string tls;        // "TLSv1.3 TLS_AES_256_GCM_SHA384", empty: none
};

// RFC 2852 4: what happens when the time of DELIVERBY is up.
enum class DeliverByMode : std::uint8_t {
  give_back,  // by-mode R: it fails, and goes back to its sender
  notify      // by-mode N: the sender is told of the delay, and it is tried further
};

struct DeliverBy {
  Timestamp deadline;
  DeliverByMode mode = DeliverByMode::notify;
  bool trace = false;  // RFC 2852 4.1.3, by-trace: SUCCESS of each relay is to be told
  friend bool operator==(const DeliverBy&, const DeliverBy&) = default;
};

struct Envelope {
  std::string reverse_path;  // "" is the null reverse-path
  BodyType body_type = BodyType::seven_bit;
  bool smtputf8 = false, require_tls = false;
  std::optional<std::string> dsn_envid;  // RFC 3461 4.4, decoded
  std::string dsn_ret;                   // "", "FULL", "HDRS"
  // RFC 4865 FUTURERELEASE, already made absolute: no recipient is due before; the epoch: at once.
  Timestamp not_before;
  std::optional<DeliverBy> deliver_by;  // RFC 2852 DELIVERBY, made absolute
  Origin origin;
  Timestamp accepted;
  std::uint64_t size = 0;        // bytes of the stored message
  std::uint32_t recipients = 0;  // how many were given numbers so far; the next number

  // When its first attempt is planned: the retry schedule and the expiry count from here.
  Timestamp released() const { return accepted < not_before ? not_before : accepted; }
};

struct NewRecipient {
  std::string address;   // to be delivered to
  std::string original;  // as it was first given, where it differs (alias expansion); empty: the same
  std::string orcpt;     // RFC 3461 4.2, "rfc822;…", as given; empty: none
  std::string notify;    // RFC 3461 4.1: "", "NEVER", or a comma list of SUCCESS, FAILURE, DELAY
};

// What the sender is still to be told of a recipient (RFC 3461 4.1, RFC 3464 2.3.3).
enum class Owed : std::uint8_t { nothing, failure, delivered, relayed, expanded, delay };

// queued: due at `next`, not tried yet. deferred: tried, due again at `next`. working: claimed by qrun. held: waits for an
// operator. failed: never to be tried again, its DSN is still owed. done: it has it, and a DSN of success is still
// owed.
enum class State : std::uint8_t { queued, deferred, working, held, failed, done };
inline constexpr std::size_t states = 6;
std::string_view to_text(State state);

// What an operator wants of a recipient that is in delivery; obeyed unless the result is "delivered".
enum class Wish : std::uint8_t { none, hold, drop, fail };

struct Recipient : NewRecipient {
  std::uint32_t number = 0;
  State state = State::queued;
  Wish wish = Wish::none;
  std::uint32_t attempts = 0;
  std::uint32_t crashes = 0;  // worker deaths while this job ran alone (poison: three)
  Timestamp next;
  EnhancedStatus status{2, 0, 0};
  std::string reason;  // the last answer, or why it waits; one line
  bool delay_notified = false;
  Owed owed = Owed::nothing;

  // The queue of the destination it goes to, once qrun has found that out: a domain, or a route's host; empty:
  // not known, or a mailbox here. At most lane_max bytes.
  std::string lane;
  // Waits in its lane for its turn: `next` is when it must be looked at even if that has not come.
  bool parked = false;
  std::uint32_t flow = 0;  // which sender's queue within the lane, so that none holds up the others
  bool urgent = false;     // an operator or its own server asked for it: tried though its destination is down
  std::string route;       // an operator's word where to, as directory::parse_route takes it; empty: none
};
inline constexpr std::size_t lane_max = 255;

// What is remembered of a destination that does not do well, so that a restart does not forget it.
struct Destination {
  std::string name;            // of its lane
  std::uint32_t failures = 0;  // in a row; 0: it does well
  Timestamp failed;            // when the last attempt that failed began
  Timestamp probe;             // when it is tried again
  std::string text;            // what went wrong
};

// An address is suppressed when it was wrong so often without one success between, so that a person who
// corrects a mistake and sends again is never kept from it.
inline constexpr std::uint32_t suppressing_bounces = 3;

// An address that bounced hard (spec part 2, Queue).
struct Suppression {
  std::string address;
  std::uint32_t bounces = 0;
  Timestamp last, until;  // of the last bounce; when it is forgotten
  std::string text;       // what was said
  bool is_in_force() const { return bounces >= suppressing_bounces; }  // until then it is but counted
};

// One line of a message's life. The journal outlives the message (`mailq trace`, `mailq find`).
struct Event {
  Timestamp time;
  std::string
      name;  // "accepted", "claimed", "delivered", "deferred", "failed", "expanded", "held", … (docs/events.md)
  std::string fields;  // "key=value" words, logfmt-quoted
};

}  // namespace tubepost::spool

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

// queued: due at `next`, not tried yet. deferred: tried, due again at `next`. working: claimed by qrun. held: waits for an
// operator. failed: never to be tried again, its DSN is still owed.
enum class State : std::uint8_t { queued, deferred, working, held, failed };
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
};

// One line of a message's life. The journal outlives the message (`mailq trace`, `mailq find`).
struct Event {
  Timestamp time;
  std::string
      name;  // "accepted", "claimed", "delivered", "deferred", "failed", "expanded", "held", … (docs/events.md)
  std::string fields;  // "key=value" words, logfmt-quoted
};

}  // namespace tubepost::spool

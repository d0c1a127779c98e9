// The queue: everything accepted and not yet done with. Its promise: when accept() has returned, body,
// envelope and every recipient are on disk (design.md 2, 3); what is legal in it, and what a crash at each
// step leaves, stands in docs/spool-states.md; how it is written stands in schema.h.
//
// Processes: smtpd, sendmail, mailq and qrun write; deliver and mxsend only read. At most one qrun (a lock).
// Threading: any thread; accept() of several threads is one commit.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "spool/envelope.h"
#include "spool/totals.h"

namespace tubepost::spool {

// A body on its way in: in memory up to the inline limit, then an unnamed file of the spool's file system.
// CRLF line ends.
class Body {
public:
  Body(Body&&) noexcept;
  Body& operator=(Body&&) noexcept;
  ~Body();
  std::uint64_t size() const;
  std::uint32_t crc() const;

private:
  friend class BodyWriter;
  friend class Spool;
  friend struct Intake;
  Body();
  struct State;
  std::unique_ptr<State> state_;
};

class BodyWriter {
public:
  BodyWriter(BodyWriter&&) noexcept;
  ~BodyWriter();
  void append(std::string_view bytes);  // what fails is kept and said by finish()
  std::uint64_t size() const;
  // What has been appended so far, for a reader before finish(): in memory, or (file >= 0) all of it in a
  // file that is not synced yet. Valid until the next call.
  struct View {
    std::string_view bytes;
    int file = -1;
  };
  Result<View> view();
  Result<Body> finish();  // a large body is on disk (fdatasync) afterwards, though not yet linked

private:
  friend class Spool;
  BodyWriter();
  std::unique_ptr<Body::State> state_;
};

// A stored body, checked (length, id, CRC): a copy of a small one, a read-only map of a large one. Open to
// any thread.
class StoredBody {
public:
  StoredBody(StoredBody&&) noexcept;
  StoredBody& operator=(StoredBody&&) noexcept;
  ~StoredBody();
  std::string_view bytes() const;
  std::uint32_t crc() const;
  // The file of a large one, so that the store can link it; empty: it is small.
  const std::string& path() const;

private:
  friend class Spool;
  StoredBody();
  struct State;
  std::unique_ptr<State> state_;
};

struct Message {
  SpoolId id;
  Envelope envelope;  // accepted and size are filled in by accept()
  std::vector<NewRecipient> recipients;
  Body body;
  std::string hold{};  // why every recipient is held from the start (an operator's release sends it on);
                       // empty: it is not
  std::vector<Event> decisions{};  // lines of its journal, after "accepted": what let it in, and why
};

// ---- for qrun

struct Claim {
  SpoolId id;
  Recipient recipient;
  std::shared_ptr<const Envelope> envelope;  // shared by the claims of one message in one turn
  bool from_lane = false;                    // asked for by LaneWish
  std::string suppressed{};                  // why nothing is sent to this address now; empty: it is
};

struct Generated {  // mail that a delivery or a round made: forward, redirect, autoreply, DSN
  SpoolId id;
  Envelope envelope;
  std::vector<NewRecipient> recipients;
  std::string content;
};

struct Outcome {
  enum class Kind {
    delivered,  // done
    deferred,   // try again at `next`
    failed,     // never; owes a DSN unless notify=NEVER or the sender is null
    expanded,   // replaced by `leaves`
    discarded,  // done, by a discard route or an operator's drop
    postponed,  // looked at, not tried: again at `next`, not counted as an attempt; `text` says why
    held,       // waits for an operator
    unknown     // the worker died: claimed again at `next`, not counted as an attempt; `crashed`: counts as
                // poison
  } kind = Kind::delivered;
  SpoolId id;
  std::uint32_t recipient = 0;
  Timestamp next{};
  EnhancedStatus status{2, 0, 0};
  std::string text;
  bool crashed = false;
  std::string window{};  // unknown: the moment the worker died in, for the trace ("final-dot")
  // deferred, postponed: the lane of its destination, empty: none; `parked`: it waits there for its turn.
  std::string lane{};
  bool parked = false;
  Owed owed =
      Owed::nothing;  // of delivered, expanded, deferred, postponed: the DSN that the sender is to get
  // failed: the address is known to be wrong, and is suppressed until then after so many such bounces.
  std::optional<Timestamp> suppress_until{};
  std::vector<NewRecipient> leaves;
  std::vector<Generated> generated;
};

// A message's round is over and it owes a DSN: what is needed to write one (see Spool::turn).
struct Debt {
  SpoolId id;
  std::shared_ptr<const Envelope> envelope;
  std::vector<Recipient> owed;  // each says by Recipient::owed what
};

// So many recipients that are parked in a lane are claimed, due or not: round about among the senders.
struct LaneWish {
  std::string lane;
  std::size_t most = 0;
  std::uint32_t flow = 0;  // the sender to begin with: what the last LaneNews of this lane said
  // So many recipients of one message, which travel together, count as one (while there are not very many in the turn).
  std::size_t together = 1;
};
struct LaneNews {
  std::string lane;
  std::uint32_t flow = 0;
  bool empty = false;  // nobody is parked in it any more
};

// What a turn does besides recording outcomes and claiming what is due.
struct LaneWork {
  std::vector<LaneWish> wishes;
  std::vector<Destination> changed;  // to be remembered; with no failures: to be forgotten
};

struct Turn {
  std::vector<Claim> claims;
  std::vector<Debt> debts;            // each is reported again until settled
  std::optional<Timestamp> next_due;  // of what is not due yet
  std::vector<LaneNews> lanes;        // of each wish
};

struct LaneCount {
  std::string lane;
  std::uint64_t parked = 0;
  std::optional<Destination> trouble;  // nullopt: it does well
};

struct Found {  // by find_finished
  SpoolId id;
  std::vector<Event> events;
};

// ---- for mailq

struct Filter {
  std::string from, to, domain;  // globs; empty: any
  std::optional<State> state;
  std::optional<Timestamp> accepted_before, accepted_after;
  std::optional<std::uint64_t> larger, smaller;
};

struct Queued {
  SpoolId id;
  Envelope envelope;
  std::vector<Recipient> recipients;
};

// Whether somebody of the queued message fits.
bool matches(const Filter& filter, const Queued& queued);

enum class Action { hold, release, retry, drop, fail, reroute };

class Spool {
public:
  struct Options {
    bool create = false, read_only = false;
    std::uint64_t inline_max = 256 << 10;  // spool.inline-max
    double disk_reserve = 0.05;  // spool.disk-reserve: this part of the file system is not for intake
    bool group_commit = true;    // false: commit in the caller's thread (one-shot programs)
    std::function<void()> commit_failed;  // see GroupCommit; called once
    // Tests only: called at the named steps of docs/spool-states.md, so that a process can die there.
    std::function<void(std::string_view step)> at_step;
  };
  static Result<Spool> open(const std::string& folder, const Options& options, const Clock& clock);
  Spool(Spool&&) noexcept;
  Spool& operator=(Spool&&) noexcept;
  ~Spool();

  // -- intake
  BodyWriter new_body() const;
  Result<void> accept(Message message);  // durable when it returns; wakes qrun
  // 452 4.3.1 if `size` more bytes would touch the reserve. Cheap: the answer is at most a second old.
  Result<void> check_room(std::uint64_t size) const;

  // -- reading; each call is its own transaction (long ones renew it)
  Result<std::optional<Queued>> find(const SpoolId& id) const;
  Result<StoredBody> body(const SpoolId& id) const;  // a permanent Failure if it is gone
  // In order of age; of each message the recipients that match, if any does. `visit` is called outside any
  // transaction and returns false to stop.
  Result<void> list(const Filter& filter, const std::function<bool(const Queued&)>& visit) const;
  Result<std::vector<Event>> trace(const SpoolId& id) const;  // empty: never heard of it
  Result<std::optional<SpoolId>> complete(
      std::string_view prefix) const;  // of an id; nullopt: none or several

  // -- qrun
  // The right to be qrun: waits up to `patience`; the descriptor is inherited by workers, so that a successor
  // waits for the last of them. nullopt: another has it.
  Result<std::optional<UniqueFd>> lock_scheduler(Milliseconds patience) const;
  UniqueFd open_wake_fifo() const;  // readable after a commit of anybody
  void nudge() const;               // writes that byte
  // At start: claims found are given back ("outcome unknown").
  Result<std::size_t> recover_claims();
  // One transaction: records outcomes, then claims up to `most` recipients due at `now`, attempts counted.
  // Durable. An outcome of a recipient that is not claimed (any more) is ignored and noted, so a turn may be
  // repeated. Writes nothing where there is nothing to write. `next_due` is later than `now`: as many claims
  // as `most` may mean that there are more.
  Result<Turn> turn(const std::vector<Outcome>& outcomes, Timestamp now, std::size_t most,
                    const LaneWork& lanes = {});
  Result<std::vector<Destination>> destinations() const;  // those that do not do well
  // The lanes in which somebody is parked, and how many: a row a lane, however full it is.
  Result<std::vector<LaneCount>> lanes() const;
  // When the oldest message of the queue was accepted; nullopt: it is empty.
  Result<std::optional<Timestamp>> oldest() const;
  // Inserts the DSN (none: the debt is forgiven, e.g. NOTIFY=NEVER) and clears the debts it pays, in one
  // transaction.
  Result<void> settle(const Debt& debt, const std::optional<Generated>& report);
  Result<void> note(const SpoolId& id, const Event& event);  // one more line in its journal
  // Lines of finished messages whose last line is older; at most `most` of them. How many. Again, until it
  // says 0.
  Result<std::size_t> prune_journal(Timestamp older_than, std::size_t most);
  // Now and then (hourly): unlinks files of bodies/ that were dropped a day ago or left by a crash before
  // their commit. Not during a backup. How many.
  Result<std::size_t> sweep_files();
  Result<std::vector<SpoolId>> orphans() const;  // what a sweep would unlink besides the dropped ones
  // For a backup: as long as the descriptor is open no file of bodies/ is unlinked. nullopt: a sweep is under
  // way.
  Result<std::optional<UniqueFd>> hold_files() const;

  // -- operators: on each recipient of `id` that `filter` matches; claimed ones get a wish. How many there
  // were.
  struct Acted {
    std::size_t done = 0, wished = 0;
  };
  // `route`: of a reroute, as directory::parse_route takes it; empty: back to what the directory says.
  Result<Acted> act(const SpoolId& id, Action action, const Filter& filter, std::string_view who,
                    std::string_view route = {});

  // Makes everything that waits for `domain` due now (O9); with `subdomains` ("@example.net" of RFC 1985 5.3)
  // what is below it as well. What is held, or not to be released yet, stays. At most once a minute for each
  // domain, so that a stranger cannot keep the queue busy.
  struct Expedited {
    enum class Kind {
      none_waiting,  // 251: nothing waits for it
      started,       // 253: `recipients` are due now
      too_soon       // 458: it was done a moment ago
    } kind = Kind::none_waiting;
    std::size_t recipients = 0;
  };
  Result<Expedited> expedite(std::string_view domain, bool subdomains, std::string_view who);

  // -- addresses that bounced hard
  Result<std::vector<Suppression>> suppressions() const;
  Result<bool> unsuppress(std::string_view address);  // false: it was not there

  // -- how much there is, and what was
  Result<Totals> totals() const;
  // Finished messages by exact addresses or, where a glob or none is given, by looking at all of the time between;
  // newest day first. `visit` returns false to stop.
  Result<void> find_finished(const Filter& filter, const std::function<bool(const Found&)>& visit) const;

  // Every broken rule of docs/spool-states.md, a sentence each; `repair` mends what can be mended without
  // losing mail.
  Result<std::vector<std::string>> check(bool repair);
  Result<std::uint64_t> message_count() const;
  // A spool of its own in `folder`, which exists, as it is at one moment, live; for trying out what would be: without
  // the large bodies.
  Result<void> copy_to(const std::string& folder) const;

private:
  struct State;
  explicit Spool(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tubepost::spool

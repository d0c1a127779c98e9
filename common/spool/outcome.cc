#include "spool/outcome.h"

#include "base/crc32c.h"
#include "base/text.h"

namespace tubepost::spool {
namespace {

constexpr std::size_t reason_max = 1000;

// One outcome and the recipient it is about, as it stands in the spool.
struct Case {
  Editor& edit;
  const Outcome& outcome;
  const Recipient& before;

  const SpoolId& id() const { return outcome.id; }
  Recipient after() const {
    Recipient recipient = before;
    recipient.wish = Wish::none;
    recipient.status = outcome.status;
    recipient.reason = printable(outcome.text, reason_max);
    recipient.owed = Owed::nothing;
    return recipient;
  }
  // As it waits for its next attempt, in the lane of its destination where that is known.
  Recipient waiting() const {
    Recipient recipient = after();
    recipient.next = outcome.next;
    recipient.lane = outcome.lane.size() > lane_max ? std::string() : outcome.lane;
    recipient.parked = outcome.parked && !recipient.lane.empty();
    recipient.urgent = false;
    if (outcome.owed == Owed::delay && edit.may_owe(outcome.id, before, Owed::delay))
      recipient.owed = Owed::delay;
    if (recipient.parked) {
      const auto envelope = edit.envelope(outcome.id);
      recipient.flow = envelope ? crc32c(envelope->reverse_path) : 0;
    }
    return recipient;
  }
  void note(std::string_view event, std::string_view more_key = {}, std::string_view more = {}) const {
    const std::string number = std::to_string(before.number), status = to_string(outcome.status);
    edit.journal.add(id(), event,
                     words({{"to", before.address},
                            {"recipient", number},
                            {"original", before.original},
                            {"status", status},
                            {more_key, more},
                            {"text", outcome.text}}));
  }
};

void delivered(const Case& c) {
  c.note("delivered");
  if (!c.outcome.lane.empty()) c.edit.forgive(c.before.address);
  if (c.outcome.owed == Owed::nothing) return c.edit.remove(c.id(), c.before);
  Recipient after = c.after();
  after.owed = c.outcome.owed;
  c.edit.finish_owing(c.id(), c.before, std::move(after));
}

void discarded(const Case& c) {
  c.note("discarded");
  c.edit.remove(c.id(), c.before);
}

void deferred(const Case& c) {
  c.note("deferred", "next", to_rfc3339(c.outcome.next));
  Recipient after = c.waiting();
  after.state = State::deferred;
  c.edit.change(c.id(), c.before, after);
}

void postponed(const Case& c) {
  Recipient after = c.waiting();
  if (after.attempts > 0) --after.attempts;
  after.state = after.attempts == 0 ? State::queued : State::deferred;
  // It may wait for days; its trace says so once.
  if (after.reason != c.before.reason) c.note("postponed", "next", to_rfc3339(c.outcome.next));
  c.edit.change(c.id(), c.before, after);
}

void failed(const Case& c) {
  c.note("failed");
  if (c.outcome.suppress_until)
    c.edit.count_bounce(c.before.address, *c.outcome.suppress_until, c.outcome.text);
  c.edit.fail(c.id(), c.before, c.after());
}

void held(const Case& c) {
  c.note("held");
  Recipient after = c.after();
  after.state = State::held;
  c.edit.change(c.id(), c.before, after);
}

void failed_because(const Case& c, EnhancedStatus status, std::string text) {
  Outcome why = c.outcome;
  why.status = status;
  why.text = std::move(text);
  failed({c.edit, why, c.before});
}

void expanded(const Case& c) {
  // Nobody would get it and nobody would hear of it. RFC 3463 3.3: X.2.4, mailing list expansion problem.
  if (c.outcome.leaves.empty()) return failed_because(c, {5, 2, 4}, "the alias or list has no members");
  // RFC 3461 5.2.7.3 (c): the alias stays until its "expanded" has been told; its leaves get numbers of their own.
  const bool owes = c.outcome.owed != Owed::nothing && c.edit.may_owe(c.id(), c.before, c.outcome.owed);
  const auto added = c.edit.expand(c.id(), c.before, c.outcome.leaves, owes);
  // RFC 3463 3.5: X.4.6, routing loop detected.
  if (!added) return failed_because(c, {5, 4, 6}, "the expansion makes too many recipients");
  c.note("expanded", "leaves", std::to_string(*added));
  if (!owes) return;
  Recipient after = c.after();
  after.owed = c.outcome.owed;
  c.edit.finish_owing(c.id(), c.before, std::move(after));
}

// The worker died: whether it had done its work is not known here; the delivery id makes the next attempt
// safe.
void unknown(const Case& c) {
  if (c.outcome.window.empty())
    c.note("outcome-unknown", c.outcome.crashed ? "crashed" : "", "yes");
  else
    c.note("outcome-unknown", "window", c.outcome.window);
  Recipient after = c.before;
  after.wish = Wish::none;
  if (after.attempts > 0) --after.attempts;
  if (c.outcome.crashed) ++after.crashes;
  after.state = after.attempts == 0 ? State::queued : State::deferred;
  after.next = c.outcome.next;
  if (!c.outcome.text.empty()) after.reason = printable(c.outcome.text, reason_max);
  c.edit.change(c.id(), c.before, after);
}

void apply(const Case& c) {
  switch (c.outcome.kind) {
    case Outcome::Kind::delivered:
      return delivered(c);
    case Outcome::Kind::deferred:
      return deferred(c);
    case Outcome::Kind::postponed:
      return postponed(c);
    case Outcome::Kind::failed:
      return failed(c);
    case Outcome::Kind::expanded:
      return expanded(c);
    case Outcome::Kind::discarded:
      return discarded(c);
    case Outcome::Kind::held:
      return held(c);
    case Outcome::Kind::unknown:
      return unknown(c);
  }
}

}  // namespace

bool record(Editor& edit, const Outcome& outcome) {
  const auto before = edit.recipient(outcome.id, outcome.recipient);
  if (!before || before->state != State::working) {
    const std::string number = std::to_string(outcome.recipient);
    if (edit.journal.knows(outcome.id))
      edit.journal.add(outcome.id, "outcome-ignored", words({{"recipient", number}, {"text", outcome.text}}));
    return false;
  }
  if (before->wish != Wish::none && outcome.kind != Outcome::Kind::delivered) {
    Recipient without_wish = *before;
    without_wish.reason = printable(outcome.text, reason_max);
    obey(edit, outcome.id, without_wish, before->wish, "");
    return false;
  }
  apply({edit, outcome, *before});
  return true;
}

void obey(Editor& edit, const SpoolId& id, const Recipient& recipient, Wish wish, std::string_view who) {
  const std::string number = std::to_string(recipient.number);
  const std::string fields =
      words({{"to", recipient.address}, {"recipient", number}, {"by", who.empty() ? "wish" : who}});
  Recipient after = recipient;
  after.wish = Wish::none;
  switch (wish) {
    case Wish::none:
      return;
    case Wish::hold:
      edit.journal.add(id, "held", fields);
      after.state = State::held;
      return edit.change(id, recipient, after);
    case Wish::drop:
      edit.journal.add(id, "dropped", fields);
      return edit.remove(id, recipient);
    case Wish::fail:
      edit.journal.add(id, "failed", fields);
      // RFC 3463 3.8: X.7.0, other or undefined security status, is what a human's no comes nearest to.
      after.status = {5, 7, 0};
      after.reason = "given up by the operator" +
                     (recipient.reason.empty() ? "" : "; the last answer was: " + recipient.reason);
      return edit.fail(id, recipient, after);
  }
}

}  // namespace tubepost::spool

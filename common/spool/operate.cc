// What an operator does to the recipients of a message.
#include "spool/edit.h"
#include "spool/filter.h"
#include "spool/outcome.h"
#include "spool/state.h"

namespace tubepost::spool {
namespace {

struct Order {
  Editor& edit;
  const SpoolId& id;
  Action action;
  std::string_view who, route;
};

void note(const Order& order, const Recipient& recipient, std::string_view event) {
  const std::string number = std::to_string(recipient.number);
  order.edit.journal.add(order.id, event,
                         words({{"to", recipient.address}, {"recipient", number}, {"by", order.who}}));
}

Wish wish_of(Action action) {
  switch (action) {
    case Action::hold:
      return Wish::hold;
    case Action::drop:
      return Wish::drop;
    case Action::fail:
      return Wish::fail;
    case Action::release:
    case Action::retry:
    case Action::reroute:
      return Wish::none;
  }
  return Wish::none;
}

// The recipient is with a worker: qrun obeys when its result comes. A release takes a wish back; a retry is
// under way.
bool wish(const Order& order, const Recipient& recipient) {
  const Wish wanted = wish_of(order.action);
  if (order.action == Action::retry || order.action == Action::reroute || wanted == recipient.wish)
    return false;
  Recipient after = recipient;
  after.wish = wanted;
  order.edit.change(order.id, recipient, after);
  constexpr std::string_view names[] = {"wish-withdrawn", "wish-hold", "wish-drop", "wish-fail"};
  note(order, recipient, names[static_cast<std::size_t>(wanted)]);
  return true;
}

void make_due(const Order& order, const Recipient& recipient, std::string_view event) {
  Recipient after = recipient;
  after.state = recipient.attempts == 0 ? State::queued : State::deferred;
  after.next = order.edit.now();
  after.parked = false;
  after.urgent = true;
  if (order.action == Action::release) after.crashes = 0;  // the operator gives it another three
  note(order, recipient, event);
  order.edit.change(order.id, recipient, after);
}

// Held ones are rerouted and stay held.
bool reroute(const Order& order, const Recipient& recipient) {
  Recipient after = recipient;
  after.route = order.route;
  const std::string number = std::to_string(recipient.number);
  order.edit.journal.add(order.id, "rerouted",
                         words({{"to", recipient.address},
                                {"recipient", number},
                                {"route", order.route.empty() ? "directory" : order.route},
                                {"by", order.who}}));
  if (recipient.state != State::held) {
    after.next = order.edit.now();
    after.lane.clear();
    after.parked = false;
    after.urgent = true;
  }
  order.edit.change(order.id, recipient, after);
  return true;
}

bool act_on_idle(const Order& order, const Recipient& recipient) {
  const bool waits = recipient.state == State::queued || recipient.state == State::deferred;
  const bool held = recipient.state == State::held, failed = recipient.state == State::failed;
  switch (order.action) {
    case Action::hold:
    case Action::fail:
      if (!waits && !(held && order.action == Action::fail)) return false;
      return obey(order.edit, order.id, recipient, wish_of(order.action), order.who), true;
    case Action::drop:
      if (!waits && !held && !failed) return false;
      return obey(order.edit, order.id, recipient, Wish::drop, order.who), true;
    case Action::release:
      if (!held) return false;
      return make_due(order, recipient, "released"), true;
    case Action::retry:
      if (!waits) return false;
      return make_due(order, recipient, "retried"), true;
    case Action::reroute:
      return (waits || held) && reroute(order, recipient);
  }
  return false;
}

}  // namespace

Result<Spool::Acted> Spool::act(const SpoolId& id, Action action, const Filter& filter, std::string_view who,
                                std::string_view route) {
  const State& s = *state_;
  Acted acted;
  auto done = state_->commit(
      [&](lmdb::WriteTransaction& write) -> Result<void> {
        acted = {};
        Editor edit(write, s.tables, s.clock.now());
        const Order order{edit, id, action, who, route};
        const auto envelope = edit.envelope(id);
        if (envelope && !matches(filter, *envelope)) return {};
        for (const Recipient& recipient : edit.recipients(id)) {
          if (!matches(filter, recipient)) continue;
          if (recipient.state == spool::State::working)
            acted.wished += wish(order, recipient) ? 1 : 0;
          else
            acted.done += act_on_idle(order, recipient) ? 1 : 0;
        }
        edit.finish();
        return {};
      },
      0);
  if (!done) return std::move(done).error();
  return acted;
}

}  // namespace tubepost::spool

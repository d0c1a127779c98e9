#include "mxsend/round.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "mxsend/tls_count.h"
#include "smtp/reply_class.h"

namespace tubepost::mxsend {
namespace {

using relay::Status;
using relay::Trouble;

constexpr int sessions_max = 2;     // hosts that answered and did not take all of it: enough for one round
constexpr int connects_max = 8;     // that did not even answer
constexpr unsigned uses_max = 100;  // of one connection
constexpr Milliseconds age_max = std::chrono::minutes(5);

// RFC 2852 4.1.4 is about relaying: an LMTP server delivers, and now.
smtp::Extensions what_it_takes(Connection& connection) {
  smtp::Extensions extensions = connection.client().extensions();
  extensions.deliver_by = extensions.deliver_by || connection.peer().lmtp;
  return extensions;
}

bool is_dns(const Failure& failure) {
  return failure.status.subject == 4 && (failure.status.detail == 3 || failure.status.detail == 4);
}

// "Done" to DATA, before a word of the message was sent: it answers something else.
bool is_out_of_step(const smtp::Sent& sent) { return sent.data && sent.data->is_done(); }

}  // namespace

Round::Round(Courier& courier, const relay::Job& job, std::string_view body)
    : courier_(courier), job_(job), content_(Content::of(body)), said_(job.recipients.size(), false) {
  answer_.id = job.id;
  for (const auto& recipient : job.recipients) {
    relay::Verdict verdict;
    verdict.number = recipient.number;
    answer_.verdicts.push_back(std::move(verdict));
  }
}

relay::Answer Round::run() {
  courier_.parts_.admission.begin_job();
  try {
    if (job_.route == "direct" &&
        !(courier_.parts_.options.smarthost_always && !courier_.parts_.options.smarthosts.empty()))
      by_direct();
    else if (job_.route == "direct" || job_.route == "smarthost")
      by_way("smarthost", courier_.parts_.routes.smarthosts());
    else
      by_way(job_.route, courier_.parts_.routes.fixed(job_.route));
  } catch (const net::ShuttingDown&) {
    courier_.kept_ = {};
    postpone_rest();
  }
  if (!reached_ && !setbacks_.empty()) answer_.trouble = setbacks_.back().trouble;
  return std::move(answer_);
}

mailauth::TlsWishes Round::wishes() const {
  return {job_.require_tls, mailauth::says_tls_optional(content_.bytes)};
}

std::vector<std::size_t> Round::open_places() const {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < answer_.verdicts.size(); ++i)
    if (!is_done(i)) places.push_back(i);
  return places;
}

void Round::by_direct() {
  const auto wish = wishes();
  // A connection is used again only for what may demand no more of it.
  const std::string key = "direct " + job_.domain +
                          (wish.require_tls    ? " requiretls"
                           : wish.tls_optional ? " tls-optional"
                                               : "");
  if (!by_kept(key)) {
    courier_.parts_.admission.connecting();  // looking for names takes its time as well
    by_way(key, courier_.parts_.routes.direct(job_.domain, wish));
  }
  fall_back();
}

void Round::by_way(const std::string& key, Result<Way> way) {
  if (by_kept(key)) return;
  setbacks_.clear();
  if (way) {
    setbacks_ = way->passed_over;
    for (const auto& passed : way->passed_over) count_passed_over(courier_.parts_, job_.domain, passed);
    by_peers(key, way->peers);
  } else {
    const auto trouble = is_dns(way.error()) ? Trouble::dns : Trouble::policy;
    take_setback({way.error().status.subject == 1 ? Trouble::dns : trouble, std::move(way).error(), 0, ""});
  }
  settle_rest();
}

// True: everybody is served by the connection that was kept.
bool Round::by_kept(const std::string& key) {
  auto& kept = courier_.kept_;
  if (!kept.connection) return false;
  const bool fits =
      kept.key == key && kept.used < uses_max && courier_.parts_.clock.since_boot() - kept.since < age_max;
  if (!fits) {
    courier_.hang_up();
    return false;
  }
  auto connection = std::move(kept.connection);
  const auto next = transact(*connection, false);
  keep_or_drop(key, std::move(connection), next);
  return open_places().empty();
}

void Round::by_peers(const std::string& key, const std::vector<Peer>& peers) {
  const Connection::Parts parts{courier_.parts_.options, courier_.parts_.contexts, courier_.parts_.watch,
                                courier_.parts_.admission, courier_.parts_.logger};
  int sessions = 0, connects = 0;
  for (const auto& peer : peers) {
    if (lost_ || open_places().empty() || sessions == sessions_max || connects == connects_max) return;
    ++sessions;
    waiting_.clear();
    do {
      if (courier_.parts_.watch.is_stopping()) throw net::ShuttingDown();
      auto opened = Connection::open(parts, peer);
      count_session(courier_.parts_, job_.domain, peer, opened);
      if (auto* setback = std::get_if<Setback>(&opened)) {
        if (setback->trouble == Trouble::connect && waiting_.empty()) ++connects, --sessions;
        take_setback(*setback);
        waiting_.clear();
        break;
      }
      auto& connection = std::get<std::unique_ptr<Connection>>(opened);
      courier_.kept_.used = 0;
      courier_.kept_.since = courier_.parts_.clock.since_boot();
      const auto next = transact(*connection, true);
      keep_or_drop(key, std::move(connection), next);
    } while (!waiting_.empty());  // fewer each time: a session takes one domain at least
  }
}

void Round::keep_or_drop(const std::string& key, std::unique_ptr<Connection> connection, Next next) {
  auto& kept = courier_.kept_;
  if (next == Next::again) return;  // it is gone
  if (next == Next::next_host) return connection->say_goodbye();
  kept.key = key;
  kept.connection = std::move(connection);
  ++kept.used;
}

// RFC 9422 4.3: those whose domains the session may still name; the others wait for another one.
std::vector<std::size_t> Round::whose_turn(Connection& connection) {
  const auto places = waiting_.empty() ? open_places() : std::exchange(waiting_, {});
  std::vector<std::size_t> turn;
  for (const auto place : places)
    if (!is_done(place))
      (connection.takes_domain_of(job_.recipients[place].address) ? turn : waiting_).push_back(place);
  return turn;
}

// RFC 9422 4.2: no more recipients at a time than the server takes; the others in another transaction.
Round::Next Round::transact(Connection& connection, bool fresh) {
  const auto most = connection.client().extensions().rcpt_max.value_or(relay::recipients_max);
  refuse_unfit(connection);
  auto left = whose_turn(connection);
  auto next = Next::done;
  while (!left.empty() && next == Next::done) {
    const auto end = left.begin() + static_cast<std::ptrdiff_t>(std::min(most, left.size()));
    next = transact(connection, fresh, {left.begin(), end});
    left.erase(left.begin(), end);
    fresh = true;
  }
  if (next != Next::done) waiting_.clear();  // it is not well
  return next == Next::done && !open_places().empty() ? Next::next_host : next;
}

Round::Next Round::transact(Connection& connection, bool fresh, const std::vector<std::size_t>& which) {
  answer_.tls = connection.tls_text();
  answer_.dsn = connection.client().extensions().dsn;
  answer_.deliver_by = what_it_takes(connection).deliver_by;
  auto prepared =
      job_.require_tls && !connection.is_verified()
          ? Failure::permanent("REQUIRETLS: nobody vouches for that server", {5, 7, 30})
          : prepare(job_, which, content_, what_it_takes(connection), courier_.parts_.clock.now());
  if (!prepared) {
    for (const auto place : which) refuse(place, prepared.error(), connection);
    return Next::done;
  }
  smtp::Sent sent;
  const auto next = talk(connection, fresh, sent, (*prepared)->letter);
  if (next != Next::again) take_replies(connection, which, sent);
  return next;
}

// An address that the server cannot take is no reason to keep the message from the others.
void Round::refuse_unfit(Connection& connection) {
  for (const auto place : open_places())
    if (const auto fits = fit_address(job_.recipients[place].address, connection.client().extensions());
        !fits)
      refuse(place, fits.error(), connection);
}

void Round::refuse(std::size_t place, const Failure& failure, const Connection& connection) {
  reached_ = true;
  auto& it = verdict(place);
  it = {it.number, Status::failed, failure.status, 0, connection.peer().to_text(), failure.text};
}

Round::Next Round::talk(Connection& connection, bool fresh, smtp::Sent& sent, const smtp::Letter& letter) {
  auto& watch = courier_.parts_.watch;
  bool past_dot = false;
  const auto going_on = [&](bool at_final_dot) {
    if (!at_final_dot) {
      if (watch.is_stopping()) throw net::ShuttingDown();
      courier_.parts_.admission.going_on();
      return;
    }
    courier_.parts_.admission.say(relay::Phase::final_dot);
    watch.pass_final_dot();
    past_dot = true;
  };
  const auto broken = [&](std::string why, int detail) {
    // RFC 5321 3.8: a connection that was kept may be closed at any time, with 421 or without a word.
    const bool unheard = !sent.mail || sent.mail->code == 421;
    if (!fresh && unheard && !past_dot) return Next::again;
    lost_ = lost_ || past_dot;
    if (past_dot) why += " after the end of the message: it may arrive twice";
    take_setback({Trouble::session, Failure::temporary(why, {4, 4, static_cast<std::uint16_t>(detail)}), 0,
                  connection.peer().to_text()});
    return Next::next_host;
  };
  courier_.parts_.admission.say(relay::Phase::transaction);
  try {
    // Of a kept connection the end may have come meanwhile, or a word of farewell: nobody's answer.
    if (!connection.is_quiet(!fresh)) return broken("a reply that nobody asked for", 2);
    const auto done = connection.client().send(letter, going_on, sent);
    watch.done();
    if (!done) return broken(done.error().text, 2);
    const bool complete = !sent.content.empty();
    if (complete) return Next::done;
    if (!sent.mail || sent.mail->code == 421)
      return broken(sent.mail ? text_of(*sent.mail) : "it hung up", 2);
    if (is_out_of_step(sent)) return Next::next_host;
    const auto reset = connection.client().command("RSET");
    return reset && reset->is_success() ? Next::done : Next::next_host;
  } catch (const net::TimedOut&) {
    watch.done();
    return broken("no reply in time", 2);
  } catch (const net::Disconnected&) {
    watch.done();
    return broken("it hung up", 2);
  }
}

// Each recipient is told the reply that decided for it: MAIL's, its own RCPT's, DATA's, the message's.
void Round::take_replies(Connection& connection, const std::vector<std::size_t>& which,
                         const smtp::Sent& sent) {
  if (!sent.mail) return;
  const auto host = connection.peer().to_text();
  std::size_t accepted = 0;
  for (std::size_t i = 0; i < which.size(); ++i) {
    if (!sent.mail->is_done()) {
      take_reply(which[i], *sent.mail, host, false);
    } else if (i < sent.recipients.size() && !sent.recipients[i].is_done()) {
      take_reply(which[i], sent.recipients[i], host, true);
    } else if (i < sent.recipients.size()) {
      const auto place = connection.peer().lmtp ? accepted : 0;
      ++accepted;
      if (place < sent.content.size())
        take_reply(which[i], sent.content[place], host, false);
      else if (sent.data && sent.data->code != 354)
        take_reply(which[i], *sent.data, host, false);
      if (is_out_of_step(sent)) take_no_answer(which[i]);
    }
  }
}

void Round::take_reply(std::size_t place, const smtp::Reply& reply, const std::string& host, bool rcpt) {
  auto& it = verdict(place);
  said_[place] = reached_ = true;
  it.reply = reply.code;
  it.host = host;
  it.text = text_of(reply);
  it.code = status_of(reply);
  // RFC 5321 4.5.3.1.10: 552 to RCPT is an old way to say 452, too many recipients.
  const bool temporary = reply.code < 500 || (rcpt && reply.code == 552 && !reply.status);
  it.status = reply.code < 300 ? Status::delivered : temporary ? Status::deferred : Status::failed;
  if (it.status == Status::deferred) it.code.status_class = 4;
  // 3yz where 2yz or an error belongs is no answer.
  if (reply.code >= 300 && reply.code < 400) take_no_answer(place);
}

// A reply that does not belong there: of two that lost step nobody knows what the other means.
void Round::take_no_answer(std::size_t place) {
  verdict(place).status = Status::deferred;
  verdict(place).code = {4, 5, 0};
}

void Round::take_setback(const Setback& setback) {
  courier_.parts_.logger.info("setback", {{"id", job_.id.to_text()},
                                          {"domain", job_.domain},
                                          {"host", setback.host},
                                          {"trouble", relay::to_text(setback.trouble)},
                                          {"reason", setback.failure.text}});
  setbacks_.push_back(setback);
}

// Who was told nothing by a server is told the last setback: a temporary one if there was any.
void Round::settle_rest() {
  if (setbacks_.empty()) return;
  const auto temporary = std::find_if(setbacks_.rbegin(), setbacks_.rend(),
                                      [](const Setback& s) { return s.failure.retry == Retry::later; });
  const auto& decides = temporary != setbacks_.rend() ? *temporary : setbacks_.back();
  for (const auto place : open_places()) {
    if (said_[place] && decides.reply == 0) continue;
    auto& it = verdict(place);
    it.status = decides.failure.retry == Retry::later ? Status::deferred : Status::failed;
    it.code = decides.failure.status;
    it.code.status_class = it.status == Status::deferred ? 4 : 5;
    it.reply = decides.reply;
    it.host = decides.host;
    it.text = decides.failure.text;
  }
}

void Round::postpone_rest() {
  for (const auto place : open_places()) {
    auto& it = verdict(place);
    it.status = Status::postponed;
    it.code = {4, 3, 2};
    it.text = "broken off because this server was told to stop";
  }
}

// O3. Which recipients the smarthost may have: their failure is one of the triggers.
bool Round::may_fall_back(std::size_t place) const {
  const auto& triggers = courier_.parts_.options.triggers;
  const auto& it = answer_.verdicts[place];
  if (it.status == Status::delivered || lost_) return false;
  if (it.status == Status::deferred && job_.last) return true;
  if (it.reply >= 400) {
    const auto meaning = smtp::explain_reply(it.reply, it.code, it.text);
    if (meaning.speaks_of_us && triggers.reputation) return true;
    return it.status == Status::deferred && triggers.temporary;
  }
  if (it.status != Status::deferred || setbacks_.empty()) return false;
  const auto trouble = setbacks_.back().trouble;
  return trouble == Trouble::dns ? triggers.dns
                                 : trouble != Trouble::policy && trouble != Trouble::tls && triggers.connect;
}

void Round::fall_back() {
  if (courier_.parts_.options.smarthosts.empty()) return;
  std::vector<relay::Verdict> before = answer_.verdicts;
  std::vector<bool> takes(before.size());
  bool any = false;
  for (std::size_t i = 0; i < before.size(); ++i) {
    takes[i] = may_fall_back(i);
    any = any || takes[i];
    // Who does not fall back is set aside as done, who does is open again.
    if (takes[i])
      answer_.verdicts[i].status = Status::deferred, said_[i] = false;
    else
      answer_.verdicts[i].status = Status::failed;
  }
  if (any) {
    courier_.parts_.logger.info("fallback", {{"id", job_.id.to_text()}, {"domain", job_.domain}});
    by_way("smarthost", courier_.parts_.routes.smarthosts());
  }
  for (std::size_t i = 0; i < before.size(); ++i)
    if (!takes[i]) answer_.verdicts[i] = before[i];
}

}  // namespace tubepost::mxsend

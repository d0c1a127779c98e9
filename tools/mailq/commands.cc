#include "mailq/commands.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>

#include "base/text.h"
#include "mailq/format.h"
#include "mailq/overview.h"
#include "relay/said.h"

namespace tubepost::mailq {
namespace {

using spool::SpoolId;

ExitStatus unknown(const Output& output, const std::string& id) {
  std::fprintf(output.notes, "mailq: no message %s, or more than one\n", id.c_str());
  return ExitStatus::no;
}

// Counts who waits because nothing may or can send (L9), and says so once, not with every message.
class WaitingForOthers {
public:
  explicit WaitingForOthers(const Output& output) : output_(output) {}

  void look(const spool::Recipient& recipient) {
    if (recipient.state != spool::State::queued && recipient.state != spool::State::deferred) return;
    // qrun's words (tools/qrun/verdicts.cc); before qrun has seen it, the directory knows.
    const bool said = recipient.reason.find("outgoing service") != std::string::npos;
    const bool unseen = recipient.reason.empty() && recipient.attempts == 0;
    if (!said && !(unseen && output_.is_remote && output_.is_remote(recipient.address))) return;
    ++count_;
    if (said) reason_ = printable(recipient.reason);
  }
  void report() const {
    if (count_ > 0)
      std::fprintf(output_.notes, "mailq: waiting for other servers: %llu; %s\n",
                   static_cast<unsigned long long>(count_), reason_.c_str());
  }

private:
  const Output& output_;
  std::uint64_t count_ = 0;
  std::string reason_ = "the outgoing service is off (qrun.outgoing=off)";
};

// What is parked waits for its destination: what is known of that by now says more than what was written when it
// was parked.
class Destinations {
public:
  explicit Destinations(const spool::Spool& spool) {
    const auto all = spool.destinations();
    if (!all) return;
    for (const spool::Destination& one : *all) known_.emplace(one.name, one);
  }
  bool explains(const spool::Queued& queued) const {
    return !known_.empty() && std::any_of(queued.recipients.begin(), queued.recipients.end(),
                                          [](const spool::Recipient& one) { return one.parked; });
  }
  spool::Queued explained(spool::Queued queued) const {
    for (spool::Recipient& recipient : queued.recipients) {
      const auto one = recipient.parked ? known_.find(recipient.lane) : known_.end();
      if (one == known_.end()) continue;
      recipient.next = one->second.probe;
      recipient.reason = relay::why_not_tried(recipient.lane, one->second.failures, one->second.text);
    }
    return queued;
  }

private:
  std::map<std::string, spool::Destination> known_;
};

ExitStatus list(const spool::Spool& spool, const Request& request, const Output& output) {
  Totals totals;
  WaitingForOthers waiting(output);
  const Destinations destinations(spool);
  std::optional<spool::Queued> explained;
  std::string entry;
  const auto visit = [&](const spool::Queued& as_written) {
    const bool explains = destinations.explains(as_written);
    if (explains) explained = destinations.explained(as_written);
    const spool::Queued& queued = explains ? *explained : as_written;
    if (totals.messages == 0 && !output.json) print(output.out, list_heading());
    totals.add(queued);
    for (const spool::Recipient& recipient : queued.recipients) waiting.look(recipient);
    if (output.json) return print(output.out, to_json(queued) + '\n');
    entry.clear();
    append_list_entry(entry, queued);
    return print(output.out, entry);
  };
  if (const auto listed = spool.list(request.filter, visit); !listed) return complain(output, listed.error());
  if (!output.json) print(output.out, list_totals(totals, request.filters));
  waiting.report();
  return ExitStatus::ok;
}

// The message an ID or the beginning of one names; nullopt: none or several.
Result<std::optional<SpoolId>> resolve(const spool::Spool& spool, const std::string& word) {
  if (const auto id = SpoolId::parse(word)) return id;
  return spool.complete(word);
}

ExitStatus show(const spool::Spool& spool, const SpoolId& id, const Output& output) {
  auto queued = spool.find(id);
  if (!queued) return complain(output, queued.error());
  if (!*queued) return unknown(output, id.to_text());
  const spool::Queued explained = Destinations(spool).explained(std::move(**queued));
  print(output.out, output.json ? to_json(explained) + '\n' : details(explained));
  return ExitStatus::ok;
}

ExitStatus cat(const spool::Spool& spool, const SpoolId& id, const Output& output) {
  const auto queued = spool.find(id);
  if (!queued) return complain(output, queued.error());
  if (!*queued) return unknown(output, id.to_text());
  const auto body = spool.body(id);
  if (!body) return complain(output, body.error());
  print(output.out, output.raw ? std::string(body->bytes()) : with_lf(body->bytes()));
  return ExitStatus::ok;
}

ExitStatus trace(const spool::Spool& spool, const SpoolId& id, const Output& output) {
  const auto events = spool.trace(id);
  if (!events) return complain(output, events.error());
  if (events->empty()) return unknown(output, id.to_text());
  for (const spool::Event& event : *events)
    print(output.out, output.json ? to_json(event) + '\n' : trace_line(event));
  return ExitStatus::ok;
}

ExitStatus read_one(const spool::Spool& spool, const Request& request, const Output& output) {
  const auto id = resolve(spool, request.ids.front());
  if (!id) return complain(output, id.error());
  if (!*id) return unknown(output, request.ids.front());
  switch (request.verb) {
    case Verb::show:
      return show(spool, **id, output);
    case Verb::cat:
      return cat(spool, **id, output);
    case Verb::schedule:
      return schedule(spool, **id, output);
    default:
      return trace(spool, **id, output);
  }
}

ExitStatus find(const spool::Spool& spool, const Request& request, const Output& output) {
  const auto here = [&](const spool::Queued& queued) {
    return print(output.out, output.json ? to_json(queued) + '\n' : found_line(queued));
  };
  if (const auto listed = spool.list(request.filter, here); !listed) return complain(output, listed.error());
  const auto gone = [&](const spool::Found& found) {
    // One that is here still was shown as it is, if it was for a recipient that waits.
    const auto queued = spool.find(found.id);
    if (queued && *queued && spool::matches(request.filter, **queued)) return true;
    return print(output.out, output.json ? to_json(found) + '\n' : found_line(found));
  };
  const auto listed = spool.find_finished(request.filter, gone);
  return listed ? ExitStatus::ok : complain(output, listed.error());
}

ExitStatus suppress(spool::Spool& spool, const Request& request, const Output& output) {
  if (request.words.size() == 2) {
    const auto removed = spool.unsuppress(request.words[1]);
    if (!removed) return complain(output, removed.error());
    if (!*removed)
      std::fprintf(output.notes, "mailq: not suppressed: %s\n", printable(request.words[1]).c_str());
    return *removed ? ExitStatus::ok : ExitStatus::no;
  }
  const auto all = spool.suppressions();
  if (!all) return complain(output, all.error());
  for (const spool::Suppression& one : *all)
    if (one.is_in_force()) print(output.out, output.json ? to_json(one) + '\n' : suppression_line(one));
  return ExitStatus::ok;
}

// ---- operators

// For the trace: who did it.
std::string operator_name() {
  const passwd* entry = ::getpwuid(::getuid());
  return entry ? entry->pw_name : "uid " + std::to_string(::getuid());
}

std::string_view done_word(Verb verb) {
  switch (verb) {
    case Verb::hold:
      return "held";
    case Verb::release:
      return "released";
    case Verb::retry:
      return "due now";
    case Verb::drop:
      return "dropped";
    case Verb::reroute:
      return "rerouted";
    default:
      return "failed";
  }
}

ExitStatus act_on(spool::Spool& spool, const SpoolId& id, const Request& request, const Output& output) {
  const auto acted = spool.act(id, action_of(request.verb), request.filter, operator_name(), output.route);
  if (!acted) return complain(output, acted.error());
  const std::string word(done_word(request.verb));
  if (acted->done > 0)
    std::fprintf(output.out, "%s\t%zu %s\n", id.to_text().c_str(), acted->done, word.c_str());
  if (acted->wished > 0)
    std::fprintf(output.out, "%s\t%zu in delivery, will be %s\n", id.to_text().c_str(), acted->wished,
                 word.c_str());
  if (acted->done + acted->wished == 0) std::fprintf(output.out, "%s\tunchanged\n", id.to_text().c_str());
  return ExitStatus::ok;
}

ExitStatus preview(const spool::Queued& queued, const Output& output) {
  print(output.out, output.json ? to_json(queued) + '\n' : list_entry(queued));
  return ExitStatus::ok;
}

ExitStatus change_named(spool::Spool& spool, const Request& request, const Output& output) {
  ExitStatus status = ExitStatus::ok;
  for (const std::string& word : request.ids) {
    // A change needs the whole ID: the beginning of one may mean another message a moment later.
    const auto id = SpoolId::parse(word);
    const auto queued =
        id ? spool.find(*id) : Result<std::optional<spool::Queued>>(std::optional<spool::Queued>());
    if (!queued) return complain(output, queued.error());
    const ExitStatus one = !*queued         ? unknown(output, word)
                           : output.preview ? preview(**queued, output)
                                            : act_on(spool, *id, request, output);
    if (one != ExitStatus::ok) status = one;
  }
  return status;
}

ExitStatus change_matching(spool::Spool& spool, const Request& request, const Output& output) {
  std::vector<SpoolId> ids;  // chosen before the first change
  const auto visit = [&](const spool::Queued& queued) {
    if (output.preview) preview(queued, output);
    ids.push_back(queued.id);
    return true;
  };
  if (const auto listed = spool.list(request.filter, visit); !listed) return complain(output, listed.error());
  ExitStatus status = ExitStatus::ok;
  for (const SpoolId& id : ids) {
    if (output.preview) continue;
    if (const ExitStatus one = act_on(spool, id, request, output); one != ExitStatus::ok) status = one;
  }
  std::fprintf(output.notes, "mailq: %zu messages%s\n", ids.size(),
               output.preview ? ", nothing was changed" : "");
  return status;
}

}  // namespace

ExitStatus run(spool::Spool& spool, const Request& request, const Output& output) {
  if (request.verb == Verb::list) return list(spool, request, output);
  if (request.verb == Verb::find) return find(spool, request, output);
  if (request.verb == Verb::stats) return stats(spool, output);
  if (request.verb == Verb::top) return top(spool, output);
  if (request.verb == Verb::suppress) return suppress(spool, request, output);
  if (!changes_queue(request.verb)) return read_one(spool, request, output);
  return request.ids.empty() ? change_matching(spool, request, output) : change_named(spool, request, output);
}

}  // namespace tubepost::mailq

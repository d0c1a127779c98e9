#include "avscan-wrap/filter.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "avscan-wrap/limits.h"
#include "avscan-wrap/rewrite.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "message/header.h"

namespace tubepost::avscan {
namespace {

std::string with_name(std::string text, const std::string& virus) {
  if (!virus.empty()) text += ": " + virus;
  return printable(text, reply_max);
}

// A header of fields, with CRLF or LF, and an empty line behind it.
bool is_message(std::string_view text) {
  message::HeaderReader reader(text);
  const auto first = reader.next();
  if (!first || first->whole.data() != text.data()) return false;
  while (reader.next()) {
  }
  return reader.body_offset() < text.size() || text.ends_with("\n\n") || text.ends_with("\n\r\n");
}

Search search_for(OnVirus action) {
  if (action == OnVirus::strip) return Search::to_remove;
  return action == OnVirus::repair ? Search::to_repair : Search::first;
}

// A message whose only content the scanner has taken away is none any more.
bool nothing_is_left(const Inspection& found) {
  for (const InfectedPart& infected : found.infected)
    if (infected.index == 0 && !infected.repaired) return true;
  return false;
}

}  // namespace

Decision Filter::decide(std::string_view text, const Envelope& envelope) {
  if (!envelope.released.empty() && quarantine_.is_being_released(envelope.released, text)) {
    Decision released;
    released.action = "released";
    return released;
  }
  const net::Deadline deadline(options_.timeout);
  const Inspection found = inspect(text, options_.scope, search_for(options_.on_virus), scanner_, deadline);
  Decision decision;
  if (found.verdict == Verdict::infected) decision = on_virus(text, envelope, found, deadline);
  if (found.verdict == Verdict::failed) decision = on_error(text, found);
  decision.verdict = found.verdict;
  decision.virus = found.virus;
  decision.output = found.output;
  if (found.verdict == Verdict::failed) decision.reason = found.reason;
  return decision;
}

Decision Filter::on_error(std::string_view text, const Inspection& found) const {
  Decision decision;
  if (options_.on_error == OnError::pass) {
    decision.changed = with_field(text, "not scanned: " + found.reason);
    decision.action = "passed";
  } else if (found.by_nature) {  // later it would be the same
    decision.said = Said::refuse;
    decision.reply = with_name("This message cannot be scanned for viruses", found.reason);
    decision.action = "refused";
  } else {
    decision.said = Said::later;
    decision.reply = with_name("It cannot be scanned for viruses now", found.reason);
    decision.action = "later";
  }
  return decision;
}

Decision Filter::on_virus(std::string_view text, const Envelope& envelope, const Inspection& found,
                          const net::Deadline& deadline) {
  switch (options_.on_virus) {
    case OnVirus::refuse:
      return refuse(found);
    case OnVirus::drop: {
      Decision decision;
      decision.said = Said::drop;
      decision.reply = with_name("Dropped, it holds a virus", found.virus);
      decision.action = "dropped";
      decision.notify = true;
      return decision;
    }
    case OnVirus::quarantine:
      return quarantine(text, envelope, found);
    case OnVirus::strip:
      return strip(text, found, deadline);
    case OnVirus::repair:
      return repair(text, found, deadline);
  }
  return refuse(found);
}

Decision Filter::refuse(const Inspection& found) const {
  Decision decision;
  decision.said = Said::refuse;
  decision.reply = with_name("This message holds a virus", found.virus);
  decision.action = "refused";
  decision.notify = true;
  return decision;
}

Decision Filter::quarantine(std::string_view text, const Envelope& envelope, const Inspection& found) const {
  const SystemClock clock;
  std::string what;
  for (const InfectedPart& infected : found.infected) what += (what.empty() ? "" : ", ") + infected.name;
  const auto kept =
      quarantine_.keep(text, envelope, {to_rfc3339(clock.now()), found.virus, what, found.output});
  Decision decision;
  if (!kept) {
    decision.said = Said::later;
    decision.reply = with_name("The quarantine cannot be written", kept.error().text);
    decision.reason = kept.error().text;
    decision.action = "later";
    return decision;
  }
  decision.said = Said::drop;
  decision.reply = with_name("In quarantine as " + *kept + ", it holds a virus", found.virus);
  decision.action = "quarantined";
  decision.quarantine_id = *kept;
  decision.notify = true;
  return decision;
}

// What is left is scanned as the message was: only a clean message goes on.
Decision Filter::deliver_if_clean(std::string text, const Inspection& found, const std::string& done,
                                  const net::Deadline& deadline) {
  const Inspection again = inspect(text, options_.scope, Search::first, scanner_, deadline);
  if (again.verdict != Verdict::clean) return refuse(found);
  Decision decision;
  decision.changed = with_field(text, done);
  decision.action = options_.on_virus == OnVirus::strip ? "stripped" : "repaired";
  decision.notify = true;
  return decision;
}

Decision Filter::strip(std::string_view text, const Inspection& found, const net::Deadline& deadline) {
  if (found.infected.empty() || found.incomplete) return refuse(found);
  return deliver_if_clean(replace_parts(text, found, Replace::remove), found,
                          describe(found, Replace::remove), deadline);
}

Decision Filter::repair(std::string_view text, const Inspection& found, const net::Deadline& deadline) {
  if (found.whole) {
    if (!found.repaired || !is_message(*found.repaired)) return refuse(found);
    return deliver_if_clean(*found.repaired, found, with_name("repaired by the scanner", found.virus),
                            deadline);
  }
  if (found.infected.empty() || found.incomplete || nothing_is_left(found)) return refuse(found);
  return deliver_if_clean(replace_parts(text, found, Replace::repair), found,
                          describe(found, Replace::repair), deadline);
}

// ---- what is said of it

void Filter::tell(const Decision& decision, std::string_view text, const Envelope& envelope) const {
  const std::string& id = envelope.spool_id;
  if (decision.verdict == Verdict::infected)
    logger_.warning("virus", {{"id", id},
                              {"action", decision.action},
                              {"virus", decision.virus},
                              {"sender", envelope.sender},
                              {"client", envelope.client_address},
                              {"user", envelope.auth_user},
                              {"quarantine", decision.quarantine_id},
                              {"reason", decision.reason}});
  else if (decision.verdict == Verdict::failed)
    logger_.error("scan-failed", {{"id", id}, {"action", decision.action}, {"reason", decision.reason}});
  else if (!decision.action.empty())
    logger_.info("released", {{"id", id}, {"quarantine", envelope.released}});
  else
    logger_.debug("clean", {{"id", id}, {"size", text.size()}});
  if (options_.debug && !decision.output.empty()) [[maybe_unused]]
    const auto shown = write_all(STDERR_FILENO, decision.output);
  write_log_file(decision, envelope);
  if (decision.notify) notify(decision, text, envelope);
}

void Filter::write_log_file(const Decision& decision, const Envelope& envelope) const {
  if (options_.log_file.empty() || decision.output.empty()) return;
  const SystemClock clock;
  const std::string entry = "-- " + to_rfc3339(clock.now()) + ' ' + printable(envelope.spool_id, 64) + ' ' +
                            (decision.action.empty() ? "clean" : decision.action) + '\n' + decision.output +
                            (decision.output.ends_with('\n') ? "" : "\n");
  const UniqueFd file(
      ::open(options_.log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
  const bool written = file && write_all(file.get(), entry).has_value();
  if (!written)
    logger_.warning("scan-log-failed", {{"file", options_.log_file}, {"reason", error_text(errno)}});
}

void Filter::notify(const Decision& decision, std::string_view text, const Envelope& envelope) const {
  Incident incident{decision.virus, {}, decision.said == Said::refuse};
  if (decision.action == "refused") incident.became = "was refused; nobody has got it";
  if (decision.action == "dropped") incident.became = "was thrown away; nobody has got it";
  if (decision.action == "quarantined")
    incident.became = "is kept by the postmaster as " + decision.quarantine_id + "; nobody has got it";
  if (decision.action == "stripped") incident.became = "was delivered without the part that holds the virus";
  if (decision.action == "repaired") incident.became = "was delivered as the scanner has repaired it";
  const auto send = [&](const std::vector<std::string>& recipients, const std::string& notice) {
    if (const auto sent = send_mail(options_, {}, recipients, notice); !sent)
      logger_.error("notice-failed", {{"id", envelope.spool_id}, {"reason", sent.error().text}});
  };
  if (tells_sender(options_, envelope, text, incident))
    send({envelope.sender}, notice_to_sender(envelope, text, incident));
  if (!tells_recipients(options_, envelope, text)) return;
  auto recipients = envelope.recipients;
  recipients.resize(std::min(recipients.size(), notified_recipients_max));
  send(recipients, notice_to_recipients(envelope, text, incident));
}

}  // namespace tubepost::avscan

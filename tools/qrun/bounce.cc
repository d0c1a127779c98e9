#include "qrun/bounce.h"

#include <algorithm>

#include "base/text.h"
#include "message/dsn.h"
#include "relay/said.h"

namespace tubepost::qrun {
namespace {

constexpr std::size_t full_return_max = 100 << 10;  // a larger message is returned as its header
constexpr std::uint32_t dsn_ordinal = 0xffff'ffff;  // deliveries count what they generate from 0

// A delay and the failure that comes of it are two DSNs.
std::uint32_t ordinal_of(spool::Owed owed) {
  return owed == spool::Owed::failure ? dsn_ordinal : dsn_ordinal - static_cast<std::uint32_t>(owed);
}

bool any_failed(const spool::Debt& debt) {
  return std::any_of(debt.owed.begin(), debt.owed.end(),
                     [](const spool::Recipient& one) { return one.owed == spool::Owed::failure; });
}

message::DsnAction action_of(spool::Owed owed) {
  switch (owed) {
    case spool::Owed::delivered:
      return message::DsnAction::delivered;
    case spool::Owed::relayed:
      return message::DsnAction::relayed;
    case spool::Owed::expanded:
      return message::DsnAction::expanded;
    case spool::Owed::delay:
      return message::DsnAction::delayed;
    default:
      return message::DsnAction::failed;
  }
}

// RFC 3464 2.3.6: what another server said stands there as its word, also where it took the message.
void set_diagnostic(message::DsnRecipient& described, const std::string& reason) {
  constexpr std::string_view said_by = " said: ";
  described.diagnostic = reason;
  const auto at = described.action == message::DsnAction::relayed ? reason.find(said_by) : std::string::npos;
  if (at != std::string::npos && reason.find(' ') == at) {
    described.remote_mta = reason.substr(0, at);
    described.diagnostic = reason.substr(at + said_by.size());
    described.said_by_smtp = true;
    return;
  }
  const auto said = relay::find_said(reason);
  if (!said || !said->is_all) return;
  described.remote_mta = said->host;
  described.diagnostic = said->reply;
  described.said_by_smtp = true;
}

message::DsnRecipient describe(const spool::Recipient& recipient) {
  message::DsnRecipient described;
  described.address = recipient.address;
  described.original = recipient.original;
  described.orcpt = recipient.orcpt;
  described.action = action_of(recipient.owed);
  described.status = recipient.status;
  set_diagnostic(described, recipient.reason);
  described.advice =
      relay::advice_on(recipient.reason, recipient.status, recipient.owed == spool::Owed::failure);  // O11
  return described;
}

// RFC 3461 4.3: the header unless FULL was asked for. What cannot stand in a message/rfc822 part is never
// returned whole. And RET is about failures only.
bool returns_full(const spool::Envelope& envelope, std::string_view body, bool any_failed) {
  return any_failed && envelope.dsn_ret == "FULL" && body.size() <= full_return_max &&
         envelope.body_type != spool::BodyType::binary_mime;
}

spool::Envelope envelope_of(const spool::Envelope& original, std::string_view content) {
  spool::Envelope envelope;
  envelope.reverse_path = "";  // RFC 5321 4.5.5
  envelope.origin.role = "dsn";
  envelope.smtputf8 = !is_ascii(original.reverse_path);
  if (!is_ascii(content)) envelope.body_type = spool::BodyType::eight_bit_mime;
  return envelope;
}

}  // namespace

bool wants_notice(std::string_view notify, spool::Owed kind) {
  const std::string_view word = kind == spool::Owed::failure ? "FAILURE"
                                : kind == spool::Owed::delay ? "DELAY"
                                                             : "SUCCESS";
  if (notify.empty()) return word != "SUCCESS";
  for (const auto one : split(notify, ','))
    if (equal_ignoring_case(trim(one), word)) return true;
  return false;
}

namespace {

// RFC 2852 4.1.4: that a message with DELIVERBY was relayed is told whether success was asked for or not.
bool is_wanted(const spool::Recipient& recipient, const spool::Envelope& envelope) {
  if (recipient.owed == spool::Owed::relayed && envelope.deliver_by)
    return !equal_ignoring_case(trim(recipient.notify), "NEVER");
  return wants_notice(recipient.notify, recipient.owed);
}

}  // namespace

std::optional<spool::Generated> make_bounce(const spool::Debt& debt, std::string_view body,
                                            const std::string& hostname, Timestamp now,
                                            std::chrono::seconds expire) {
  const spool::Envelope& envelope = *debt.envelope;
  if (envelope.reverse_path.empty() || debt.owed.empty()) return std::nullopt;
  message::Dsn dsn;
  for (const spool::Recipient& recipient : debt.owed)
    if (is_wanted(recipient, envelope)) dsn.recipients.push_back(describe(recipient));
  if (dsn.recipients.empty()) return std::nullopt;
  const bool time_is_up = envelope.deliver_by && envelope.deliver_by->deadline <= now;
  for (message::DsnRecipient& recipient : dsn.recipients) {
    if (recipient.action != message::DsnAction::delayed) continue;
    if (expire.count() > 0) recipient.retry_until = envelope.released() + expire;
    if (time_is_up) recipient.status = {4, 4, 7};  // RFC 2852 4.1.3
  }

  spool::Generated bounce;
  bounce.id = spool::SpoolId::derive(debt.id, debt.owed.front().number, ordinal_of(debt.owed.front().owed));
  dsn.reporting_mta = hostname;
  dsn.to = envelope.reverse_path;
  dsn.message_id = bounce.id.to_text();
  dsn.now = now;
  dsn.arrival = envelope.accepted;
  dsn.envelope_id = envelope.dsn_envid;
  if (envelope.deliver_by) dsn.deliver_by = envelope.deliver_by->deadline;
  if (envelope.not_before != Timestamp()) dsn.released = envelope.not_before;
  dsn.returned = body;
  dsn.utf8 = envelope.smtputf8;
  dsn.return_full = returns_full(envelope, body, any_failed(debt));
  bounce.content = message::write_dsn(dsn);
  bounce.envelope = envelope_of(envelope, bounce.content);
  // RFC 3461 5.2.1 (c): a DSN asks for no DSN.
  bounce.recipients.push_back({envelope.reverse_path, {}, {}, "NEVER"});
  return bounce;
}

}  // namespace tubepost::qrun

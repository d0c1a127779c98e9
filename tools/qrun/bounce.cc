#include "qrun/bounce.h"

#include <algorithm>

#include "base/text.h"
#include "message/dsn.h"

namespace tubepost::qrun {
namespace {

constexpr std::size_t full_return_max = 100 << 10;  // a larger message is returned as its header
constexpr std::uint32_t dsn_ordinal = 0xffff'ffff;  // deliveries count what they generate from 0

message::DsnRecipient describe(const spool::Recipient& recipient) {
  message::DsnRecipient described;
  described.address = recipient.address;
  described.original = recipient.original;
  described.orcpt = recipient.orcpt;
  described.status = recipient.status;
  described.diagnostic = recipient.reason;
  return described;
}

// RFC 3461 4.3: the header unless FULL was asked for. What cannot stand in a message/rfc822 part is never
// returned whole.
bool returns_full(const spool::Envelope& envelope, std::string_view body) {
  return envelope.dsn_ret == "FULL" && body.size() <= full_return_max &&
         envelope.body_type != spool::BodyType::binary_mime;
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
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

bool wants_failure_notice(std::string_view notify) {
  if (notify.empty()) return true;
  const auto words = split(notify, ',');
  return std::any_of(words.begin(), words.end(),
                     [](std::string_view word) { return equal_ignoring_case(trim(word), "FAILURE"); });
}

std::optional<spool::Generated> make_bounce(const spool::Debt& debt, std::string_view body,
                                            const std::string& hostname, Timestamp now) {
  const spool::Envelope& envelope = *debt.envelope;
  if (envelope.reverse_path.empty() || debt.owed.empty()) return std::nullopt;
  message::Dsn dsn;
  for (const spool::Recipient& recipient : debt.owed)
    if (wants_failure_notice(recipient.notify)) dsn.recipients.push_back(describe(recipient));
  if (dsn.recipients.empty()) return std::nullopt;

  spool::Generated bounce;
  bounce.id = spool::SpoolId::derive(debt.id, debt.owed.front().number, dsn_ordinal);
  dsn.reporting_mta = hostname;
  dsn.to = envelope.reverse_path;
  dsn.message_id = bounce.id.to_text();
  dsn.now = now;
  dsn.arrival = envelope.accepted;
  dsn.envelope_id = envelope.dsn_envid;
  dsn.returned = body;
  dsn.return_full = returns_full(envelope, body);
  bounce.content = message::write_dsn(dsn);
  bounce.envelope = envelope_of(envelope, bounce.content);
  // RFC 3461 5.2.1 (c): a DSN asks for no DSN.
  bounce.recipients.push_back({envelope.reverse_path, {}, {}, "NEVER"});
  return bounce;
}

}  // namespace tubepost::qrun

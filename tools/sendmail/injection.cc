#include "sendmail/injection.h"

#include <set>

#include "base/text.h"
#include "message/address_list.h"
#include "message/header.h"
#include "sendmail/completion.h"

namespace tubepost::sendmail {
namespace {

std::optional<smtp::Mailbox> mailbox_of(std::string_view written, const Circumstances& circumstances) {
  auto text = std::string(trim(written));
  if (text.starts_with('<') && text.ends_with('>')) text = text.substr(1, text.size() - 2);
  if (text.find('@') == std::string::npos) text += '@' + circumstances.default_domain;
  auto mailbox = smtp::parse_mailbox(text);
  return mailbox ? std::optional(std::move(*mailbox)) : std::nullopt;
}

// An argument may be a list, as cron hands over MAILTO=ann,bob, and have names: Bob <bob@example.test>.
Result<std::vector<smtp::Mailbox>> addresses_of(std::string_view written,
                                                const Circumstances& circumstances) {
  if (auto mailbox = mailbox_of(written, circumstances)) return std::vector{std::move(*mailbox)};
  const auto list = message::parse_address_list(written);
  std::vector<smtp::Mailbox> all;
  for (const auto& address : list.addresses()) {
    // RFC 5322 4.4 lets blanks stand within an address; in "ann bob@x" rather a comma was forgotten.
    const bool together = written.find(address.local_part) != std::string_view::npos;
    auto mailbox = together ? mailbox_of(as_written(address), circumstances) : std::nullopt;
    if (mailbox) all.push_back(std::move(*mailbox));
  }
  if (list.broken || all.empty() || all.size() != list.addresses().size())
    return Failure::permanent(printable(written, 100) + ": not an address", {5, 6, 0});
  return all;
}

Result<std::string> sender_of(const CommandLine& line, const Circumstances& circumstances) {
  if (!line.sender) return circumstances.unix_user + '@' + circumstances.hostname;
  if (line.sender->empty()) return std::string();
  const auto senders = addresses_of(*line.sender, circumstances);
  if (!senders) return senders.error();
  if (senders->size() != 1)
    return Failure::permanent(printable(*line.sender, 100) + ": not one address", {5, 6, 0});
  return senders->front().to_text();
}

// In order, each once.
Result<std::vector<std::string>> recipients_of(const CommandLine& line, std::string_view header,
                                               const Circumstances& circumstances) {
  std::vector<std::string> written = line.recipients, recipients;
  if (line.recipients_from_header) {
    auto found = recipients_in(header);
    if (!found) return std::move(found).error();
    written.insert(written.end(), found->begin(), found->end());
  }
  std::set<std::string> seen;
  for (const auto& each : written) {
    const auto addresses = addresses_of(each, circumstances);
    if (!addresses) return addresses.error();
    for (const auto& address : *addresses) {
      const auto identity = circumstances.identity ? circumstances.identity(address) : address.to_text();
      if (seen.insert(identity).second) recipients.push_back(address.to_text());
    }
  }
  if (recipients.empty()) return Failure::permanent("no recipients", {5, 5, 4});
  return recipients;
}

// With the domain of bare names, which only the carrier may know.
Result<Circumstances> with_domain(Circumstances circumstances, Carrier& carrier) {
  if (!circumstances.default_domain.empty()) return circumstances;
  auto domain = carrier.primary_domain();
  if (!domain) return std::move(domain).error();
  circumstances.default_domain = domain->empty() ? circumstances.hostname : std::move(*domain);
  return circumstances;
}

Result<Letter> letter_of(const CommandLine& line, std::string_view header,
                         const Circumstances& circumstances) {
  Letter letter;
  auto sender = sender_of(line, circumstances);
  if (!sender) return std::move(sender).error();
  auto recipients = recipients_of(line, header, circumstances);
  if (!recipients) return std::move(recipients).error();
  letter.sender = std::move(*sender), letter.recipients = std::move(*recipients);
  letter.dsn_notify = line.dsn_notify, letter.dsn_return = line.dsn_return, letter.dsn_envid = line.dsn_envid;
  letter.unix_user = circumstances.unix_user, letter.hostname = circumstances.hostname;
  letter.smtputf8 = !is_ascii(letter.sender);
  for (const auto& recipient : letter.recipients) letter.smtputf8 |= !is_ascii(recipient);
  return letter;
}

// As a wrong address, one that is denied refuses the whole message.
Result<void> hold_against_lists(const Letter& letter, const Circumstances& circumstances) {
  if (!circumstances.lists) return {};
  for (const auto& recipient : letter.recipients)
    if (auto held = circumstances.lists(letter.sender, recipient); !held) return held;
  return {};
}

}  // namespace

Result<std::string> inject(const CommandLine& line, const Circumstances& here, Reader& reader,
                           Carrier& carrier, const Clock& clock) {
  auto header = reader.header();
  if (!header) return std::move(header).error();
  const bool names_somebody = line.recipients_from_header || !line.recipients.empty();
  const auto known = names_somebody ? with_domain(here, carrier) : here;
  if (!known) return known.error();
  const Circumstances& circumstances = *known;
  const auto letter = letter_of(line, *header, circumstances);
  if (!letter) return letter.error();
  if (line.recipients_from_header) header = without_bcc(*header);
  const std::string whole =
      completed(*header,
                {letter->sender, line.full_name, circumstances.hostname, circumstances.default_domain},
                clock.now()) +
      "\r\n";
  if (const auto flaw = message::corruption(whole, true); flaw && circumstances.validate)
    return Failure::permanent("the message is corrupt: " + *flaw, {5, 7, 0});
  if (auto held = hold_against_lists(*letter, circumstances); !held) return std::move(held).error();
  if (auto begun = carrier.begin(*letter); !begun) return std::move(begun).error();
  carrier.write(whole);
  if (auto read = reader.body([&](std::string_view part) { carrier.write(part); }); !read)
    return std::move(read).error();
  return carrier.finish(reader.has_eight_bit());
}

}  // namespace tubepost::sendmail

#include "sendmail/injection.h"

#include <set>

#include "base/text.h"
#include "message/header.h"
#include "sendmail/completion.h"

namespace tubepost::sendmail {
namespace {

Result<smtp::Mailbox> address_of(std::string_view written, const Circumstances& circumstances) {
  auto text = std::string(trim(written));
  if (text.starts_with('<') && text.ends_with('>')) text = text.substr(1, text.size() - 2);
  if (text.find('@') == std::string::npos) text += '@' + circumstances.default_domain;
  auto mailbox = smtp::parse_mailbox(text);
  if (!mailbox) return Failure::permanent(printable(written, 100) + ": not an address", {5, 6, 0});
  return std::move(*mailbox);
}

Result<std::string> sender_of(const CommandLine& line, const Circumstances& circumstances) {
  if (!line.sender) return circumstances.unix_user + '@' + circumstances.hostname;
  if (line.sender->empty()) return std::string();
  auto mailbox = address_of(*line.sender, circumstances);
  if (!mailbox) return std::move(mailbox).error();
  return mailbox->to_text();
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
  std::set<smtp::Mailbox> seen;
  for (const auto& each : written) {
    auto mailbox = address_of(each, circumstances);
    if (!mailbox) return std::move(mailbox).error();
    if (seen.insert(*mailbox).second) recipients.push_back(mailbox->to_text());
  }
  if (recipients.empty()) return Failure::permanent("no recipients", {5, 5, 4});
  return recipients;
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

Result<std::string> inject(const CommandLine& line, const Circumstances& circumstances, Reader& reader,
                           Carrier& carrier, const Clock& clock) {
  auto header = reader.header();
  if (!header) return std::move(header).error();
  const auto letter = letter_of(line, *header, circumstances);
  if (!letter) return letter.error();
  if (line.recipients_from_header) header = without_bcc(*header);
  const std::string whole =
      completed(*header, {letter->sender, line.full_name, circumstances.hostname}, clock.now()) + "\r\n";
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

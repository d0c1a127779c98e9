#include "basic-access-test/scanner_path.h"

#include <thread>

#include "avscan-wrap/eicar.h"
#include "basic-access-test/letters.h"
#include "basic-access-test/mailbox_reader.h"
#include "message/transfer_encoding.h"

namespace tubepost::basic_access_test {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds grace{2000};  // for what was accepted before a message that has arrived already
constexpr std::string_view harmless = "This is no virus.\r\n";

struct Handed {
  Made letter;
  Answer answer;
};

// A letter from the account to itself, in a session of its own.
Result<Handed> hand_in(const Context& context, const Service& service, const std::string& attachment) {
  const std::string& address = context.options.account->address;
  Made letter = make_letter(context, address, address, attachment);
  auto session = open_logged_in(context, service);
  if (!session) return std::move(session).error();
  auto answer = hand_over(**session, address, address, letter.text);
  if (!answer) return std::move(answer).error();
  (*session)->bye();
  return Handed{std::move(letter), std::move(*answer)};
}

// The second half: both were accepted.
void check_mailbox(const Context& context, const std::string& subject, const Handed& infected,
                   const Handed& clean, Findings& findings) {
  MailboxReader mailbox(context);
  const auto arrived = wait_for(mailbox, clean.letter.token, milliseconds(context.options.check_time) / 2);
  if (!arrived) return findings.fail("scanner-path", subject, arrived.error().text);
  if (!*arrived)
    return findings.fail("scanner-path", subject,
                         "the message without a virus was accepted (" + text_of(clean.answer.reply) +
                             ") and is not in the mailbox");
  mailbox.remove(clean.letter.token);
  if (infected.answer.reply.code / 100 == 5)
    return findings.ok("scanner-path", subject,
                       "with a virus: " + text_of(infected.answer.reply) + "\nwithout: arrives");
  const auto found = wait_for(mailbox, infected.letter.token, grace);
  if (!found) return findings.fail("scanner-path", subject, found.error().text);
  const std::string accepted = "EICAR's test file was accepted (" + text_of(infected.answer.reply) + ')';
  if (!*found) return findings.ok("scanner-path", subject, accepted + " and does not arrive");
  mailbox.remove(infected.letter.token);
  // Its line of base64, by which it would be found in what arrives.
  const std::string lines = message::encode_base64_lines(avscan::eicar());
  if ((*found)->content.find(lines.substr(0, lines.find('\r'))) != std::string::npos)
    return findings.fail("scanner-path", subject, accepted + " and is in the mailbox: " + (*found)->how);
  findings.ok("scanner-path", subject, accepted + ", and what arrives is without it");
}

void check_path(const Context& context, const Service& service, Findings& findings) {
  const std::string subject = std::string(service.kind->name) + ' ' + service.endpoints.front().to_text();
  const auto infected = hand_in(context, service, avscan::eicar());
  if (!infected) return findings.fail("scanner-path", subject, infected.error().text);
  const Answer& said = infected->answer;
  if (!said.reply.is_success() && (!said.to_content || said.reply.code / 100 == 4))
    return findings.fail("scanner-path", subject,
                         "EICAR's test file: " + text_of(said.reply) + '\n' + said.record);
  const auto clean = hand_in(context, service, std::string(harmless));
  if (!clean) return findings.fail("scanner-path", subject, clean.error().text);
  if (!clean->answer.reply.is_success())
    return findings.fail(
        "scanner-path", subject,
        "a message without a virus: " + text_of(clean->answer.reply) + '\n' + clean->answer.record);
  check_mailbox(context, subject, *infected, *clean, findings);
}

}  // namespace

void add_scanner_path(const Context& context, Plan& plan) {
  const auto& account = context.options.account;
  const Service* const service = first_of(context.target, {"submission", "submissions"});
  if (!account || account->password.empty())
    return plan.skip("scanner-path", context.target.host, "it needs an --account and its password");
  if (!service) return plan.skip("scanner-path", context.target.host, "there is no submission service");
  if (!first_of(context.target, {"imaps", "imapd", "pop3s", "popd"}))
    return plan.skip("scanner-path", context.target.host,
                     "there is neither IMAP nor POP3 to see what arrives");
  Probe probe;
  probe.name = "scanner-path";
  probe.subject = account->address;
  probe.checks = {"scanner-path"};
  probe.run = [&context, service](Findings& findings) { check_path(context, *service, findings); };
  probe.lane = "legs";  // POP3 locks the mailbox
  probe.limit = milliseconds(context.options.check_time) * 2;
  plan.add(std::move(probe));
}

}  // namespace tubepost::basic_access_test

// Messages with a token on the ways that messages go, with the time of each step.
#include <thread>

#include "base/text.h"
#include "basic-access-test/groups.h"
#include "basic-access-test/letters.h"
#include "basic-access-test/listener_checks.h"
#include "basic-access-test/mail_session.h"
#include "basic-access-test/mailbox_reader.h"
#include "basic-access-test/run_program.h"
#include "dns/mx.h"
#include "process/child.h"

namespace tubepost::basic_access_test {
namespace {

using std::chrono::milliseconds;

constexpr std::chrono::seconds trace_limit{10};
constexpr std::string_view why_no_account = "it needs an --account and its password";

struct Accepted {
  std::string reply, record;
};

// What the server says at its end, or the first refusal as a Failure.
Result<Accepted> send(MailSession& session, const std::string& sender, const std::string& recipient,
                      const std::string& text) {
  auto answer = hand_over(session, sender, recipient, text);
  if (!answer) return std::move(answer).error();
  const std::string said = text_of(answer->reply);
  if (answer->reply.is_success() && answer->to_content) return Accepted{said, answer->record};
  return Failure{
      answer->reply.code / 100 == 4 ? Retry::later : Retry::never, {5, 5, 0}, said + '\n' + answer->record};
}

// The queue id in "250 2.0.0 Ok: queued as ID".
std::string queue_id_in(const std::string& reply) {
  const auto at = reply.find("queued as ");
  if (at == std::string::npos) return {};
  const auto words = split_words(std::string_view(reply).substr(at + 10));
  return words.empty() ? std::string() : std::string(words.front());
}

std::string trace_of(const Context& context, const std::string& reply) {
  const std::string id = queue_id_in(reply);
  if (!context.target.own || id.empty()) return {};
  const auto run =
      run_program({process::sibling_program("mailq"), "trace", id, "--home", context.home}, trace_limit);
  return run ? "mailq trace " + id + ":\n" + run->output : std::string();
}

// True: it is there.
bool check_arrival(const Context& context, MailboxReader& mailbox, CheckId check, const std::string& subject,
                   const Made& made, const std::string& reply, milliseconds patience, Findings& findings) {
  const auto found = wait_for(mailbox, made.token, patience);
  if (!found) {
    findings.fail(check, subject, found.error().text);
    return false;
  }
  if (*found) {
    findings.ok(check, subject, reply + "\nfound by " + (*found)->how);
    return true;
  }
  const std::string said = mailbox.last_said();
  const std::string bounce = mailbox.bounce_of(made.token);
  std::string seen = "accepted (" + reply + ") and not in the mailbox after " +
                     std::to_string(std::chrono::duration_cast<std::chrono::seconds>(patience).count()) +
                     " s\n" + trace_of(context, reply);
  if (!said.empty()) seen += "asked for it last:\n" + said;
  if (!bounce.empty()) seen += "a bounce came instead:\n" + bounce;
  findings.fail(check, subject, seen);
  return false;
}

void check_fetch(CheckId check, const std::string& subject, const Made& made,
                 const Result<std::optional<FoundMessage>>& found, Findings& findings) {
  if (!found) return findings.fail(check, subject, found.error().text);
  if (!*found) return findings.fail(check, subject, "the message is not there");
  const bool whole = (*found)->content.find("\r\n" + made.token) != std::string::npos;
  if (whole)
    return findings.ok(check, subject,
                       (*found)->how + ", " + std::to_string((*found)->content.size()) + " octets");
  findings.fail(check, subject, "the message has lost its text\n" + (*found)->content);
}

// Half of the limit: what is found out when the message does not come takes time as well.
milliseconds patience_of(const Context& context) { return milliseconds(context.options.check_time) / 2; }

void check_own_way(const Context& context, Findings& findings) {
  const Account& account = *context.options.account;
  const Service& service = *first_of(context.target, {"submission", "submissions"});
  const std::string subject = std::string(service.kind->name) + ' ' + service.endpoints.front().to_text();
  const Made made = make_letter(context, account.address, account.address);
  auto session = open_logged_in(context, service);
  if (!session) return findings.fail("legs-submit", subject, session.error().text);
  const auto accepted = send(**session, account.address, account.address, made.text);
  if (!accepted) return findings.fail("legs-submit", subject, accepted.error().text);
  findings.ok("legs-submit", subject, accepted->reply);
  (*session)->bye();
  MailboxReader mailbox(context);
  if (!check_arrival(context, mailbox, "legs-local", account.address, made, accepted->reply,
                     patience_of(context), findings))
    return;
  if (first_of(context.target, {"imaps", "imapd"}))
    check_fetch("legs-imap", account.address, made, mailbox.by_imap(made.token), findings);
  if (first_of(context.target, {"pop3s", "popd"}))
    check_fetch("legs-pop3", account.address, made, mailbox.by_pop3(made.token), findings);
  mailbox.remove(made.token);
}

// ---- as from another server

struct Door {
  std::string name;
  net::Endpoint endpoint;
};

// The MX hosts as DNS has them; where nobody else can reach us, our listener.
Result<std::vector<Door>> doors_of(const Context& context, const std::string& domain) {
  std::vector<Door> doors;
  const Service* const mx = context.target.find("smtpd");
  if (!context.target.own || context.target.only_loopback()) {
    if (mx) doors.push_back({"the listener", mx->endpoints.front()});
    return doors;
  }
  const auto hosts = dns::find_mail_hosts(context.resolver, domain, {});
  if (!hosts) return Failure(hosts.error());
  for (const dns::MailHost& host : hosts->hosts)
    for (const net::IpAddress& address : host.addresses.all)
      doors.push_back({host.name, {address, context.options.external_port}});
  return doors;
}

Result<std::unique_ptr<MailSession>> open_as_server(const Context& context, const Door& door) {
  SessionWishes wishes = wishes_for(context);
  wishes.judge_chain = false;
  auto session = std::make_unique<MailSession>(*find_service("smtpd"), door.endpoint, wishes);
  if (const auto offer = session->open(WithTls::where_offered); !offer)
    return Failure::temporary(offer.error().text + '\n' + session->record());
  return session;
}

void check_mx_way(const Context& context, Findings& findings) {
  const std::string& address = context.options.account->address;
  const auto doors = doors_of(context, address.substr(address.find('@') + 1));
  if (!doors) return findings.fail("legs-mx", address, doors.error().text);
  if (doors->empty()) return findings.skip("legs-mx", address, "there is no MX listener");
  std::string failures;
  for (const Door& door : *doors) {
    const std::string where = door.name + ' ' + door.endpoint.to_text();
    auto session = open_as_server(context, door);
    if (!session) {
      failures += where + ": " + session.error().text + '\n';
      continue;
    }
    const Made made = make_letter(context, "postmaster@" + own_hostname(*context.settings), address);
    const auto accepted = send(**session, "", address, made.text);
    if (!accepted && accepted.error().retry == Retry::later)
      return findings.warn("legs-mx", address, where + ": put off: " + accepted.error().text,
                           "Greylisting does so: run this again after the time it names.");
    if (!accepted) return findings.fail("legs-mx", address, where + ": " + accepted.error().text);
    (*session)->bye();
    MailboxReader mailbox(context);
    const std::string reply = where + ": " + accepted->reply;
    if (check_arrival(context, mailbox, "legs-mx", address, made, reply, patience_of(context), findings))
      mailbox.remove(made.token);
    return;
  }
  findings.fail("legs-mx", address, failures);
}

// ---- out and back

void check_echo(const Context& context, Findings& findings) {
  const Account& account = *context.options.account;
  const std::string& echo = context.options.echo;
  const Service& service = *first_of(context.target, {"submission", "submissions"});
  const Made made = make_letter(context, account.address, echo);
  auto session = open_logged_in(context, service);
  if (!session) return findings.fail("legs-echo", echo, session.error().text);
  const auto accepted = send(**session, account.address, echo, made.text);
  if (!accepted) return findings.fail("legs-echo", echo, accepted.error().text);
  (*session)->bye();
  MailboxReader mailbox(context);
  const auto patience = milliseconds(context.options.total_time) / 2;
  if (check_arrival(context, mailbox, "legs-echo", echo, made, accepted->reply, patience, findings))
    mailbox.remove(made.token);
}

void add_leg(const Context& context, std::vector<CheckId> checks, void (*function)(const Context&, Findings&),
             milliseconds limit, Plan& plan) {
  Probe probe;
  probe.name = std::string(checks.front().row().id);
  probe.subject = context.options.account->address;
  probe.checks = std::move(checks);
  probe.run = [&context, function](Findings& findings) { function(context, findings); };
  probe.lane = "legs";  // POP3 locks the mailbox
  probe.limit = limit;
  plan.add(std::move(probe));
}

}  // namespace

void add_legs(const Context& context, Plan& plan) {
  const auto skip_all = [&](const std::string& why) {
    for (const Check& row : legs_checks) plan.skip(CheckId(row), context.target.host, why);
  };
  const auto& account = context.options.account;
  if (!account || account->password.empty()) return skip_all(std::string(why_no_account));
  const bool imap = first_of(context.target, {"imaps", "imapd"}),
             pop3 = first_of(context.target, {"pop3s", "popd"});
  if (!imap && !pop3) return skip_all("there is neither IMAP nor POP3 to fetch messages by");
  const auto limit = milliseconds(context.options.check_time);
  const bool submits = first_of(context.target, {"submission", "submissions"});
  std::vector<CheckId> checks{"legs-submit", "legs-local"};
  if (imap) checks.push_back("legs-imap");
  if (pop3) checks.push_back("legs-pop3");
  if (submits)
    add_leg(context, checks, check_own_way, 2 * limit, plan);
  else
    plan.skip("legs-submit", context.target.host, "there is no submission service");
  add_leg(context, {"legs-mx"}, check_mx_way, 2 * limit, plan);
  if (context.options.echo.empty() || !submits)
    plan.skip("legs-echo", account->address,
              "no address elsewhere that answers is set: access-test.echo, or --echo");
  else
    add_leg(context, {"legs-echo"}, check_echo, milliseconds(context.options.total_time), plan);
}

}  // namespace tubepost::basic_access_test

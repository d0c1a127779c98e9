// explain REPLY (T7): what a reply of another server means, and what to do. The table of classes and advice is that of
// the notices and of mailq (smtp/reply_class.h).
#include <cstdio>

#include "base/json.h"
#include "base/text.h"
#include "basic-access-test/groups.h"
#include "basic-access-test/report.h"
#include "smtp/reply_class.h"
#include "smtp/reply_words.h"

namespace tubepost::basic_access_test {
namespace {

// Who speaks so, and where he tells senders more.
struct Provider {
  std::string_view word, name, page;
};
constexpr Provider providers[] = {
    {"gsmtp", "Google", "https://support.google.com/mail/answer/81126"},
    {"support.google.com", "Google", "https://support.google.com/mail/answer/81126"},
    {"outlook.com", "Microsoft", "https://sendersupport.olc.protection.outlook.com/pm/"},
    {"office365", "Microsoft", "https://sendersupport.olc.protection.outlook.com/pm/"},
    {"yahoo", "Yahoo", "https://senders.yahooinc.com/"},
    {"t-online", "Telekom", "https://postmaster.t-online.de/"},
    {"gmx", "GMX and WEB.DE", "https://postmaster.gmx.net/"},
    {"web.de", "GMX and WEB.DE", "https://postmaster.web.de/"},
    {"icloud", "Apple", "https://support.apple.com/en-us/102322"},
    {"spamhaus", "Spamhaus", "https://check.spamhaus.org/"},
    {"spamcop", "SpamCop", "https://www.spamcop.net/bl.shtml"},
    {"barracuda", "Barracuda", "https://www.barracudacentral.org/rbl/removal-request"},
};
const Provider* provider_of(std::string_view text) {
  const auto lower = to_lower(text);
  for (const Provider& row : providers)
    if (lower.find(row.word) != std::string::npos) return &row;
  return nullptr;
}

struct Explained {
  std::string code, status;  // empty: not there
  std::string code_meaning, status_meaning, when, reply_class, remedy, provider, text;
  std::vector<std::string> links;
};

std::string_view when_of(int first_digit) {
  if (first_digit == 4) return "for now: it is tried again by itself";
  if (first_digit == 5) return "for good: it is not tried again";
  return "no refusal";
}

std::string remedy_of(const smtp::ReplyMeaning& meaning, int first_digit) {
  if (!meaning.advice.empty()) return std::string(meaning.advice);
  if (first_digit == 4)
    return "Wait: it is tried again by itself; if it stays so, ask the other server's postmaster.";
  if (first_digit == 5) return "Read what it says; if that does not help, ask the other server's postmaster.";
  return "Nothing is to be done.";
}

Explained explain(const smtp::PastedReply& reply, std::string_view pasted) {
  Explained said;
  const int digit = reply.code ? reply.code / 100 : reply.status->status_class;
  const auto meaning =
      smtp::explain_reply(reply.code ? reply.code : digit * 100 + 50, reply.status, reply.text);
  if (reply.code) said.code = std::to_string(reply.code), said.code_meaning = smtp::meaning_of(reply.code);
  if (reply.status)
    said.status = to_string(*reply.status), said.status_meaning = smtp::meaning_of(*reply.status);
  said.text = reply.text;
  said.when = when_of(digit);
  said.reply_class = to_text(meaning.reply_class);
  said.remedy = remedy_of(meaning, digit);
  said.links = meaning.links;
  if (const auto* const provider = provider_of(pasted.substr(0, smtp::pasted_max)); provider && digit >= 4) {
    said.provider = provider->name;
    said.links.emplace_back(provider->page);
  }
  return said;
}

void print_line(const char* name, const std::string& value) {
  if (!value.empty()) std::printf("%-9s %s\n", name, value.c_str());
}

void print_text(const Explained& said) {
  print_line("reply:", said.code + (said.code.empty() || said.status.empty() ? "" : " ") + said.status +
                           (said.text.empty() ? "" : ' ' + said.text));
  print_line("means:", said.code.empty()
                           ? ""
                           : said.code + ": " +
                                 (said.code_meaning.empty() ? "a code we do not know" : said.code_meaning));
  print_line(said.code.empty() ? "means:" : "",
             said.status.empty() ? "" : said.status + ": " + said.status_meaning);
  print_line("refuses:", said.when);
  print_line("class:", said.reply_class);
  print_line("by:", said.provider);
  print_line("remedy:", said.remedy);
  for (const auto& link : said.links) print_line("see:", link);
}

void print_json(const Explained& said) {
  std::string links;
  for (const auto& link : said.links) links += (links.empty() ? "" : ", ") + json_string(link);
  JsonObject object;
  said.code.empty() ? object.null("code") : object.raw("code", said.code);
  said.status.empty() ? object.null("status") : object.text("status", said.status);
  object.text("meaning", said.code_meaning);
  object.text("status_meaning", said.status_meaning);
  object.text("refuses", said.when);
  object.text("class", said.reply_class);
  object.text("provider", said.provider);
  object.text("remedy", said.remedy);
  object.raw("links", '[' + links + ']');
  std::printf("%s\n", object.done().c_str());
}

// What other servers say (T7), for the manual page. One code may mean several things.
constexpr const char* samples[] = {"421 4.7.0 Too many connections, try again later",
                                   "450 4.2.0 Greylisted",
                                   "451 4.3.0 Error while processing",
                                   "451 4.7.1 Greylisted, come back later",
                                   "452 4.7.1 Too much mail from you for now",
                                   "452 4.5.3 Too many recipients",
                                   "452 4.3.1 Insufficient system storage",
                                   "452 4.2.2 Mailbox full",
                                   "499 Your address has no reverse name",
                                   "530 5.7.0 Must issue a STARTTLS command first",
                                   "530 5.7.0 Authentication required",
                                   "535 5.7.8 Authentication credentials invalid",
                                   "550 5.1.1 User unknown",
                                   "550 5.2.1 The account is suspended",
                                   "550 5.7.1 Relaying denied",
                                   "550 5.7.25 The client has no reverse DNS",
                                   "550 5.7.23 SPF validation failed",
                                   "550 5.7.1 Blocked using zen.spamhaus.org",
                                   "550 5.7.1 Dynamic addresses are not permitted to send directly",
                                   "551 5.1.6 User not local",
                                   "552 5.2.2 Mailbox full",
                                   "552 5.3.4 Message too large",
                                   "553 5.1.8 Domain of sender does not exist",
                                   "554 5.7.1 Message refused, it contains a virus",
                                   "554 5.7.1 Refused by policy",
                                   "555 5.5.4 Unsupported parameter",
                                   "556 5.1.10 The domain takes no mail"};

}  // namespace

std::string list_replies_mdoc() {
  std::string out = ".Sh REPLIES\nWhat\n.Cm explain\nsays of replies like these:\n.Bl -tag -width indent\n";
  for (const char* const sample : samples) {
    const auto said = explain(*smtp::find_pasted_reply(sample), sample);
    out +=
        ".It Li " + mdoc_text(sample) + '\n' + said.code + " means: " + mdoc_text(said.code_meaning) + ".\n";
    if (!said.status.empty()) out += said.status + " means: " + mdoc_text(said.status_meaning) + ".\n";
    out += "It is refused " + mdoc_text(said.when) + ".\n.Em Remedy :\n" + mdoc_text(said.remedy) + '\n';
  }
  return out + ".El\n";
}

ExitStatus explain(const Context& context) {
  const auto& pasted = context.options.reply;
  const auto reply = smtp::find_pasted_reply(pasted);
  if (!reply) {
    std::fprintf(stderr, "basic-access-test: there is no reply code in this, as 550 or 5.1.1\n");
    return ExitStatus::no;
  }
  const auto said = explain(*reply, pasted);
  if (context.options.format == Format::json)
    print_json(said);
  else
    print_text(said);
  return ExitStatus::ok;
}

}  // namespace tubepost::basic_access_test

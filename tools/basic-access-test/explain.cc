// explain REPLY (T7): what a reply of another server means, and what to do. The table of classes and advice is that of
// the notices and of mailq (smtp/reply_class.h).
#include <cstdio>

#include "base/json.h"
#include "base/text.h"
#include "basic-access-test/groups.h"
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
  for (const auto& link : said.links) links += (links.empty() ? "" : ",") + json_string(link);
  std::printf(
      "{\"code\":%s,\"status\":%s,\"meaning\":%s,\"status_meaning\":%s,\"refuses\":%s,\"class\":%s,"
      "\"provider\":%s,\"remedy\":%s,\"links\":[%s]}\n",
      said.code.empty() ? "null" : said.code.c_str(),
      said.status.empty() ? "null" : json_string(said.status).c_str(), json_string(said.code_meaning).c_str(),
      json_string(said.status_meaning).c_str(), json_string(said.when).c_str(),
      json_string(said.reply_class).c_str(), json_string(said.provider).c_str(),
      json_string(said.remedy).c_str(), links.c_str());
}

}  // namespace

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

#include "smtp/reply_class.h"

#include <algorithm>
#include <array>
#include <span>

#include "base/text.h"

namespace tubepost::smtp {
namespace {

constexpr std::size_t text_looked_at = 4096, links_max = 3, link_max = 300;

struct Traits {
  ReplyClass reply_class;
  std::string_view name, advice;
  bool speaks_of_us;
};
constexpr Traits traits[] = {
    {ReplyClass::other, "other", "", false},
    {ReplyClass::no_reverse_name, "no-reverse-name",
     "This server's address needs a reverse name (PTR) that leads back to it: ask the provider for one, or "
     "send by a smarthost.",
     true},
    {ReplyClass::block_listed, "block-listed",
     "This server's address is on a block list: find out why and ask for removal, or send by a smarthost.",
     true},
    {ReplyClass::dynamic_address, "dynamic-address",
     "This server's address counts as a home connection or cannot be verified: send by the provider's "
     "smarthost.",
     true},
    {ReplyClass::unknown_user, "unknown-user", "There is no such mailbox: check the spelling of the address.",
     false},
    {ReplyClass::disabled_user, "disabled-user",
     "The mailbox exists but is closed: ask its owner in another way.", false},
    {ReplyClass::quota, "quota", "The mailbox is full: its owner has to make room; try again later.", false},
    {ReplyClass::authentication_missing, "authentication-missing",
     "That server wants us to log in: give an account in mxsend.smarthost-auth.", true},
    {ReplyClass::tls_missing, "tls-missing",
     "That server takes mail only over TLS, or a proof of identity we have not.", false},
    {ReplyClass::sender_refused, "sender-refused",
     "The sender's domain does not vouch for this server: publish SPF and DKIM records.", true},
    {ReplyClass::content_refused, "content-refused", "The content was taken for spam or something harmful.",
     false},
    {ReplyClass::too_large, "too-large",
     "The message is too large for that server: send it in parts, or a link.", false},
    {ReplyClass::embargo, "embargo", "A matter of time: it is tried again by itself.", false},
    {ReplyClass::login_failed, "login-failed",
     "Name or password is wrong, or the provider wants a password for applications: check "
     "mxsend.smarthost-auth, or the mail program's.",
     false},
    {ReplyClass::too_many_recipients, "too-many-recipients",
     "Too many recipients at once: the rest are tried again by themselves.", false},
    {ReplyClass::system_full, "system-full",
     "The other server's disk is full: it is tried again by itself; on a server of your own make room.",
     false},
    {ReplyClass::relay_denied, "relay-denied",
     "That server takes no mail for this domain from us: the domain's MX record is wrong, or a login is "
     "missing.",
     false},
    {ReplyClass::policy, "policy", "A rule of that server forbids it: ask its postmaster.", false},
};

const Traits& traits_of(ReplyClass reply_class) {
  return *std::find_if(std::begin(traits), std::end(traits),
                       [&](const Traits& row) { return row.reply_class == reply_class; });
}

// Held against the reply in this order, the first that fits decides. `words` are looked for in the text
// without regard to case; one is enough. `subject`.`detail`: of the enhanced status; -1: any; both -1: none
// needed. A row with words and a status needs either.
struct Rule {
  ReplyClass reply_class;
  int subject, detail;
  std::array<std::string_view, 14> words;
};
constexpr Rule rules[] = {
    {ReplyClass::no_reverse_name,
     7,
     25,
     {"reverse dns", "rdns", "reverse name", "reverse lookup", "ptr record", "no ptr", "reverse hostname",
      "find your hostname", "resolve your address", "reverse ip", "does not resolve to", "reverse mapping",
      "no reverse"}},
    {ReplyClass::no_reverse_name, -1, -1, {"dns ptr", "ptr resource", "reverse-dns", "no valid ptr"}},
    {ReplyClass::dynamic_address,
     -1,
     -1,
     {"dynamic", "dial-up", "dialup", "residential", "home user", "consumer", "generic rdns", "pbl", "dul.",
      "not permitted to send directly", "use your provider", "isp's mail server", "owner cannot be verified",
      "cannot verify"}},
    {ReplyClass::block_listed,
     -1,
     -1,
     {"blocklist", "block list", "blacklist", "black list", "blocked using", "listed at", "listed in",
      "listed by", "spamhaus", "spamcop", "rbl", "dnsbl", "poor reputation", "bad reputation"}},
    // Microsoft, Google, Yahoo, Apple, Telekom
    {ReplyClass::block_listed,
     -1,
     -1,
     {"banned sending ip", "traffic not accepted from this ip", "ip reputation", "reputation of your ip",
      "originating from your ip address", "black listed", "ip has been blocked", "reputation is very low"}},
    {ReplyClass::quota,
     2,
     2,
     {"quota", "mailbox full", "mailbox is full", "over its storage", "over storage", "inbox is full",
      "not enough space in the mailbox", "out of storage"}},
    {ReplyClass::disabled_user,
     2,
     1,
     {"disabled", "deactivated", "suspended", "inactive", "account is closed", "mailbox closed",
      "no longer in use"}},
    {ReplyClass::too_large,
     3,
     4,
     {"too large", "too big", "message size exceeds", "exceeds size", "size limit"}},
    {ReplyClass::tls_missing,
     -1,
     -1,
     {"starttls first", "must issue a starttls", "tls required", "encryption required", "requires tls"}},
    {ReplyClass::authentication_missing,
     -1,
     -1,
     {"authentication required", "authentication is required", "must authenticate", "auth required",
      "authenticate first", "not authenticated", "log in"}},
    {ReplyClass::login_failed,
     7,
     8,
     {"authentication failed", "authentication unsuccessful", "authentication credentials invalid",
      "password not accepted", "incorrect authentication", "invalid credentials", "login failed",
      "bad credentials", "wrong password"}},
    {ReplyClass::too_many_recipients, 5, 3, {"too many recipients"}},
    {ReplyClass::system_full,
     3,
     1,
     {"insufficient system storage", "insufficient disk", "disk full", "no space left",
      "queue file write error"}},
    {ReplyClass::relay_denied,
     -1,
     -1,
     {"relay access denied", "relaying denied", "relay not permitted", "unable to relay", "relay denied",
      "not a relay", "relaying not allowed", "no relaying"}},
    {ReplyClass::sender_refused,
     7,
     23,
     {"spf", "dmarc", "dkim", "sender domain", "sender address rejected", "domain of sender",
      "unauthenticated email", "not authorized to send"}},
    {ReplyClass::sender_refused, 7, 26, {"required authentication level"}},
    {ReplyClass::sender_refused, 7, 20, {}},
    {ReplyClass::sender_refused, 7, 21, {}},
    {ReplyClass::sender_refused, 7, 22, {}},
    {ReplyClass::sender_refused, 1, 8, {}},
    {ReplyClass::unknown_user,
     1,
     1,
     {"user unknown", "unknown user", "no such user", "no such mailbox", "mailbox unavailable",
      "does not exist", "no mailbox here", "unknown recipient", "recipient unknown", "invalid recipient",
      "unknown or illegal alias", "recipient not found", "user not found", "no such recipient"}},
    {ReplyClass::unknown_user,
     1,
     10,
     {"this user doesn't have", "recipient address rejected: access denied", "address not found"}},
    {ReplyClass::embargo,
     -1,
     -1,
     {"greylist", "graylist", "grey-list", "try again later", "try later", "too many connections",
      "rate limit", "temporarily deferred", "too much mail", "come back later", "throttl", "temporary"}},
    {ReplyClass::content_refused,
     6,
     -1,
     {"spam", "virus", "malware", "phish", "content rejected", "unsolicited"}},
    {ReplyClass::policy,
     7,
     -1,
     {"policy", "not permitted", "not allowed", "access denied", "relay", "refused"}},
};

bool has_word(const Rule& rule, std::string_view text) {
  return std::any_of(rule.words.begin(), rule.words.end(), [&](std::string_view word) {
    return !word.empty() && text.find(word) != std::string_view::npos;
  });
}

bool has_status(const Rule& rule, const std::optional<EnhancedStatus>& status) {
  return rule.subject >= 0 && status && status->subject == rule.subject &&
         (rule.detail == -1 || (rule.detail >= 0 && status->detail == rule.detail));
}

ReplyClass classify(int code, const std::optional<EnhancedStatus>& status, std::string_view text) {
  if (code < 400) return ReplyClass::other;
  // "499" was what some servers said of an address without a name.
  if (code == 499) return ReplyClass::no_reverse_name;
  if (code == 530 && text.find("tls") == std::string_view::npos) return ReplyClass::authentication_missing;
  if (code == 535) return ReplyClass::login_failed;
  if (code == 552 && !status && text.find("storage") == std::string_view::npos) return ReplyClass::too_large;
  for (const Rule& rule : rules)
    if (has_status(rule, status) || has_word(rule, text)) return rule.reply_class;
  if (code == 451 || code == 452 || code == 421) return ReplyClass::embargo;
  return ReplyClass::other;
}

}  // namespace

std::string_view to_text(ReplyClass reply_class) { return traits_of(reply_class).name; }

std::vector<std::string> links_in(std::string_view text) {
  std::vector<std::string> links;
  text = text.substr(0, text_looked_at);
  for (std::size_t at = text.find("http"); at != std::string_view::npos && links.size() < links_max;
       at = text.find("http", at + 1)) {
    const auto rest = text.substr(at);
    if (!rest.starts_with("http://") && !rest.starts_with("https://")) continue;
    const auto end = std::find_if(rest.begin(), rest.end(), [](char c) {
      return !is_printable_ascii(c) || c == ' ' || c == '<' || c == '>' || c == '"' || c == '\'' ||
             c == ')' || c == ',';
    });
    auto link = rest.substr(0, std::min<std::size_t>(static_cast<std::size_t>(end - rest.begin()), link_max));
    while (link.ends_with('.') || link.ends_with(';') || link.ends_with(']')) link.remove_suffix(1);
    if (link.size() > std::string_view("https://").size()) links.emplace_back(link);
  }
  return links;
}

ReplyMeaning explain_reply(int code, std::optional<EnhancedStatus> status, std::string_view text) {
  const auto lower = to_lower(text.substr(0, text_looked_at));
  const Traits& row = traits_of(classify(code, status, lower));
  return {row.reply_class, row.advice, row.speaks_of_us,
          code >= 400 ? links_in(text) : std::vector<std::string>()};
}

}  // namespace tubepost::smtp

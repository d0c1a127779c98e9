#include "smtp/reply_words.h"

#include "base/text.h"

namespace tubepost::smtp {
namespace {

struct CodeWords {
  int code;
  std::string_view meaning;
};
constexpr CodeWords codes[] = {
    {211, "the status of the server"},
    {214, "help"},
    {220, "the server is ready"},
    {221, "the server ends the connection"},
    {235, "the login succeeded"},
    {250, "it was done"},
    {251, "the user is elsewhere; the mail is passed on"},
    {252, "it cannot say whether the user exists, and takes the mail"},
    {334, "it waits for the next step of the login"},
    {354, "it waits for the message"},
    {421, "the server ends the connection now: busy, stopping, or you are held off"},
    {432, "a new password is needed first"},
    {450, "the mailbox cannot be had now: busy, or held off by greylisting or a policy"},
    {451, "an error of the server while it worked, or it holds you off for a time (greylisting)"},
    {452, "not enough room now: too many recipients at once, the disk, the mailbox, or you are held off"},
    {454, "the login, or TLS, cannot be had now"},
    {455, "parameters it cannot do now"},
    {458, "it cannot queue for that node"},
    {459, "that node is not allowed"},
    {499, "no code of the standard: some servers say so to an address without a reverse name"},
    {500, "it does not know the command, or the line is too long"},
    {501, "a parameter is wrong"},
    {502, "it does not have the command"},
    {503, "a command out of its order: often a login is missing"},
    {504, "it does not have this parameter or mechanism"},
    {521, "it takes no mail at all"},
    {523, "encryption is needed for this"},
    {530, "a login, or TLS, is needed first"},
    {534, "the mechanism is too weak, or a password for applications is needed"},
    {535, "the login failed: name or password is wrong, or logins are closed"},
    {538, "encryption is needed for this mechanism"},
    {550, "refused: no such mailbox, or a rule of the server"},
    {551, "the user is elsewhere, and it does not pass the mail on"},
    {552, "too large: the message, or what is in the mailbox"},
    {553, "the address is not allowed: its form, or not yours to send as"},
    {554, "refused: the transaction as a whole, often by a rule, or no mail service at all"},
    {555, "parameters of MAIL or RCPT that it does not know"},
    {556, "the domain takes no mail"},
};

struct StatusWords {
  int subject, detail;  // detail -1: of the subject
  std::string_view meaning;
};
constexpr StatusWords statuses[] = {
    {0, -1, "no more is said"},
    {1, 0, "something with the address"},
    {1, 1, "there is no such mailbox"},
    {1, 2, "there is no such domain"},
    {1, 3, "the address has a wrong form"},
    {1, 6, "the mailbox has moved"},
    {1, 7, "the sender's address has a wrong form"},
    {1, 8, "the sender's domain does not exist or is wrong"},
    {1, 10, "the domain takes no mail (null MX)"},
    {1, -1, "something with an address"},
    {2, 1, "the mailbox is closed"},
    {2, 2, "the mailbox is full"},
    {2, 3, "the message is too long for this mailbox"},
    {2, 4, "a mailing list could not be expanded"},
    {2, -1, "something with the mailbox"},
    {3, 1, "the server's disk is full"},
    {3, 2, "the server takes nothing at the moment"},
    {3, 3, "the server cannot do what is asked"},
    {3, 4, "the message is too large for the server"},
    {3, -1, "something with the server itself"},
    {4, 1, "no answer from the host"},
    {4, 2, "the connection broke"},
    {4, 3, "a directory could not be asked: DNS, or the server's own"},
    {4, 4, "no way there: no address of the host"},
    {4, 5, "too much mail at the moment"},
    {4, 6, "the mail goes round in a loop"},
    {4, 7, "the time for delivery is over"},
    {4, -1, "something with the network or the route"},
    {5, 1, "a command out of its order"},
    {5, 2, "a wrong command"},
    {5, 3, "too many recipients at once"},
    {5, 4, "a wrong parameter"},
    {5, -1, "something with the protocol"},
    {6, -1, "something with the content"},
    {7, 0, "a rule of the server"},
    {7, 1, "a rule of the server forbids it"},
    {7, 8, "name or password is wrong"},
    {7, 9, "the mechanism is too weak"},
    {7, 11, "encryption is needed"},
    {7, 13, "the account is disabled"},
    {7, 14, "a password for applications, or trust, is needed"},
    {7, 20, "no DKIM signature passes (RFC 7372)"},
    {7, 21, "no DKIM signature is acceptable (RFC 7372)"},
    {7, 22, "no valid DKIM signature is of the author's domain (RFC 7372)"},
    {7, 23, "SPF fails (RFC 7372)"},
    {7, 24, "SPF cannot be evaluated: the record has an error (RFC 7372)"},
    {7, 25, "the reverse name of the address is missing or does not lead back (RFC 7372)"},
    {7, 26, "several authentication checks fail: SPF, DKIM, DMARC (RFC 7372)"},
    {7, 27, "the sender's domain takes no mail itself (null MX, RFC 7505)"},
    {7, 28, "too much mail of this kind"},
    {7, 30, "REQUIRETLS cannot be had (RFC 8689)"},
    {7, -1, "a rule, or security"},
};

// "550", "550-", "550 5.1.1", "[550": where a code stands alone.
bool ends_code(std::string_view rest) {
  return rest.empty() || std::string_view(" -:;,)]\"'\t\r\n").find(rest.front()) != std::string_view::npos;
}
bool begins_word(std::string_view text, std::size_t at) {
  return at == 0 || std::string_view(" (:;[\"'\t\n").find(text[at - 1]) != std::string_view::npos;
}

// In a line of a log: "smtp[452]:" is a process, "[192.0.2.1]:587," and ":465:" are ports.
bool is_process_or_port(std::string_view line, std::size_t at) {
  const char before = at == 0 ? ' ' : line[at - 1], after = at + 3 < line.size() ? line[at + 3] : ' ';
  if (before == '[') return after == ']' && at >= 2 && is_alpha(line[at - 2]);
  return before == ':' && (after == ',' || after == ':' || (at >= 2 && line[at - 2] == ']'));
}

struct Place {
  std::size_t at = std::string_view::npos;
  int code = 0;
};

std::optional<EnhancedStatus> take_status(std::string_view& rest) {
  const auto begin = rest.find_first_not_of(" -#\t");
  if (begin == std::string_view::npos) return std::nullopt;
  const auto word = rest.substr(begin, rest.find_first_of(" \t:;,", begin) - begin);
  const auto status = parse_enhanced_status(word);
  if (status) rest.remove_prefix(begin + word.size());
  return status;
}

bool has_status_of(std::string_view rest, int code) {
  const auto status = take_status(rest);
  return status && status->status_class == static_cast<unsigned>(code / 100);
}

// A code in this line: of those that refuse the first with an enhanced code behind it, else the first; else the first of the others.
Place find_code(std::string_view line) {
  Place refusing, other;
  for (std::size_t i = 0; i + 3 <= line.size(); ++i) {
    if (!is_digit(line[i]) || !is_digit(line[i + 1]) || !is_digit(line[i + 2])) continue;
    if (!begins_word(line, i) || !ends_code(line.substr(i + 3)) || is_process_or_port(line, i)) continue;
    const int code = parse_number<int>(line.substr(i, 3)).value_or(0);
    const bool refuses = code >= 400 && code < 600;
    if (refuses && has_status_of(line.substr(i + 3), code)) return {i, code};
    if (refuses && refusing.code == 0) refusing = {i, code};
    if (code >= 200 && code < 400 && other.code == 0 && !meaning_of(code).empty()) other = {i, code};
  }
  return refusing.code != 0 ? refusing : other;
}

// "Status: 5.1.1" of a DSN, "dsn=4.4.1," of a log, or a bare one.
std::optional<PastedReply> find_status(std::string_view text) {
  constexpr std::string_view of_a_log = "dsn=";
  for (auto word : split_words(text)) {
    if (word.starts_with(of_a_log)) word = word.substr(of_a_log.size(), word.find_last_not_of(",;") + 1 - of_a_log.size());
    const auto status = parse_enhanced_status(word);
    if (status) return PastedReply{0, status, printable(text, 1000)};
  }
  return std::nullopt;
}

// The lines of one reply have the same code: "550-5.7.1 first", "550 5.7.1 last".
void add_line(PastedReply& reply, std::string_view rest) {
  const auto status = take_status(rest);
  if (!reply.status) reply.status = status;
  const auto begin = rest.find_first_not_of(" -\t");
  if (begin == std::string_view::npos) return;
  if (!reply.text.empty()) reply.text += ' ';
  reply.text += printable(rest.substr(begin), 1000);
}

}  // namespace

std::string_view meaning_of(int code) {
  for (const CodeWords& row : codes)
    if (row.code == code) return row.meaning;
  return {};
}

std::string_view meaning_of(EnhancedStatus status) {
  for (const StatusWords& row : statuses)
    if (row.subject == status.subject && (row.detail == status.detail || row.detail == -1))
      return row.meaning;
  return {};
}

std::optional<PastedReply> find_pasted_reply(std::string_view text) {
  text = text.substr(0, pasted_max);
  std::optional<PastedReply> found;
  bool open = false;  // the line before belongs to `found`
  for (const auto raw : split(text, '\n')) {
    const auto line = trim(raw);
    const auto place = find_code(line);
    if (place.code == 0) {
      // What a bounce wraps belongs to the reply; an empty line ends it.
      if (open && found && !line.empty()) add_line(*found, line);
      open = open && !line.empty();
      continue;
    }
    const bool refuses = place.code >= 400;
    if (found && found->code >= 400 && !refuses) {
      open = false;
      continue;
    }
    if (!found || found->code != place.code || !open) found = PastedReply{place.code, std::nullopt, {}};
    add_line(*found, line.substr(place.at + 3));
    open = true;
  }
  return found ? found : find_status(text);
}

}  // namespace tubepost::smtp

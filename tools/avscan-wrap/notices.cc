#include "avscan-wrap/notices.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/file.h"
#include "base/text.h"
#include "message/header.h"
#include "process/child.h"

namespace tubepost::avscan {
namespace {

constexpr std::chrono::seconds sendmail_time{60};
constexpr std::size_t quoted_max = 200;

std::string value_of(std::string_view text, std::string_view field) {
  const auto found = message::find_field(text, field);
  return found ? printable(message::unfold(found->value), quoted_max) : std::string();
}

bool is_automatic(std::string_view text) {
  const std::string value = to_lower(value_of(text, "Auto-Submitted"));
  return !value.empty() && !value.starts_with("no");
}

// RFC 3834 2, RFC 2919: mail that nobody wrote to be answered.
bool is_bulk(std::string_view text) {
  const std::string precedence = to_lower(value_of(text, "Precedence"));
  return precedence == "bulk" || precedence == "list" || precedence == "junk" ||
         message::find_field(text, "List-Id").has_value() ||
         message::find_field(text, "List-Unsubscribe").has_value();
}

bool is_answerable(std::string_view sender) {
  const std::string local = to_lower(sender.substr(0, sender.rfind('@')));
  return !sender.empty() && local != "mailer-daemon" && !local.starts_with("owner-") &&
         !local.ends_with("-request") && !local.ends_with("-owner") && !local.ends_with("-bounces");
}

// Only what can stand in "<…>" of a field.
std::string address_in_field(std::string_view address) {
  const bool plain = std::all_of(address.begin(), address.end(), [](char c) {
    return c != '<' && c != '>' && static_cast<unsigned char>(c) > ' ' && c != 0x7f;
  });
  return plain ? '<' + std::string(address) + '>' : "undisclosed-recipients:;";
}

std::string head(const std::string& to, const std::string& subject, std::string_view text, const char* kind) {
  std::string header = "From: Virus scanner <postmaster>\r\nTo: " + to + "\r\nSubject: " + subject +
                       "\r\nAuto-Submitted: " + kind + "\r\n";
  const std::string id = value_of(text, "Message-ID");  // RFC 3834 3.1.5
  if (id.starts_with('<') && id.ends_with('>') && id.find_first_of(" \t\\") == id.npos)
    header += "In-Reply-To: " + id + "\r\nReferences: " + id + "\r\n";
  return header +
         "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
         "Content-Transfer-Encoding: 8bit\r\n\r\n";
}

std::string facts(const Envelope& envelope, std::string_view text, const Incident& incident) {
  std::string lines =
      "  From:    " + printable(envelope.sender.empty() ? "<>" : envelope.sender, quoted_max) + "\r\n";
  for (std::size_t i = 0; i < envelope.recipients.size() && i < 20; ++i)
    lines += "  To:      " + printable(envelope.recipients[i], quoted_max) + "\r\n";
  for (const char* field : {"Subject", "Date"})
    if (const auto value = value_of(text, field); !value.empty())
      lines += "  " + std::string(field) + ':' + std::string(8 - std::string_view(field).size(), ' ') +
               value + "\r\n";
  if (!incident.virus.empty()) lines += "  Virus:   " + incident.virus + "\r\n";
  return lines;
}

}  // namespace

bool tells_sender(const Options& options, const Envelope& envelope, std::string_view text,
                  const Incident& incident) {
  if (!envelope.known || !is_answerable(envelope.sender) || is_automatic(text) || is_bulk(text)) return false;
  // A local sender is always told; a refusal is a way to be told.
  return options.notify_sender || (envelope.is_local() && !incident.refused);
}

bool tells_recipients(const Options& options, const Envelope& envelope, std::string_view text) {
  return options.notify_recipient && envelope.known && !envelope.recipients.empty() &&
         !(envelope.sender.empty() && is_automatic(text));
}

std::string notice_to_sender(const Envelope& envelope, std::string_view text, const Incident& incident) {
  return head(address_in_field(envelope.sender), "Virus in a message from you", text, "auto-replied") +
         "The virus scanner of this mail server has found a virus in a message from you.\r\n"
         "The message " +
         incident.became + ".\r\n\r\n" + facts(envelope, text, incident);
}

std::string notice_to_recipients(const Envelope& envelope, std::string_view text, const Incident& incident) {
  return head("undisclosed-recipients:;", "Virus in a message to you", text, "auto-generated") +
         "The virus scanner of this mail server has found a virus in a message to you.\r\n"
         "The message " +
         incident.became + ".\r\n\r\n" + facts(envelope, text, incident);
}

Result<void> send_mail(const Options& options, const std::string& sender,
                       const std::vector<std::string>& recipients, std::string_view text,
                       const std::string& release) {
  const UniqueFd body(::memfd_create("mail", MFD_CLOEXEC));
  if (!body) return Failure::temporary("memfd_create: " + error_text(errno));
  if (auto written = write_all(body.get(), text); !written) return written;
  if (::lseek(body.get(), 0, SEEK_SET) != 0) return Failure::temporary("lseek: " + error_text(errno));
  std::vector<std::string> argv{
      options.sendmail, "--home", options.home, "-i", "-f", sender.empty() ? "<>" : sender, "--"};
  argv.insert(argv.end(), recipients.begin(), recipients.end());
  process::ChildOptions child_options;
  child_options.redirects = {{body.get(), 0}, {2, 1}};
  child_options.unset_env = {"SENDER", "RECIPIENTS", "ENVELOPE", "CLIENT_ADDRESS",
                             "HELO",   "AUTH_USER",  "SPOOL_ID"};
  if (!release.empty())
    child_options.set_env = {{release_variable, release}};
  else
    child_options.unset_env.emplace_back(release_variable);
  auto child = process::Child::spawn(argv, child_options);
  if (!child) return std::move(child).error();
  const auto ended = child->wait_for(sendmail_time);
  if (!ended) return Failure::temporary(options.sendmail + ": did not end in time");
  if (ended->by_signal || ended->code != 0)
    return Failure::temporary(options.sendmail + ": ended with " + std::to_string(ended->code));
  return {};
}

}  // namespace tubepost::avscan

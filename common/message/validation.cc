// What is wrong with a message (S7), and what submission adds to it (RFC 6409 8).
#include <algorithm>
#include <array>

#include "base/file.h"
#include "base/text.h"
#include "message/address_list.h"
#include "message/date.h"
#include "message/header.h"

namespace tubepost::message {
namespace {

// RFC 5322 3.6: at most one of each.
constexpr std::array<std::string_view, 11> single_fields = {
    "Date", "From",       "Sender",      "Reply-To",   "To",     "Cc",
    "Bcc",  "Message-ID", "In-Reply-To", "References", "Subject"};
using Seen = std::array<bool, single_fields.size()>;

// Notes the field; true if it stood before and may not stand twice.
bool is_repeated(const Field& field, Seen& seen) {
  for (std::size_t i = 0; i < single_fields.size(); ++i)
    if (field.is(single_fields[i])) return std::exchange(seen[i], true);
  return false;
}

bool has_bare_line_end(std::string_view text) {
  for (auto at = text.find_first_of("\r\n"); at != std::string_view::npos;
       at = text.find_first_of("\r\n", at + 2))
    if (!text.substr(at).starts_with("\r\n")) return true;
  return false;
}

bool names_somebody(std::string_view from) {
  const auto addresses = parse_address_list(from).addresses();
  return std::any_of(addresses.begin(), addresses.end(), [](const Address& address) {
    return !address.local_part.empty() && !address.domain.empty();
  });
}

std::optional<std::string> flaw_of(const Field& field, bool on_submission) {
  if (field.whole.find('\0') != std::string_view::npos) return "a NUL in field " + std::string(field.name);
  if (has_bare_line_end(field.whole)) return "CR or LF by itself in field " + std::string(field.name);
  if (on_submission && field.is("From") && !names_somebody(field.value)) return "field From names no address";
  return std::nullopt;
}

}  // namespace

std::optional<std::string> corruption(std::string_view message, bool on_submission) {
  HeaderReader reader(message, HeaderMode::strict);
  Seen seen{};
  bool any = false;
  while (const auto field = reader.next()) {
    any = true;
    if (auto flaw = flaw_of(*field, on_submission)) return flaw;
    if (is_repeated(*field, seen)) return "field " + std::string(field->name) + " twice";
  }
  if (reader.broken_line()) {
    const auto line = printable(trim(*reader.broken_line()), 60);
    return any ? "a header line that is no field: " + line : "no header before: " + line;
  }
  if (!any && !on_submission) return "no header";
  return std::nullopt;
}

std::string missing_fields(std::string_view message, std::string_view submitter, std::string_view hostname,
                           Timestamp now) {
  bool from = false, date = false, id = false;
  HeaderReader reader(message);
  while (const auto field = reader.next()) {
    from |= field->is("From");
    date |= field->is("Date");
    id |= field->is("Message-ID");
  }
  std::string fields;
  const std::string author =
      submitter.empty() ? "MAILER-DAEMON@" + std::string(hostname) : std::string(submitter);
  if (!from) fields += "From: <" + printable(author) + ">\r\n";
  if (!date) fields += "Date: " + format_date(now) + "\r\n";
  if (!id) fields += "Message-ID: " + make_message_id(hostname, now) + "\r\n";
  return fields;
}

std::string make_message_id(std::string_view hostname, Timestamp now) {
  std::string digits = to_rfc3339(now).substr(0, 19);  // "2026-11-21T02:08:17"
  digits.erase(std::remove_if(digits.begin(), digits.end(), [](char c) { return !is_digit(c); }),
               digits.end());
  return '<' + digits + '.' + to_hex(random_bytes(10)) + '@' + std::string(hostname) + '>';
}

}  // namespace tubepost::message

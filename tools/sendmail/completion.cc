#include "sendmail/completion.h"

#include "base/base64.h"
#include "base/text.h"
#include "message/address_list.h"
#include "message/header.h"

namespace tubepost::sendmail {
namespace {

bool has_resent(std::string_view header) {
  message::HeaderReader reader(header);
  while (const auto field = reader.next())
    if (starts_with_ignoring_case(field->name, "Resent-")) return true;
  return false;
}

bool holds_addresses(const message::Field& field) {
  for (const auto name : {"From", "Sender", "Reply-To", "To", "Cc"})
    if (field.is(name)) return true;
  return false;
}

std::string qualified(const message::Address& address, const std::string& domain) {
  auto whole = address;
  if (whole.domain.empty()) whole.domain = domain;
  const std::string text = whole.to_text();
  return address.display_name.empty() ? text : phrase(address.display_name) + " <" + text + ">";
}

// The field with its bare names qualified; as it was where there are none, or where rewriting could lose something.
std::string with_qualified_names(const message::Field& field, const std::string& domain) {
  const auto list = message::parse_address_list(field.value);
  bool bare = false, groups = false;
  for (const auto& group : list.groups) groups = groups || group.name;
  for (const auto& address : list.addresses()) bare = bare || address.domain.empty();
  if (list.broken || groups || !bare) return std::string(field.whole);
  std::vector<std::string> written;
  for (const auto& address : list.addresses()) written.push_back(qualified(address, domain));
  return std::string(field.name) + ": " + join(written, ",\r\n\t") + "\r\n";
}

// Bare names, as cron writes them ("From: root (Cron Daemon)", "To: root").
std::string with_qualified_names(std::string_view header, const Author& author) {
  std::string whole;
  message::HeaderReader reader(header, message::HeaderMode::strict);
  while (const auto field = reader.next()) {
    const bool of_author = field->is("From") || field->is("Sender");
    whole += holds_addresses(*field)
                 ? with_qualified_names(*field, of_author ? author.hostname : author.default_domain)
                 : std::string(field->whole);
  }
  // A header that is broken is judged as it came.
  return reader.broken_line() ? std::string(header) : whole;
}

}  // namespace

std::string as_written(const message::Address& address) {
  return address.domain.empty() ? address.local_part : address.to_text();
}

Result<std::vector<std::string>> recipients_in(std::string_view header) {
  const std::string prefix = has_resent(header) ? "Resent-" : "";
  std::vector<std::string> recipients;
  message::HeaderReader reader(header);
  while (const auto field = reader.next()) {
    if (!field->is(prefix + "To") && !field->is(prefix + "Cc") && !field->is(prefix + "Bcc")) continue;
    const auto list = message::parse_address_list(field->value);
    // To send to some of them, silently, would be worse than to send to none.
    if (list.broken)
      return Failure::permanent(
          "cannot read the addresses in " + std::string(field->name) + ": " + printable(field->value, 100),
          {5, 6, 0});
    for (const auto& address : list.addresses()) recipients.push_back(as_written(address));
  }
  return recipients;
}

std::string without_bcc(std::string_view header) {
  std::string kept;
  message::HeaderReader reader(header);
  while (const auto field = reader.next())
    if (!field->is("Bcc") && !field->is("Resent-Bcc")) kept += field->whole;
  return kept;
}

std::string completed(std::string_view header, const Author& author, Timestamp now) {
  std::string whole = with_qualified_names(header, author);
  if (!author.full_name.empty() && !author.address.empty() && !message::find_field(header, "From"))
    whole = "From: " + phrase(author.full_name) + " <" + author.address + ">\r\n" + whole;
  return message::missing_fields(whole, author.address, author.hostname, now) + whole;
}

std::string phrase(std::string_view name) {
  constexpr std::size_t encoded_octets_max = 45;  // RFC 2047 2: an encoded word has at most 75 characters
  bool ascii = true;
  std::string clean;
  for (const char c : name) {
    if (is_printable_ascii(c) || static_cast<unsigned char>(c) >= 0x80) clean += c;
    ascii = ascii && static_cast<unsigned char>(c) < 0x80;
  }
  if (!ascii) {
    std::size_t cut = std::min(clean.size(), encoded_octets_max);
    while (cut > 0 && cut < clean.size() && (static_cast<unsigned char>(clean[cut]) & 0xc0) == 0x80) --cut;
    return "=?UTF-8?B?" + base64_encode(clean.substr(0, cut)) + "?=";
  }
  return quoted(clean);
}

}  // namespace tubepost::sendmail

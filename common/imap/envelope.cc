#include "imap/envelope.h"

#include <algorithm>

#include "base/text.h"
#include "imap/writer.h"
#include "message/address_list.h"
#include "message/header.h"

namespace tubepost::imap {
namespace {

std::string without_nul(std::string_view text) {
  std::string out(text);
  std::erase(out, '\0');
  return out;
}

void append_text(std::string& out, std::string_view value) {
  auto text = without_nul(message::unfold(value.substr(0, envelope_field_max)));
  std::replace(text.begin(), text.end(), '\t', ' ');  // where it was folded; keeps it out of a literal
  append_string(out, text);
}

void append_field(std::string& out, const std::optional<std::string_view>& value) {
  value ? append_text(out, *value) : void(out += "NIL");
}

// RFC 9051 7.5.2: (name source-route mailbox host).
void append_address(std::string& out, std::string_view name, std::string_view mailbox,
                    std::string_view host) {
  out += '(';
  name.empty() ? void(out += "NIL") : append_string(out, without_nul(name));
  out += " NIL ";
  append_string(out, without_nul(mailbox));
  out += ' ';
  append_string(out, without_nul(host));
  out += ')';
}

// RFC 9051 7.5.2: a group begins with its name as mailbox and no host, and ends with neither.
void append_group(std::string& out, const message::AddressGroup& group) {
  if (group.name) {
    out += "(NIL NIL ";
    append_string(out, without_nul(*group.name));
    out += " NIL)";
  }
  for (const auto& address : group.members)
    append_address(out, address.display_name, address.local_part, address.domain);
  if (group.name) out += "(NIL NIL NIL NIL)";
}

void append_addresses(std::string& out, const std::optional<std::string_view>& value) {
  if (!value || value->empty()) {
    out += "NIL";
    return;
  }
  const auto text = value->substr(0, envelope_field_max);
  const auto list = message::parse_address_list(text);
  out += '(';
  for (const auto& group : list.groups) append_group(out, group);
  if (list.groups.empty()) append_address(out, trim(message::unfold(text)), {}, {});
  out += ')';
}

}  // namespace

EnvelopeFields read_envelope_fields(std::string_view header) {
  struct Slot {
    std::string_view name;
    std::optional<std::string_view> EnvelopeFields::*value;
  };
  constexpr Slot slots[] = {{"Date", &EnvelopeFields::date},
                            {"Subject", &EnvelopeFields::subject},
                            {"From", &EnvelopeFields::from},
                            {"Sender", &EnvelopeFields::sender},
                            {"Reply-To", &EnvelopeFields::reply_to},
                            {"To", &EnvelopeFields::to},
                            {"Cc", &EnvelopeFields::cc},
                            {"Bcc", &EnvelopeFields::bcc},
                            {"In-Reply-To", &EnvelopeFields::in_reply_to},
                            {"Message-ID", &EnvelopeFields::message_id},
                            {"References", &EnvelopeFields::references}};
  EnvelopeFields fields;
  message::HeaderReader reader(header);
  while (const auto field = reader.next())
    for (const auto& slot : slots)
      if (field->is(slot.name) && !(fields.*slot.value)) fields.*slot.value = field->value;
  return fields;
}

void append_envelope(std::string& out, const EnvelopeFields& fields) {
  std::string from;
  append_addresses(from, fields.from);
  out += '(';
  append_field(out, fields.date);
  out += ' ';
  append_field(out, fields.subject);
  out += ' ';
  out += from;
  // RFC 9051 7.5.2: Sender and Reply-To are From where they are missing or empty.
  for (const auto& addresses : {fields.sender, fields.reply_to}) {
    out += ' ';
    addresses && !addresses->empty() ? append_addresses(out, addresses) : void(out += from);
  }
  for (const auto& addresses : {fields.to, fields.cc, fields.bcc}) {
    out += ' ';
    append_addresses(out, addresses);
  }
  out += ' ';
  append_field(out, fields.in_reply_to);
  out += ' ';
  append_field(out, fields.message_id);
  out += ')';
}

}  // namespace tubepost::imap

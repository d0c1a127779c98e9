// ENVELOPE (RFC 9051 7.5.2, RFC 3501 7.4.2) of a message's header. Values stand as they came (RFC 2047 words are left
// to the client), unfolded,
// tabs as blanks, without NUL; what is not printable ASCII goes in literals, which every client reads.
//
// What is odd is answered like this: of a field that stands twice the first counts; an address list of which nothing
// can be read becomes one address whose name is the field's text and whose mailbox and host are "" (not NIL, which
// means a group); a mailbox without a domain has the host "". Of a field no more than envelope_field_max bytes are
// read. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace tubepost::imap {

inline constexpr std::size_t envelope_field_max = 256 << 10;

// Raw values, folded as they came; nullopt: there is no such field.
struct EnvelopeFields {
  std::optional<std::string_view> date, subject, from, sender, reply_to, to, cc, bcc, in_reply_to, message_id,
      references;  // the last is none of the envelope's
};
EnvelopeFields read_envelope_fields(std::string_view header);

void append_envelope(std::string& out, const EnvelopeFields& fields);

}  // namespace tubepost::imap

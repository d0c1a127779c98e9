// Mail addresses as SMTP has them (RFC 5321 4.1.2, RFC 6531 3.3): local part and domain, without display name or route.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tubepost::smtp {

// RFC 5321 4.5.3.1.1-3: 64 octets of local part, 255 of domain, 254 of address (256 of path).
inline constexpr std::size_t local_part_max = 64, domain_max = 255, path_max = 256;

struct Mailbox {
  std::string local_part;  // unquoted: `"a b"@x` has the local part `a b`
  std::string domain;      // lower case; U-labels kept as they came (NFC is the directory's matter); "[1.2.3.4]" a literal

  std::string to_text() const;  // local_part@domain, quoted where the grammar demands it; empty domain: local part alone
  bool is_ascii() const;
  friend auto operator<=>(const Mailbox&, const Mailbox&) = default;
};

// The whole text is an address "local@domain" (dot-string or quoted-string; domain or address literal).
std::optional<Mailbox> parse_mailbox(std::string_view text, bool allow_utf8 = true);

// A domain name: letters, digits, hyphens, at most 63 octets a label; UTF-8 labels where allowed. No trailing dot.
bool is_domain(std::string_view text, bool allow_utf8 = true);
bool is_address_literal(std::string_view text);  // with its brackets, RFC 5321 4.1.3

}  // namespace tubepost::smtp

// Address lists of header fields (RFC 5322 3.4, 4.4): mailboxes and groups, comments, quoted strings, and the
// obsolete forms that are still met (routes, empty list elements, dots and blanks in odd places). Pure and
// linear in the length of the text.
//
// What cannot be read is skipped up to the next comma and marks the list as broken; the rest is kept.
// Bounded: no more than address_list_max addresses.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tubepost::message {

inline constexpr std::size_t address_list_max = 10'000;

struct Address {
  std::string display_name;  // unquoted, blanks folded into one; encoded words (RFC 2047) as they came; else
                             // a comment
  std::string local_part;    // unquoted
  std::string
      domain;  // as written, blanks and comments removed; "[...]" a literal; empty: a bare name ("To: joe")

  std::string to_text() const;  // local@domain, quoted where the grammar demands it; without the display name
  friend bool operator==(const Address&, const Address&) = default;
};

struct AddressGroup {
  std::optional<std::string> name;  // nullopt: these addresses stand in no group
  std::vector<Address> members;     // may be empty where there is a name: "undisclosed-recipients:;"
};

struct AddressList {
  std::vector<AddressGroup> groups;  // in order
  bool broken = false;               // something could not be read, or there was too much

  std::vector<Address> addresses() const;  // all of them, groups opened
};

AddressList parse_address_list(std::string_view text);  // the raw value of a field

}  // namespace tubepost::message

// The base subject (RFC 5256 2.1) and message ids (RFC 5256 "REFERENCES", normalised), for SORT and THREAD. Pure; linear.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tubepost::imap {

inline constexpr std::size_t base_subject_max = 1000;  // octets of a subject that are looked at
inline constexpr std::size_t message_id_max = 500;     // a longer one is none
inline constexpr std::size_t references_max = 100;     // of more the first and the last 99 are kept

struct BaseSubject {
  std::string text;               // UTF-8, case-folded: compare by bytes
  bool reply_or_forward = false;  // something was removed that says so
};
BaseSubject base_subject(std::string_view raw_subject);

// The ids between '<' and '>' of a field's value, quotes undone.
std::vector<std::string> message_ids(std::string_view value);

}  // namespace tubepost::imap

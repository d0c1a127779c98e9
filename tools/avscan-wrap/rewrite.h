// A message with infected parts replaced: by a few words, or by what the scanner repaired. Every other byte
// stays. The result is valid MIME where the message was: a replaced part keeps its place between its
// boundaries. Line ends are those of the message. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "avscan-wrap/inspection.h"

namespace tubepost::avscan {

inline constexpr std::string_view field_name = "X-Tubepost-Virus";

enum class Replace { remove, repair };  // repair: a part with nothing repaired is removed
std::string replace_parts(std::string_view text, const Inspection& found, Replace how);

// "X-Tubepost-Virus: …" in front; `value` is made printable.
std::string with_field(std::string_view text, std::string_view value);

// The value of the field that tells what became of the parts.
std::string describe(const Inspection& found, Replace how);

}  // namespace tubepost::avscan

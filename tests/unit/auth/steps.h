// What a SASL server answered, for expectations.
#pragma once

#include <string>
#include <variant>

#include "auth/sasl.h"

namespace tubepost::auth {

inline std::string challenge(const SaslStep& step) {
  const auto* text = std::get_if<Challenge>(&step);
  return text ? text->text : "(none)";
}
inline bool is_refused(const SaslStep& step) { return std::holds_alternative<Refused>(step); }

}  // namespace tubepost::auth

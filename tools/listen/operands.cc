#include "listen/operands.h"

#include <cstdint>

#include "base/text.h"

namespace tubepost::listen {

bool looks_like_endpoint(std::string_view operand) {
  if (operand.starts_with("unix:")) return true;
  const auto colon = operand.rfind(':');
  return colon != operand.npos && colon > 0 && operand.find('/') == operand.npos &&
         parse_number<std::uint16_t>(operand.substr(colon + 1)).has_value();
}

Operands split_operands(const std::vector<std::string>& operands) {
  Operands result;
  for (const std::string& operand : operands) {
    const bool address = result.program.empty() && looks_like_endpoint(operand);
    (address ? result.addresses : result.program).push_back(operand);
  }
  return result;
}

std::optional<std::string> find_missing(const Operands& operands, bool has_sockets) {
  if (operands.addresses.empty() && !has_sockets)
    return operands.program.empty() ? "ADDR:PORT is missing"
                                    : printable(operands.program.front()) + ": not ADDR:PORT";
  if (operands.program.empty()) return "PROGRAM is missing";
  return std::nullopt;
}

}  // namespace tubepost::listen

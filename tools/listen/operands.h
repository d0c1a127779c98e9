// What `listen` is given: where to listen, then the program.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tubepost::listen {

// "192.0.2.7:25", "[::1]:25", "localhost:2525", "unix:/run/x": has a port or the prefix, and no other slash.
bool looks_like_endpoint(std::string_view operand);

struct Operands {
  std::vector<std::string> addresses;
  std::vector<std::string> program;  // with its arguments
};
Operands split_operands(const std::vector<std::string>& operands);
// A complaint, if it is not enough. `has_sockets`: they come from elsewhere, and so no address need be given.
std::optional<std::string> find_missing(const Operands& operands, bool has_sockets);

}  // namespace tubepost::listen

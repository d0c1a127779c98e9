// Who a message is from and for, as contracts.md tells a message filter: in the environment, recipients too
// many for it in a file.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace tubepost::avscan {

struct Envelope {
  bool known = false;  // SENDER was set: this is no run by hand
  std::string sender;
  std::vector<std::string> recipients;
  std::string client_address, auth_user, spool_id;
  std::string released;  // the quarantined message that is being released, see quarantine.h

  // Logged in, or a user of this machine (sendmail): judged by how the message came, never by what it says.
  bool is_local() const { return !auth_user.empty(); }
};

// `value_of` is getenv, or what stands for it; nullptr: unset.
Envelope read_envelope(const std::function<const char*(const char*)>& value_of);

inline constexpr const char* release_variable = "TUBEPOST_AVSCAN_RELEASE";

}  // namespace tubepost::avscan

// What the programs have promised by what they said, and whether a home keeps it.
//
// The scenario's list, fields separated by tabs; SAID is a text: from the line of the record that has it on, the promise binds.
//   home SAID                     the instance is whole: databases that open, settings, keys
//   account ADDRESS SAID          the account is there, with its password
//   message TOKEN SIZE CRC RECIPIENTS SAID
//       for each of the recipients (with commas) the message whose subject is TOKEN and whose body is so waits in the spool or is in its
//       mailbox, once; a "bounce:ADDRESS" for those that fail: it waits, or its notice waits or is in that mailbox
//   quarantined TOKEN SIZE CRC SAID   such a message is in quarantine, with its envelope and its report
//   gone TOKEN ADDRESS SAID       nothing of it is in that mailbox any more
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "power_cut/disk.h"
#include "power_cut/record.h"

namespace tubepost::power_cut {

struct Promise {
  std::string kind, token, said;
  std::vector<std::string> recipients;
  std::uint64_t size = 0;
  std::uint32_t crc = 0;
  std::size_t since = SIZE_MAX;  // the line of the record that says it
};
Result<std::vector<Promise>> read_promises(const std::string& path, const std::vector<Line>& record);

// What is wrong with the instance in `home` after a cut behind `line`; nothing: all is kept. Repairs it, as mailadm fsck does.
std::vector<std::string> broken_promises(const std::string& home, const std::vector<Promise>& promises,
                                         std::size_t line);

}  // namespace tubepost::power_cut

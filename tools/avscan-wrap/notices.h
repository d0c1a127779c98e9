// Mail that avscan-wrap sends: notices of a virus, and what is released from quarantine. It goes to the queue
// by sendmail(1), started without a shell.
//
// Notices can make no loop: they have the null sender and say Auto-Submitted (RFC 3834 5); a sender is not
// told of a message that is itself automatic, of a list, or from nobody (RFC 3834 2); recipients are not told
// of a message that is like a notice.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "avscan-wrap/envelope.h"
#include "avscan-wrap/options.h"
#include "base/result.h"

namespace tubepost::avscan {

struct Incident {
  std::string virus;     // may be empty
  std::string became;    // "was refused", …: what became of the message
  bool refused = false;  // who sent it has read so in the reply
};

bool tells_sender(const Options& options, const Envelope& envelope, std::string_view text,
                  const Incident& incident);
bool tells_recipients(const Options& options, const Envelope& envelope, std::string_view text);

// The texts. `text` is the message with the virus: subject, date and Message-ID are quoted, nothing else.
std::string notice_to_sender(const Envelope& envelope, std::string_view text, const Incident& incident);
std::string notice_to_recipients(const Envelope& envelope, std::string_view text, const Incident& incident);

// `release`: the ID of a quarantined message, or empty.
Result<void> send_mail(const Options& options, const std::string& sender,
                       const std::vector<std::string>& recipients, std::string_view text,
                       const std::string& release = {});

}  // namespace tubepost::avscan

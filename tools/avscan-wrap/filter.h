// The message filter: one message in, what becomes of it out. Decides and acts on it (quarantine, notices,
// log), and leaves reading, writing and exiting to its caller. A Filter serves one message at a time.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "avscan-wrap/envelope.h"
#include "avscan-wrap/inspection.h"
#include "avscan-wrap/notices.h"
#include "avscan-wrap/options.h"
#include "avscan-wrap/quarantine.h"
#include "avscan-wrap/scanner.h"
#include "log/logger.h"

namespace tubepost::avscan {

// contracts.md: what a message filter says.
enum class Said : int { go_on = 0, malformed = 65, later = 75, refuse = 77, drop = 99 };

struct Decision {
  Said said = Said::go_on;
  std::string reply;                   // one printable line, unless go_on: for the client, or for the log
  std::optional<std::string> changed;  // go_on: what goes on instead of the message
  Verdict verdict = Verdict::clean;
  std::string virus, reason, action, output;
  std::string quarantine_id;
  bool notify = false;  // a virus was found, and was acted on
};

class Filter {
public:
  Filter(const Options& options, Scanner& scanner, const log::Logger& logger)
      : options_(options), scanner_(scanner), logger_(logger), quarantine_(options.quarantine) {}

  Decision decide(std::string_view text, const Envelope& envelope);
  // Once the reply is said, as its line must be the first on stderr: the log, and the notices.
  void tell(const Decision& decision, std::string_view text, const Envelope& envelope) const;

private:
  Decision on_virus(std::string_view text, const Envelope& envelope, const Inspection& found,
                    const net::Deadline& deadline);
  Decision on_error(std::string_view text, const Inspection& found) const;
  Decision refuse(const Inspection& found) const;
  Decision quarantine(std::string_view text, const Envelope& envelope, const Inspection& found) const;
  Decision strip(std::string_view text, const Inspection& found, const net::Deadline& deadline);
  Decision repair(std::string_view text, const Inspection& found, const net::Deadline& deadline);
  Decision deliver_if_clean(std::string text, const Inspection& found, const std::string& done,
                            const net::Deadline& deadline);
  void write_log_file(const Decision& decision, const Envelope& envelope) const;
  void notify(const Decision& decision, std::string_view text, const Envelope& envelope) const;

  const Options& options_;
  Scanner& scanner_;
  const log::Logger& logger_;
  Quarantine quarantine_;
};

}  // namespace tubepost::avscan

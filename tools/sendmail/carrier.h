// Where a message goes: into the spool, where this user may write it, else to smtpd's local socket. Both
// answer only when the message is on disk.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "policy/filter_pipeline.h"
#include "smtp/mailbox.h"
#include "spool/spool.h"

namespace tubepost::sendmail {

struct Letter {
  std::string sender;  // "" is the null sender
  std::vector<std::string> recipients;
  std::string dsn_notify, dsn_return;
  std::optional<std::string> dsn_envid;
  std::string unix_user, hostname;
  bool smtputf8 = false;
};

class Carrier {
public:
  virtual ~Carrier() = default;
  // The domain of bare names, where only the carrier can know it; asked, if at all, before begin(). Empty: nobody
  // knows.
  virtual Result<std::string> primary_domain() { return std::string(); }
  // Temporary: 75. Permanent: refused (77).
  virtual Result<void> begin(const Letter& letter) = 0;
  virtual void write(std::string_view content) = 0;        // CRLF lines; what fails is said by finish()
  virtual Result<std::string> finish(bool eight_bit) = 0;  // its id, or what the server said
};

struct Filtering {
  policy::FilterCommands commands;  // smtpd.filter
  std::uint64_t output_max = 100 << 20;
};
std::unique_ptr<Carrier> make_spool_carrier(spool::Spool& spool, const Clock& clock, Filtering filtering);
// smtpd's role local filters what comes there.
std::unique_ptr<Carrier> make_socket_carrier(std::string path, std::string hostname);

}  // namespace tubepost::sendmail

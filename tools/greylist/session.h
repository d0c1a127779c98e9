// A conversation with a mail server: request after request, an answer each. It ends when the other side
// closes, is silent for too long, or says something that is no request.
#pragma once

#include <memory>

#include "base/exit_status.h"
#include "config/settings.h"
#include "greylist/store.h"
#include "log/logger.h"
#include "net/stream.h"

namespace tubepost::greylist {

// The rule as the settings say now. Settings that make none leave the old one in force, with a log line.
// Threading: any thread.
class Rule {
public:
  Rule(config::LiveSettings& live, Parameters first, const log::Logger& logger);
  Parameters current();

private:
  config::LiveSettings& live_;
  const log::Logger& logger_;
  std::mutex mutex_;
  std::shared_ptr<const config::Settings> seen_;  // what parameters_ were made of, or could not be
  Parameters parameters_;
};

enum class Durability {
  before_answer,  // stdio: this process may end at any moment
  soon            // the service: a committer writes twice a second
};

struct Services {
  Store& store;
  Rule& rule;
  const log::Logger& logger;
  Durability durability;
};

// The action: "dunno", or "451 4.7.1 …". What goes wrong here lets the mail through, with a log line.
std::string answer(const Services& services, const policy::Record& request);

ExitStatus converse(const Services& services, net::Stream& stream);

}  // namespace tubepost::greylist

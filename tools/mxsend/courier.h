// Takes one job after the other to where it goes: hosts in order, smarthosts where they are due, and the
// connection of the last job again where the next goes the same way. It answers for every recipient, whatever
// happens. Threading: one thread; the Watch may break it off.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "mxsend/admission.h"
#include "mxsend/connection.h"
#include "mxsend/letter.h"
#include "mxsend/route.h"
#include "relay/job.h"

namespace tubepost::mxsend {

class Courier {
public:
  struct Parts {
    const Options& options;
    const Routes& routes;
    TlsContexts& contexts;
    Watch& watch;
    const Clock& clock;
    const log::Logger& logger;
    Admission& admission;
  };
  explicit Courier(Parts parts) : parts_(std::move(parts)) {}
  ~Courier() { hang_up(); }

  relay::Answer carry(const relay::Job& job, std::string_view body);
  bool has_connection() const { return kept_.connection != nullptr; }
  void hang_up();

private:
  friend class Round;
  struct Kept {       // between jobs
    std::string key;  // what way it is: the route, and the domain where that decides
    std::unique_ptr<Connection> connection;
    unsigned used = 0;
    Milliseconds since{0};
  };
  Parts parts_;
  Kept kept_;
};

}  // namespace tubepost::mxsend

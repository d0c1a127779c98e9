// One client's connection: handshake, then AUTH, CONT and CANCEL, many logins at a time. Reads here; answers
// are written by the outbox's thread, whenever they come. A line that is not of the protocol ends the
// connection.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>

#include "authd/outbox.h"
#include "authd/service.h"
#include "net/line_stream.h"

namespace tubepost::authd {

class Session {
public:
  Session(Service& service, net::Stream& stream, std::uint64_t connection_number);
  void run();  // until the client closes, or the service stops
  // The same; what a client on a pipe has asked before its end is answered still.
  void run_and_answer_all();

private:
  void converse();
  struct Open {
    std::unique_ptr<Conversation> conversation;
    std::chrono::steady_clock::time_point begun;
  };

  bool take_line();
  bool take(auth::dovecot::FromClient& message);
  bool begin(auth::dovecot::AuthRequest& request);
  bool go_on(auth::dovecot::Continue& message);
  void step(std::uint32_t id, std::optional<std::string_view> response);
  void take_binding(std::uint32_t id, std::string_view data);
  Answered answer() const;
  void drop_old();

  Service& service_;
  net::Stream& stream_;
  net::LineStream lines_;
  std::uint64_t number_;
  // Shared with the answers that are still being worked out: those that come after the end find it closed.
  std::shared_ptr<Outbox> outbox_;
  std::shared_ptr<void> pledge_;  // held by each answer to come; what its end means is run_and_answer_all()'s
  std::map<std::uint32_t, Open> open_;
  bool introduced_ = false;
};

}  // namespace tubepost::authd

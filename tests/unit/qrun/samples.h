// Recipients, claims and answers for qrun's tests.
#pragma once

#include <memory>

#include "qrun/verdicts.h"

namespace tubepost::qrun {

inline const Timestamp accepted_at(Milliseconds(1'700'000'000'000));

inline spool::Recipient recipient(const std::string& address, std::uint32_t number = 0) {
  spool::Recipient made;
  made.address = address;
  made.number = number;
  made.state = spool::State::working;
  made.attempts = 1;
  return made;
}

inline spool::Claim claim(const spool::Recipient& of, const std::string& sender = "x@remote.example") {
  spool::Envelope envelope;
  envelope.reverse_path = sender;
  envelope.accepted = accepted_at;
  return {spool::SpoolId::from_bytes("0123456789abcdef"), of,
          std::make_shared<const spool::Envelope>(envelope)};
}

inline Job job(const std::string& mailbox, std::uint32_t number = 0) {
  return {claim(recipient(mailbox, number)), mailbox, "", accepted_at};
}

inline Policy policy() {
  using namespace std::chrono_literals;
  Policy made;
  made.retry = {{300s, 3600s}, std::chrono::hours(120)};
  made.job_timeout = 600s;
  made.sweep = 30s;
  made.journal_keep = std::chrono::hours(720);
  return made;
}

}  // namespace tubepost::qrun

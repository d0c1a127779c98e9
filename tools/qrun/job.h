// What qrun asks of a delivery worker and what it is told, and how both are written as records (design.md 4).
//
//   job:     id recipient mailbox detail [original] sender attempts
//   answer:  id recipient status=delivered|deferred|failed code text
//   forget:  forget=ID/NUMBER, repeated: recorded outcomes that the spool knows by now. No answer comes.
//
// Values and pure functions.
#pragma once

#include <compare>
#include <string>
#include <vector>

#include "base/result.h"
#include "process/records.h"
#include "spool/spool.h"

namespace tubepost::qrun {

struct JobKey {
  spool::SpoolId id;
  std::uint32_t recipient = 0;
  friend auto operator<=>(const JobKey&, const JobKey&) = default;
};

struct Job {
  spool::Claim claim;
  std::string mailbox;  // the address of the account
  std::string detail;   // user+detail@
  Timestamp begun;      // when it was claimed

  JobKey key() const { return {claim.id, claim.recipient.number}; }
};

struct Answer {
  enum class Status { delivered, deferred, failed };
  JobKey key;
  Status status = Status::deferred;
  EnhancedStatus code;
  std::string text;
};

process::Record to_record(const Job& job);
Result<Answer> parse_answer(const process::Record& record);
// As few records as the limit of fields allows.
std::vector<process::Record> forget_records(const std::vector<JobKey>& keys);

}  // namespace tubepost::qrun

#include "qrun/job.h"

#include "base/text.h"

namespace tubepost::qrun {
namespace {

constexpr std::size_t keys_per_record = 200;  // a record has at most 256 fields
constexpr std::size_t text_max = 400;         // a reason is one line a person can read

std::optional<Answer::Status> parse_status(std::string_view text) {
  if (text == "delivered") return Answer::Status::delivered;
  if (text == "deferred") return Answer::Status::deferred;
  if (text == "failed") return Answer::Status::failed;
  return std::nullopt;
}

// A worker that says nothing better; 2.0.0, 4.0.0 and 5.0.0 are RFC 3463 3.1's "other undefined status".
EnhancedStatus plain_code(Answer::Status status) {
  switch (status) {
    case Answer::Status::delivered:
      return {2, 0, 0};
    case Answer::Status::deferred:
      return {4, 0, 0};
    case Answer::Status::failed:
      return {5, 0, 0};
  }
  return {4, 0, 0};
}

}  // namespace

process::Record to_record(const Job& job) {
  process::Record record;
  record.set("id", job.claim.id.to_text())
      .set("recipient", std::to_string(job.claim.recipient.number))
      .set("mailbox", job.mailbox)
      .set("detail", job.detail);
  if (!job.claim.recipient.original.empty()) record.set("original", job.claim.recipient.original);
  record.set("sender", job.claim.envelope->reverse_path)
      .set("attempts", std::to_string(job.claim.recipient.attempts));
  return record;
}

Result<Answer> parse_answer(const process::Record& record) {
  const auto id = spool::SpoolId::parse(record.get_or("id", ""));
  const auto number = parse_number<std::uint32_t>(record.get_or("recipient", ""));
  const auto status = parse_status(record.get_or("status", ""));
  if (!id || !number || !status)
    return Failure::permanent("a worker's answer lacks id, recipient or status: " +
                              printable(record.to_text()));
  const auto code = parse_enhanced_status(record.get_or("code", ""));
  const EnhancedStatus plain = plain_code(*status);
  const bool fits = code && code->status_class == plain.status_class;
  return Answer{
      {*id, *number}, *status, fits ? *code : plain, printable(record.get_or("text", ""), text_max)};
}

std::vector<process::Record> forget_records(const std::vector<JobKey>& keys) {
  std::vector<process::Record> records;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (i % keys_per_record == 0) records.emplace_back();
    records.back().set("forget", keys[i].id.to_text() + '/' + std::to_string(keys[i].recipient));
  }
  return records;
}

}  // namespace tubepost::qrun

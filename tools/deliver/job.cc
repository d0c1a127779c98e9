#include "deliver/job.h"

#include "base/text.h"

namespace tubepost::deliver {
namespace {

constexpr std::size_t text_max = 400;  // one line that a person reads

std::optional<mailstore::DeliveryId> parse_id(std::string_view id, std::string_view number) {
  const auto spool_id = spool::SpoolId::parse(id);
  const auto recipient = parse_number<std::uint32_t>(number);
  if (!spool_id || !recipient) return std::nullopt;
  return mailstore::DeliveryId{*spool_id, *recipient};
}

Failure not_understood(const process::Record& record) {
  return Failure::permanent("not a job: " + printable(record.to_text()), {5, 6, 0});
}

Result<Order> parse_forget(const process::Record& record) {
  Forget forget;
  for (const auto& [name, value] : record.fields()) {
    const auto parts = split(value, '/');
    const auto id = name == "forget" && parts.size() == 2 ? parse_id(parts[0], parts[1]) : std::nullopt;
    if (!id) return not_understood(record);
    forget.push_back(*id);
  }
  return Order(std::move(forget));
}

}  // namespace

std::string_view to_text(Status status) {
  switch (status) {
    case Status::delivered:
      return "delivered";
    case Status::queued:
      return "queued";
    case Status::deferred:
      return "deferred";
    case Status::failed:
      return "failed";
  }
  return "deferred";
}

Answer Answer::deferred(const Failure& failure) {
  const bool is_temporary = failure.status.status_class == 4;
  return {Status::deferred, is_temporary ? failure.status : EnhancedStatus{4, 3, 0}, failure.text};
}

Result<Order> parse_order(const process::Record& record) {
  if (record.get("forget")) return parse_forget(record);
  const auto id = parse_id(record.get_or("id", ""), record.get_or("recipient", ""));
  const auto mailbox = record.get("mailbox");
  if (!id || !mailbox) return not_understood(record);
  Job job{*id, std::string(*mailbox), std::string(record.get_or("detail", "")),
          std::string(record.get_or("original", "")), std::string(record.get_or("sender", ""))};
  return Order(std::move(job));
}

process::Record to_record(const Job& job, const Answer& answer) {
  process::Record record;
  record.set("id", job.id.id.to_text())
      .set("recipient", std::to_string(job.id.recipient))
      .set("status", to_text(answer.status))
      .set("code", to_string(answer.code))
      .set("text", printable(answer.text, text_max));
  return record;
}

}  // namespace tubepost::deliver

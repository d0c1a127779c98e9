#include "deliver/head.h"

#include "base/text.h"

namespace tubepost::deliver {
namespace {

constexpr std::size_t header_looked_at = 1 << 20;  // a header is smaller, or no header
constexpr std::size_t field_max = 900;             // RFC 5322 2.1.1: a line has at most 998 characters

std::string field(std::string_view name, std::string_view value) {
  return std::string(name) + ": " + printable(value, field_max) + "\r\n";
}

std::string with_detail(const Job& job, std::string_view separator) {
  const auto at = job.mailbox.rfind('@');
  if (at == std::string::npos) return job.mailbox;
  return job.mailbox.substr(0, at).append(separator).append(job.detail) + job.mailbox.substr(at);
}

}  // namespace

std::string make_head(const Job& job, std::string_view separator) {
  std::string original = job.original;
  if (original.empty() && !job.detail.empty()) original = with_detail(job, separator);
  std::string head = field("Return-Path", '<' + job.sender + '>') + field("Delivered-To", job.mailbox);
  if (!original.empty() && !equal_ignoring_case(original, job.mailbox))
    head += field("X-Original-To", original);
  return head;
}

bool was_delivered_to(std::string_view message, std::string_view mailbox) {
  constexpr std::string_view name = "Delivered-To:";
  message = message.substr(0, header_looked_at);
  while (!message.empty()) {
    const auto end = message.find('\n');
    const auto line = message.substr(0, end);
    if (trim(line).empty()) return false;  // the header ends here
    if (starts_with_ignoring_case(line, name) && equal_ignoring_case(trim(line.substr(name.size())), mailbox))
      return true;
    if (end == std::string_view::npos) return false;
    message.remove_prefix(end + 1);
  }
  return false;
}

}  // namespace tubepost::deliver

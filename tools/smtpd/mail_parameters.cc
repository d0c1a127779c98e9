// The parameters of MAIL and RCPT: SIZE (RFC 1870), BODY (RFC 6152, 3030), SMTPUTF8 (RFC 6531), RET, ENVID, NOTIFY, ORCPT (RFC 3461),
// REQUIRETLS (RFC 8689), HOLDFOR, HOLDUNTIL (RFC 4865), BY (RFC 2852), AUTH (RFC 4954).
#include <limits>

#include "base/text.h"
#include "smtpd/refusals.h"
#include "smtpd/session.h"

namespace tubepost::smtpd {
namespace {

using Handled = std::optional<smtp::Reply>;
constexpr std::size_t envid_max = 100, orcpt_max = 500;  // RFC 3461 4.4, 4.2
constexpr std::size_t by_time_digits_max = 9;            // RFC 2852 4
constexpr std::size_t size_digits_max = 20;              // RFC 1870 4

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_printable_text(std::string_view text) {
  return std::all_of(text.begin(), text.end(), is_printable_ascii);
}

// RFC 2852 4: "120;R", "-10;NT".
std::optional<spool::DeliverBy> parse_deliver_by(std::string_view value, Timestamp now) {
  const auto semicolon = value.find(';');
  if (semicolon == value.npos) return std::nullopt;
  auto digits = value.substr(0, semicolon);
  const bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) digits.remove_prefix(1);
  const auto seconds = parse_number<std::uint32_t>(digits);
  if (!seconds || digits.size() > by_time_digits_max) return std::nullopt;
  const auto mode = to_upper(value.substr(semicolon + 1));
  if (mode != "N" && mode != "R" && mode != "NT" && mode != "RT") return std::nullopt;
  spool::DeliverBy by;
  by.mode = mode[0] == 'R' ? spool::DeliverByMode::give_back : spool::DeliverByMode::notify;
  by.trace = mode.size() == 2;
  if (by.mode == spool::DeliverByMode::give_back && (negative || *seconds == 0)) return std::nullopt;
  const auto delta = std::chrono::seconds(*seconds);
  by.deadline = negative ? now - delta : now + delta;
  return by;
}

// RFC 3461 4.1: NEVER alone, or a list of the others, each once.
std::optional<std::string> parse_notify(std::string_view value) {
  const std::string upper = to_upper(value);
  if (upper == "NEVER") return upper;
  std::set<std::string_view> seen;
  for (const auto word : split(upper, ','))
    if ((word != "SUCCESS" && word != "FAILURE" && word != "DELAY") || !seen.insert(word).second)
      return std::nullopt;
  return upper;
}

// RFC 3461 4.2: addr-type ";" xtext. With utf-8 (RFC 6533 3) the second part may be more than xtext.
bool is_original_recipient(std::string_view value, bool smtputf8) {
  const auto semicolon = value.find(';');
  if (value.size() > orcpt_max || semicolon == value.npos || semicolon == 0) return false;
  const auto type = value.substr(0, semicolon), address = value.substr(semicolon + 1);
  const auto is_atom = [](char c) { return is_alpha(c) || is_digit(c) || c == '-'; };
  if (!std::all_of(type.begin(), type.end(), is_atom) || address.empty()) return false;
  return (smtputf8 && equal_ignoring_case(type, "utf-8")) || smtp::decode_xtext(address).has_value();
}

}  // namespace

// One parameter of MAIL. A refusal, or nothing.
std::optional<smtp::Reply> Session::mail_parameter(const smtp::Parameter& parameter, Transaction& transaction) {
  const std::string keyword = to_upper(parameter.keyword);
  const std::string_view value = parameter.value ? std::string_view(*parameter.value) : std::string_view();
  if (keyword == "SIZE") return size_parameter(value, transaction);
  if (keyword == "BODY") return body_parameter(value, transaction);
  if (keyword == "SMTPUTF8") {
    transaction.envelope.smtputf8 = true;
    return parameter.value ? Handled(refusals::bad_parameter(keyword)) : std::nullopt;
  }
  if (keyword == "RET" || keyword == "ENVID") return report_parameter(keyword, value, transaction);
  if (keyword == "REQUIRETLS" && client_.tls) {
    transaction.envelope.require_tls = true;
    return parameter.value ? Handled(refusals::bad_parameter(keyword)) : std::nullopt;
  }
  if ((keyword == "HOLDFOR" || keyword == "HOLDUNTIL" || keyword == "BY") && offers_timed_delivery())
    return time_parameter(keyword, value, transaction);
  // RFC 4954 5: who is not trusted to name another submitter is not believed.
  if (keyword == "AUTH" && policy_->offers_authentication()) return std::nullopt;
  return refusals::unknown_parameter(parameter.keyword);
}

std::optional<smtp::Reply> Session::size_parameter(std::string_view value, Transaction& transaction) {
  auto size = parse_number<std::uint64_t>(value);
  // RFC 1870 4: up to twenty digits, which can be more than fits.
  if (!size && is_number(value) && value.size() <= size_digits_max) size = std::numeric_limits<std::uint64_t>::max();
  if (!size) return refusals::bad_parameter("SIZE");
  if (*size > policy_->message_size_max()) return refusals::message_too_large(policy_->message_size_max());
  transaction.declared_size = *size;
  return std::nullopt;
}

std::optional<smtp::Reply> Session::body_parameter(std::string_view value, Transaction& transaction) {
  using spool::BodyType;
  const std::pair<std::string_view, BodyType> types[] = {{"7BIT", BodyType::seven_bit},
                                                         {"8BITMIME", BodyType::eight_bit_mime},
                                                         {"BINARYMIME", BodyType::binary_mime}};
  for (const auto& [name, type] : types) {
    if (!equal_ignoring_case(name, value)) continue;
    transaction.envelope.body_type = type;
    return std::nullopt;
  }
  return refusals::bad_parameter("BODY");
}

std::optional<smtp::Reply> Session::report_parameter(std::string_view keyword, std::string_view value,
                                                     Transaction& transaction) {
  if (keyword == "RET") {
    transaction.envelope.dsn_ret = to_upper(value);
    if (transaction.envelope.dsn_ret == "FULL" || transaction.envelope.dsn_ret == "HDRS") return std::nullopt;
    return refusals::bad_parameter(keyword);
  }
  auto envid = smtp::decode_xtext(value);
  if (!envid || envid->empty() || value.size() > envid_max || !is_printable_text(*envid))
    return refusals::bad_parameter(keyword);
  transaction.envelope.dsn_envid = std::move(*envid);
  return std::nullopt;
}

bool Session::offers_timed_delivery() const {
  return policy_->role() == Role::submission;  // RFC 4865 4.2: on no other port
}

std::optional<smtp::Reply> Session::time_parameter(std::string_view keyword, std::string_view value,
                                                   Transaction& transaction) {
  const auto now = services_.clock.now();
  if (keyword == "BY") {
    transaction.envelope.deliver_by = parse_deliver_by(value, now);
    return transaction.envelope.deliver_by ? std::nullopt : Handled(refusals::bad_parameter(keyword));
  }
  if (transaction.envelope.not_before != Timestamp()) return refusals::bad_parameter(keyword);  // RFC 4865: one of both
  std::optional<Timestamp> release;
  if (keyword == "HOLDUNTIL") {
    if (value.ends_with('Z') || value.ends_with('z')) release = parse_rfc3339(value);  // RFC 4865 3: in UTC
  } else if (const auto seconds = parse_number<std::uint32_t>(value); seconds && *seconds > 0 && value.size() <= 9) {
    release = now + std::chrono::seconds(*seconds);
  }
  if (!release || *release > now + hold_max) return refusals::bad_parameter(keyword);
  transaction.envelope.not_before = *release;
  return std::nullopt;
}

// What the parameters say together.
std::optional<smtp::Reply> Session::parameters_guard(const Transaction& transaction) {
  const auto& envelope = transaction.envelope;
  // RFC 4865 5.2.2: released later than it has to be delivered.
  if (envelope.deliver_by && envelope.not_before != Timestamp() && envelope.deliver_by->deadline < envelope.not_before)
    return refusals::bad_parameter("BY");
  if (auto room = services_.spool.check_room(transaction.declared_size); !room) {
    refuse(refusals::failed(room.error(), "Insufficient system storage"), "MAIL", "L12 disk reserve");
    return refusals::failed(room.error(), "Insufficient system storage");
  }
  return std::nullopt;
}

std::optional<smtp::Reply> Session::rcpt_parameter(const smtp::Parameter& parameter, spool::NewRecipient& recipient) {
  const std::string_view value = parameter.value ? std::string_view(*parameter.value) : std::string_view();
  if (equal_ignoring_case(parameter.keyword, "NOTIFY")) {
    auto notify = parse_notify(value);
    if (!notify) return refusals::bad_parameter("NOTIFY");
    recipient.notify = std::move(*notify);
    return std::nullopt;
  }
  if (equal_ignoring_case(parameter.keyword, "ORCPT")) {
    if (!is_original_recipient(value, transaction_->envelope.smtputf8)) return refusals::bad_parameter("ORCPT");
    recipient.orcpt = value;
    return std::nullopt;
  }
  return refusals::unknown_parameter(parameter.keyword);
}

}  // namespace tubepost::smtpd

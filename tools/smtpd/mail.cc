// MAIL, RFC 5321 4.1.1.2: who sends. Opens a transaction.
#include "base/text.h"
#include "smtpd/refusals.h"
#include "smtpd/session.h"

namespace tubepost::smtpd {

Answer Session::mail(std::string_view arguments) {
  if (transaction_) return refusals::nested_mail();
  if (policy_->requires_tls() && !client_.tls) return refusals::tls_needed_first();
  if (policy_->submission_only() && !may_relay().yes)
    return refuse(refusals::authentication_needed(), "MAIL", may_relay().rule);
  if (messages_ >= policy_->messages_max())
    return {refusals::too_many_messages(policy_->hostname()), Then::close};
  auto command = smtp::parse_mail_command(arguments);
  if (!command) return refusals::bad_path(command.error());

  Transaction transaction;
  if (command->mailbox) transaction.reverse_path = command->mailbox->to_text();
  if (auto refused = mail_parameters(*command, transaction)) return std::move(*refused);
  if (auto refused = sender_guard(command->mailbox)) {
    explain("MAIL <" + transaction.reverse_path + ">", "refused", "A11 submission.sender");
    return std::move(*refused);
  }
  explain("MAIL <" + transaction.reverse_path + ">", "accepted", "sender");
  transaction_ = std::move(transaction);
  return smtp::Reply{250, EnhancedStatus{2, 1, 0}, "Ok"};
}

std::optional<Answer> Session::mail_parameters(const smtp::PathCommand& command, Transaction& transaction) {
  for (const auto& parameter : command.parameters) {
    const auto value = parameter.value.value_or("");
    if (equal_ignoring_case(parameter.keyword, "SIZE")) {  // RFC 1870
      const auto size = parse_number<std::uint64_t>(value);
      if (!size) return refusals::bad_parameter("SIZE");
      if (*size > policy_->message_size_max()) return refusals::message_too_large(policy_->message_size_max());
      if (auto room = services_.spool.check_room(*size); !room)
        return refuse(refusals::failed(room.error(), "Insufficient system storage"), "MAIL", "L12 disk reserve");
    } else if (equal_ignoring_case(parameter.keyword, "BODY")) {  // RFC 6152
      if (!equal_ignoring_case(value, "7BIT") && !equal_ignoring_case(value, "8BITMIME"))
        return refusals::bad_parameter("BODY");
      if (equal_ignoring_case(value, "8BITMIME")) transaction.body_type = spool::BodyType::eight_bit_mime;
    } else if (equal_ignoring_case(parameter.keyword, "AUTH") && policy_->offers_authentication()) {
      continue;  // RFC 4954 5: who is not trusted to name another submitter is not believed
    } else {
      return refusals::unknown_parameter(parameter.keyword);
    }
  }
  if (auto room = services_.spool.check_room(0); !room)
    return refuse(refusals::failed(room.error(), "Insufficient system storage"), "MAIL", "L12 disk reserve");
  return std::nullopt;
}

// A11: an account sends as its own addresses (or its domain's, or any). The null reverse-path is everybody's.
std::optional<smtp::Reply> Session::sender_guard(const std::optional<smtp::Mailbox>& sender) const {
  if (!sender || !account_ || is_trusted() || policy_->sender_rule() == SenderRule::any) return std::nullopt;
  if (policy_->sender_rule() == SenderRule::domain && sender->domain == account_->address.domain) return std::nullopt;
  const auto own = services_.directory.is_address_of(*account_, *sender);
  if (!own) return refusals::failed(own.error(), "Cannot look up your addresses now");
  if (!*own) return refusals::not_your_address(sender->to_text());
  return std::nullopt;
}

}  // namespace tubepost::smtpd

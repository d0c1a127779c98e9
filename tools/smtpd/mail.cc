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
  if (command->mailbox) transaction.envelope.reverse_path = command->mailbox->to_text();
  for (const auto& parameter : command->parameters)
    if (auto refused = mail_parameter(parameter, transaction)) return std::move(*refused);
  if (auto refused = parameters_guard(transaction)) return std::move(*refused);
  const std::string what = "MAIL <" + transaction.envelope.reverse_path + ">";
  if (auto refused = account_guard()) return refuse(std::move(*refused), what, "D9 suspended");
  if (auto refused = sender_guard(command->mailbox)) {
    explain(what, "refused", "A11 submission.sender");
    return std::move(*refused);
  }
  explain(what, "accepted", "sender");
  open_transaction(std::move(transaction));
  return smtp::Reply{250, EnhancedStatus{2, 1, 0}, "Ok"};
}

// What policy services refuse here waits for RCPT (issue 6).
void Session::open_transaction(Transaction transaction) {
  if (connection_effects_) transaction.effects = *connection_effects_;
  transaction_ = std::make_unique<Transaction>(std::move(transaction));
  if (policy_->services().empty()) return;
  instance_ = spool::SpoolId::make(services_.clock).to_text();  // the same for all questions about this message
  auto& effects = transaction_->effects;
  if (auto refused = consult(policy::ProtocolState::mail, effects, {}); refused && !effects.refusal)
    effects.refusal = std::move(refused);
}

// D9: an account that was suspended, or removed, since it logged in sends no more; a session may last for hours.
std::optional<smtp::Reply> Session::account_guard() {
  if (!account_) return std::nullopt;
  auto present = services_.directory.find_account(account_->address);
  if (!present) return refusals::failed(present.error(), "Cannot look up your account now");
  if (!*present || (*present)->is_suspended()) return refusals::suspended_account(account_->address.to_text());
  account_ = std::move(*present);
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

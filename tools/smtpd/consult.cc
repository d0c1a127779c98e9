// Asking the policy services (design.md 4) in their order, and doing what they say: the attributes and actions are those of Postfix
// (SMTPD_POLICY_README, access(5)).
#include "base/text.h"
#include "policy/policy_client.h"
#include "smtpd/refusals.h"
#include "smtpd/session.h"
#include "spool/event_words.h"

namespace tubepost::smtpd {
namespace {

using policy::Action;
using policy::ActionKind;
using policy::ProtocolState;

std::string_view to_text(ActionKind kind) {
  constexpr std::string_view names[] = {"OK",   "DUNNO",   "REJECT",   "DEFER", "DEFER_IF_PERMIT", "DEFER_IF_REJECT", "reply", "PREPEND",
                                        "HOLD", "DISCARD", "REDIRECT", "BCC",   "WARN",            "INFO",            "unknown"};
  return names[static_cast<std::size_t>(kind)];
}

smtp::Reply refusal_reply(const Action& action, int code, EnhancedStatus status, std::string_view otherwise) {
  return {code, action.status.value_or(status), action.text.empty() ? std::string(otherwise) : action.text};
}

// PREPEND takes a whole field, and nothing that could be more than one.
bool is_field(std::string_view text) {
  const auto colon = text.find(':');
  const auto name = text.substr(0, colon);
  return colon != text.npos && !name.empty() &&
         std::all_of(name.begin(), name.end(), [](char c) { return is_printable_ascii(c) && c != ' '; });
}

// nullopt: it is no refusal.
std::optional<smtp::Reply> reply_to(const Action& action) {
  switch (action.kind) {
    case ActionKind::reject:
      return refusal_reply(action, 554, {5, 7, 1}, "Refused by policy");
    case ActionKind::defer:
    case ActionKind::defer_if_permit:
    case ActionKind::defer_if_reject:
      return refusal_reply(action, 450, {4, 7, 1}, "Refused for now, try again");
    case ActionKind::reply:
      return refusal_reply(action, action.code, {static_cast<std::uint8_t>(action.code / 100), 7, 1}, "Refused by policy");
    case ActionKind::unknown:
      return smtp::Reply{451, EnhancedStatus{4, 3, 5}, "Policy service is not configured rightly, try again"};
    default:
      return std::nullopt;
  }
}

}  // namespace

bool Session::is_stranger() const {
  return policy_->role() == Role::mx && login_.empty() && !is_trusted();
}

policy::Record Session::policy_request(ProtocolState state, std::string_view recipient) const {
  policy::Record record;
  const auto* transaction = transaction_ ? &*transaction_ : nullptr;
  const bool after_rcpt = state == ProtocolState::data || state == ProtocolState::end;
  const std::size_t recipients = transaction && after_rcpt ? transaction->recipients.size() : 0;
  if (recipients == 1) recipient = transaction->recipients.front().address;
  record.add("request", "smtpd_access_policy");
  record.add("protocol_state", policy::to_attribute(state));
  record.add("protocol_name", policy_->role() == Role::lmtp ? "LMTP" : extended_ ? "ESMTP" : "SMTP");
  record.add("client_address", client_.ip() ? client_.ip()->to_text() : "");
  // As by Postfix: the one name leads back to the address, the other need not. Of XCLIENT, or what S3 has found.
  const auto* found = layers_ && layers_->reverse() ? &*layers_->reverse() : nullptr;
  const auto known = [&](const std::string& told, const std::string& looked_up) {
    return !told.empty() ? told : !looked_up.empty() ? looked_up : "unknown";
  };
  record.add("client_name", known(client_.name, found ? found->name : ""));
  record.add("reverse_client_name", known(client_.reverse_name, found ? found->claimed : ""));
  record.add("client_port", client_.address ? std::to_string(client_.address->port) : "");
  record.add("server_address", client_.local ? client_.local->address.to_text() : "");
  record.add("server_port", client_.local ? std::to_string(client_.local->port) : "");
  record.add("helo_name", helo_);
  record.add("sender", transaction ? transaction->envelope.reverse_path : "");
  record.add("recipient", recipient);
  record.add("recipient_count", std::to_string(recipients));
  record.add("queue_id", "");
  record.add("instance", instance_);
  record.add("size", std::to_string(transaction ? transaction->declared_size : 0));
  record.add("etrn_domain", "");
  record.add("stress", "");
  record.add("sasl_method", sasl_method_);
  record.add("sasl_username", login_);
  record.add("sasl_sender", "");
  record.add("ccert_subject", "");
  record.add("ccert_issuer", "");
  record.add("ccert_fingerprint", "");
  record.add("ccert_pubkey_fingerprint", "");
  record.add("encryption_protocol", client_.tls ? client_.tls_info.protocol : "");
  record.add("encryption_cipher", client_.tls ? client_.tls_info.cipher : "");
  record.add("encryption_keysize", client_.tls ? "256" : "");
  record.add("policy_context", "");
  return record;
}

std::optional<Refusal> Session::consult(ProtocolState state, Effects& effects, std::string_view recipient) {
  for (const auto& service : policy_->services()) {
    const auto& settings = service->settings();
    const bool spared = !is_stranger() || policy_->is_secondary(client_.ip()) || (transaction_ && transaction_->is_allowed);
    if (!settings.at.contains(state) || (!settings.for_all && spared)) continue;
    const auto answer = service->ask(policy_request(state, recipient));
    const std::string rule = "smtpd.policy " + settings.name();
    if (!answer.failure.empty())
      services_.logger.warning("policy-service-failed", {{"service", settings.name()}, {"reason", answer.failure}});
    record_decision(effects, state, rule, answer.action, recipient);
    if (answer.action.kind == ActionKind::ok) return std::nullopt;
    auto reply = reply_to(answer.action);
    if (!reply) {
      apply(answer.action, state, rule, effects);
    } else if (answer.action.kind == ActionKind::defer_if_permit) {
      effects.if_permitted = Refusal{std::move(*reply), rule, !settings.for_all};
    } else if (answer.action.kind == ActionKind::defer_if_reject) {
      effects.if_refused = Refusal{std::move(*reply), rule, !settings.for_all};
    } else {
      return Refusal{std::move(*reply), rule, !settings.for_all};
    }
  }
  return std::nullopt;
}

// A service that only knows recipients. What it says that is no refusal, or nothing we know, lets the mail in: it may wait for who can say.
std::optional<smtp::Reply> Session::refusal_by(policy::Service& service, const std::string& address) {
  const auto answer = service.ask(policy_request(ProtocolState::rcpt, address));
  const auto failure = answer.failure.empty() && answer.action.kind == ActionKind::unknown
                           ? "it says no action: " + answer.action.text
                           : answer.failure;
  if (!failure.empty())
    services_.logger.warning("policy-service-failed", {{"service", service.settings().name()}, {"reason", failure}});
  return answer.action.kind == ActionKind::unknown ? std::nullopt : reply_to(answer.action);
}

void Session::record_decision(Effects& effects, ProtocolState state, std::string_view rule, const Action& action,
                              std::string_view recipient) {
  const auto where = policy::to_attribute(state);
  const std::string verdict = std::string(to_text(action.kind)) + (action.text.empty() ? "" : " " + action.text);
  explain(std::string(where) + (recipient.empty() ? "" : " <" + std::string(recipient) + ">"), verdict, rule);
  if (effects.decisions.size() < decisions_max)
    effects.decisions.push_back(
        {services_.clock.now(), "policy",
         spool::words({{"rule", rule}, {"state", where}, {"to", recipient}, {"action", verdict}})});
}

void Session::apply(const Action& action, ProtocolState state, std::string_view rule, Effects& effects) {
  const auto address = [&]() -> std::string {
    const auto mailbox = smtp::parse_mailbox(action.text);
    return mailbox ? mailbox->to_text() : std::string();
  };
  bool done = true;
  switch (action.kind) {
    case ActionKind::prepend:  // at the end of the message its head has been written already
      done = state != ProtocolState::end && is_field(action.text) && effects.prepended.size() < prepended_max;
      if (done) effects.prepended.push_back(action.text + "\r\n");
      break;
    case ActionKind::hold:
      effects.hold = std::string(rule) + (action.text.empty() ? "" : ": " + action.text);
      break;
    case ActionKind::discard:
      effects.discard = rule;
      break;
    case ActionKind::redirect:
      effects.redirect = address();
      done = !effects.redirect.empty();
      break;
    case ActionKind::bcc:
      effects.bcc.push_back(address());
      done = !effects.bcc.back().empty() && effects.bcc.size() <= prepended_max;
      if (!done) effects.bcc.pop_back();
      break;
    case ActionKind::warn:
      services_.logger.warning("policy-warn", {{"rule", rule}, {"client", client_.address_text()}, {"text", action.text}});
      break;
    case ActionKind::info:
      services_.logger.info("policy-info", {{"rule", rule}, {"client", client_.address_text()}, {"text", action.text}});
      break;
    default:
      break;
  }
  if (!done) services_.logger.warning("policy-action-ignored", {{"rule", rule}, {"action", to_text(action.kind)}, {"text", action.text}});
}

}  // namespace tubepost::smtpd

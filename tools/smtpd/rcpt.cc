// RCPT, RFC 5321 4.1.1.3: to whom. Each recipient is accepted or refused here, for good (A1, A9): nothing is bounced that could have
// been refused.
#include "base/text.h"
#include "smtpd/refusals.h"
#include "smtpd/session.h"

namespace tubepost::smtpd {
namespace {

template <class... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};
template <class... Handlers>
Overloaded(Handlers...) -> Overloaded<Handlers...>;  // clang 14 does not deduce it by itself

// What a recipient is to us, and the refusal, if it is one.
struct Decision {
  std::optional<smtp::Reply> refusal;
  std::string rule;
};

}  // namespace

RelayVerdict Session::may_relay() const {
  if (client_.trusted) return {{true, "--trusted"}, false};
  return policy_->may_relay(client_.ip(), !login_.empty());
}

Answer Session::rcpt(std::string_view arguments) {
  if (!transaction_) return refusals::need_mail_first();
  if (transaction_->chunks) return refusals::chunks_have_begun();
  auto command = smtp::parse_rcpt_command(arguments, transaction_->envelope.smtputf8);
  if (!command) return refusals::bad_path(command.error());
  spool::NewRecipient given;
  for (const auto& parameter : command->parameters)
    if (auto refused = rcpt_parameter(parameter, given)) return std::move(*refused);
  if (transaction_->recipients.size() >= policy_->recipients_max())
    return refuse(refusals::too_many_recipients(policy_->recipients_max()), "RCPT", "L10 recipients-max");
  auto recipient = *command->mailbox;
  if (recipient.domain.empty()) {  // RFC 5321 4.5.1: <postmaster> without a domain
    auto domain = services_.directory.primary_domain();
    if (!domain) return refusals::failed(domain.error(), "Cannot look up recipients now");
    recipient.domain = std::move(*domain);
  }
  given.address = recipient.to_text();
  if (auto refused = layers_guard(recipient)) return std::move(*refused);
  if (auto refused = policy_guard(given.address)) return std::move(*refused);
  if (auto refused = recipient_guard(recipient)) return std::move(*refused);
  if (auto& deferred = transaction_->effects.if_permitted)
    return refuse(deferred->reply, "RCPT <" + given.address + ">", deferred->rule);
  ++transaction_->accepted_rcpts;
  // One address given twice, in capitals perhaps, is one recipient (RFC 5321 leaves it open; nobody wants two copies).
  if (transaction_->seen.insert(transaction_->identity).second) transaction_->recipients.push_back(std::move(given));
  return smtp::Reply{250, EnhancedStatus{2, 1, 5}, "Ok"};
}

// What connect and MAIL would have refused, and what policy services say of this recipient.
std::optional<Answer> Session::policy_guard(const std::string& address) {
  const auto command = "RCPT <" + address + ">";
  auto& effects = transaction_->effects;
  const auto holds = [&](const std::optional<Refusal>& refusal) {
    return refusal && !(refusal->for_strangers && transaction_->is_allowed);
  };
  if (holds(effects.refusal)) return refuse(effects.refusal->reply, command, effects.refusal->rule);
  // What a service says of one recipient is not said of the next.
  const auto& before = connection_effects_;
  effects.if_permitted = before && holds(before->if_permitted) ? before->if_permitted : std::nullopt;
  effects.if_refused = before && holds(before->if_refused) ? before->if_refused : std::nullopt;
  if (auto refused = consult(policy::ProtocolState::rcpt, effects, address))
    return refuse(std::move(refused->reply), command, refused->rule);
  return std::nullopt;
}

std::optional<Answer> Session::recipient_guard(const smtp::Mailbox& recipient) {
  const auto address = recipient.to_text();
  const auto command = "RCPT <" + address + ">";
  const auto found = services_.directory.find(recipient);
  if (!found) {
    services_.logger.error("directory-error", {{"reason", found.error().text}});
    return refusals::failed(found.error(), "Cannot look up recipients now");
  }
  transaction_->identity = directory::identity_of(*found, recipient);
  const auto remote = [&](const directory::ToRemote& to) -> Decision {
    if (to.is_ours_to_discard()) return {{}, "route discard"};
    if (to.route.kind == directory::RouteKind::refuse) return {refusals::route_refused(address), "route refuse"};
    const auto verdict = may_relay();
    if (verdict.yes) return {{}, std::string(verdict.rule)};
    return {verdict.authentication_would_help ? refusals::authentication_needed() : refusals::relay_denied(),
            std::string(verdict.rule)};
  };
  auto decision = std::visit(
      Overloaded{
          [&](const directory::ToAccount& to) -> Decision {
            if (to.account.is_suspended()) return {refusals::suspended_account(address), "D9 suspended"};
            if (auto refused = quota_refusal(to.account)) return {std::move(refused), "D5 quota"};
            return {{}, to.how + " " + to.account.address.to_text()};
          },
          [&](const directory::ToAlias& to) -> Decision {
            if (auto refused = quota_refusal_behind(to)) return {std::move(refused), "D5 quota"};
            return {{}, "alias " + to.address};
          },
          [&](const directory::RelayDomain&) -> Decision { return {refusal_of_primary(address), "O10 relay domain"}; },
          [&](const directory::UnknownUser&) -> Decision { return {refusals::unknown_user(address), "A9 unknown user"}; },
          remote},
      *found);
  if (decision.refusal && transaction_->effects.if_refused)
    return refuse(transaction_->effects.if_refused->reply, command, transaction_->effects.if_refused->rule);
  if (decision.refusal) return refuse(std::move(*decision.refusal), command, decision.rule);
  explain(command, "accepted", decision.rule);
  return std::nullopt;
}

// Another name of one account. Where an alias has several targets, none of them decides for the others.
std::optional<smtp::Reply> Session::quota_refusal_behind(const directory::ToAlias& alias) {
  if (alias.targets.size() != 1) return std::nullopt;
  const auto account = services_.directory.find_account(alias.targets.front());
  return account && *account ? quota_refusal(**account) : std::nullopt;
}

// D5. Only the service that delivers knows how full a mailbox is; where it is away, the message waits in the queue.
std::optional<smtp::Reply> Session::quota_refusal(const directory::Account& account) {
  bool has_quota = account.quota_bytes() || account.quota_messages();
  if (!has_quota) {
    const auto domain = services_.directory.find_domain(account.address.domain);
    has_quota = domain && *domain && ((*domain)->quota_bytes() || (*domain)->quota_messages());
  }
  if (!has_quota) return std::nullopt;
  return refusal_by(policy_->quota_service(), account.address.to_text());
}

// O10: what the primary would refuse is not taken, for nobody wants to bounce it. Where it cannot say, the mail waits for it.
std::optional<smtp::Reply> Session::refusal_of_primary(const std::string& address) {
  return policy_->relay_recipients() ? refusal_by(*policy_->relay_recipients(), address) : std::nullopt;
}

}  // namespace tubepost::smtpd

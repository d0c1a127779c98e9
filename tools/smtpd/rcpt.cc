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
  auto command = smtp::parse_rcpt_command(arguments);
  if (!command) return refusals::bad_path(command.error());
  if (!command->parameters.empty()) return refusals::unknown_parameter(command->parameters.front().keyword);
  if (transaction_->recipients.size() >= policy_->recipients_max())
    return refuse(refusals::too_many_recipients(policy_->recipients_max()), "RCPT", "L10 recipients-max");
  auto recipient = *command->mailbox;
  if (recipient.domain.empty()) {  // RFC 5321 4.5.1: <postmaster> without a domain
    auto domain = services_.directory.primary_domain();
    if (!domain) return refusals::failed(domain.error(), "Cannot look up recipients now");
    recipient.domain = std::move(*domain);
  }
  if (auto refused = recipient_guard(recipient)) return std::move(*refused);
  const auto address = recipient.to_text();
  // The same address given twice is one recipient (RFC 5321 leaves it open; nobody wants two copies).
  if (transaction_->addresses.insert(address).second) transaction_->recipients.push_back({address, {}, {}, {}});
  return smtp::Reply{250, EnhancedStatus{2, 1, 5}, "Ok"};
}

std::optional<Answer> Session::recipient_guard(const smtp::Mailbox& recipient) {
  const auto address = recipient.to_text();
  const auto command = "RCPT <" + address + ">";
  const auto found = services_.directory.find(recipient);
  if (!found) {
    services_.logger.error("directory-error", {{"reason", found.error().text}});
    return refusals::failed(found.error(), "Cannot look up recipients now");
  }
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
            return {{}, to.how + " " + to.account.address.to_text()};
          },
          [&](const directory::ToAlias& to) -> Decision { return {{}, "alias " + to.address}; },
          [&](const directory::RelayDomain&) -> Decision { return {{}, "O10 relay domain"}; },
          [&](const directory::UnknownUser&) -> Decision { return {refusals::unknown_user(address), "A9 unknown user"}; },
          remote},
      *found);
  if (decision.refusal) return refuse(std::move(*decision.refusal), command, decision.rule);
  explain(command, "accepted", decision.rule);
  return std::nullopt;
}

}  // namespace tubepost::smtpd

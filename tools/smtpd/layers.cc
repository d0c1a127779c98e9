// The layers that look at client and envelope (docs/policy-layers.md), asked at RCPT: only there is it known whether a list of the
// recipient's allows the message. Rates, allow and deny lists, reverse DNS, block lists; then the name given in HELO.
#include "base/text.h"
#include "message/date.h"
#include "smtpd/session.h"
#include "spool/event_words.h"

namespace tubepost::smtpd {
namespace {

// "[192.0.2.7]", "[IPv6:2001:db8:0:0:0:0:0:1]".
std::optional<net::IpAddress> address_in_literal(std::string_view literal) {
  constexpr std::string_view tag = "IPv6:";
  if (!literal.starts_with('[') || !literal.ends_with(']')) return std::nullopt;
  auto text = literal.substr(1, literal.size() - 2);
  const bool v6 = equal_ignoring_case(text.substr(0, tag.size()), tag);
  if (v6) text.remove_prefix(tag.size());
  const auto address = net::IpAddress::parse(text);
  return v6 == (text.find(':') != text.npos) ? address : std::nullopt;
}

}  // namespace

// Whoever comes to another port than the MX's is no stranger: a front server (LMTP), or somebody admitted to submission.
policy::LayerClient Session::layer_client() const {
  policy::LayerClient client;
  client.address = client_.ip();
  if (account_) client.account = account_->address;
  client.is_safe = is_trusted() || policy_->role() != Role::mx;
  client.is_secondary = policy_->is_secondary(client_.ip());
  return client;
}

void Session::client_changed() {
  if (layers_) layers_->set_client(layer_client());
}

std::optional<Answer> Session::layers_guard(const smtp::Mailbox& recipient) {
  if (!services_.layers) return std::nullopt;
  if (!layers_) layers_ = std::make_unique<policy::LayerSession>(services_.layers, layer_client());
  const auto address = recipient.to_text(), command = "RCPT <" + address + ">";
  if (!std::exchange(transaction_->layers_asked, true)) {
    auto outcome = layers_->at_message();
    note(outcome, {});
    if (outcome.refusal) transaction_->too_much = Refusal{std::move(*outcome.refusal), std::move(outcome.rule)};
  }
  if (const auto& refused = transaction_->too_much) return refuse(refused->reply, command, refused->rule);
  const auto& reverse_path = transaction_->envelope.reverse_path;
  const auto sender = reverse_path.empty() ? smtp::Mailbox() : smtp::parse_mailbox(reverse_path);  // <>, which a list may name
  auto outcome = layers_->at_recipient(sender, recipient);
  transaction_->is_allowed = outcome.is_allowed;
  note(outcome, address);
  if (outcome.refusal) return refuse(std::move(*outcome.refusal), command, outcome.rule);
  if (auto refused = helo_refusal()) return refuse(std::move(*refused), command, "smtpd.helo-check");
  return std::nullopt;
}

// Off by default: RFC 5321 4.1.4 forbids to refuse a message because the name does not fit the address, and so a name is
// refused only for what it is. An address literal, in whatever form (RFC 5321 4.1.3), is the client's own word for its address;
// an address without brackets is no name.
std::optional<smtp::Reply> Session::helo_refusal() const {
  if (!policy_->checks_helo() || !is_stranger() || policy_->is_secondary(client_.ip()) || transaction_->is_allowed)
    return std::nullopt;
  const auto refused = [](const char* why) {
    return smtp::Reply{550, EnhancedStatus{5, 7, 1}, std::string("Your HELO name ") + why};
  };
  if (helo_.starts_with('[')) {
    const auto named = address_in_literal(helo_);
    return named && named == client_.ip() ? std::nullopt : std::optional(refused("is not your address"));
  }
  const auto name = std::string_view(helo_).substr(0, helo_.size() - (helo_.ends_with('.') ? 1 : 0));
  if (name.find('.') == name.npos || net::IpAddress::parse(name)) return refused("is not a full name");
  if (equal_ignoring_case(name, policy_->hostname())) return refused("is my own");
  return std::nullopt;
}

// An account that sends more than it may is perhaps in other hands: its postmaster is told, once an hour, by mail that no filter sees.
void Session::report_stopped(const smtp::Mailbox& account, std::uint32_t per_hour) {
  const auto id = spool::SpoolId::make(services_.clock);
  const std::string who = account.to_text(), postmaster = "postmaster@" + account.domain;
  auto writer = services_.spool.new_body();
  writer.append("From: Mail Delivery System <MAILER-DAEMON@" + policy_->hostname() + ">\r\nTo: " + postmaster + "\r\nSubject: " +
                who + " sends too much\r\nDate: " + message::format_date(services_.clock.now()) + "\r\nMessage-ID: <" + id.to_text() +
                '@' + policy_->hostname() + ">\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
                "Content-Type: text/plain; charset=us-ascii\r\n\r\n" + who + " has reached the limit of " + std::to_string(per_hour) +
                " in an hour.\r\nWhat it sends is refused (451 4.7.1) until the hour has passed. The last client was " +
                client_.address_text() + ".\r\n\r\nIf its owner knows nothing of this, somebody else has the password:\r\n\r\n"
                "    mailadm account set " + who + " suspended=yes\r\n    mailq drop from=" + who + " --preview\r\n");
  auto body = writer.finish();
  auto stored = body ? Result<void>() : Result<void>(body.error());
  if (body) {
    spool::Message message{.id = id, .envelope = {}, .recipients = {{postmaster, {}, {}, "NEVER"}}, .body = std::move(*body)};
    message.envelope.origin.role = "local";
    stored = services_.spool.accept(std::move(message));
  }
  if (!stored) services_.logger.error("not-stored", {{"id", id.to_text()}, {"reason", stored.error().text}});
}

// For --explain, and for the trace of the message, should it be accepted.
void Session::note(const policy::LayerOutcome& outcome, const std::string& recipient) {
  if (outcome.stopped) report_stopped(*outcome.stopped, outcome.per_hour);
  auto& decisions = transaction_->effects.decisions;
  for (const auto& each : outcome.decisions) {
    const bool says_nothing = each.verdict == "passed" && each.inputs.empty();  // it was not asked, or nobody is listed
    if (says_nothing && each.rule.empty()) continue;
    const std::string why = each.inputs.empty() ? each.rule : each.rule + "; " + each.inputs;
    explain(each.layer + (recipient.empty() ? "" : " <" + recipient + ">"), each.verdict, why);
    if (decisions.size() < decisions_max && each.verdict != "skipped" && !says_nothing)
      decisions.push_back(
          {services_.clock.now(), "policy",
           spool::words({{"rule", each.rule}, {"state", each.layer}, {"to", recipient}, {"action", each.verdict + (each.inputs.empty() ? "" : " ") + each.inputs}})});
  }
}

}  // namespace tubepost::smtpd

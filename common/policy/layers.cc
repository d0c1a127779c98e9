#include "policy/layers.h"

#include "base/text.h"

namespace tubepost::policy {
namespace {

std::string network_of(const net::IpAddress& address) {
  return address.network(address.is_v6() ? 64 : 24).to_text();
}

void refuse(LayerOutcome& outcome, const char* layer, std::string rule, smtp::Reply reply,
            std::string inputs) {
  outcome.decisions.push_back({layer, reply.code < 500 ? "deferred" : "refused", rule, std::move(inputs)});
  outcome.rule = std::move(rule);
  outcome.refusal = std::move(reply);
}

smtp::Reply deferral(EnhancedStatus status, const std::string& text) { return {451, status, text}; }
smtp::Reply rejection(EnhancedStatus status, const std::string& text) { return {550, status, text}; }

std::string inputs_of(const ListVerdict& verdict) {
  std::vector<std::string> texts;
  for (const auto& answer : verdict.answers) texts.push_back(answer.to_text());
  return join(texts, "; ");
}

}  // namespace

Layers::Layers(Options options, dns::Resolver& resolver, const directory::Directory& directory,
               RateLimits& rates, const Clock& clock, const log::Logger& logger)
    : options_(std::move(options)),
      resolver_(resolver),
      directory_(directory),
      rates_(rates),
      logger_(logger),
      block_lists_(options_.block_lists, clock, logger),
      reverse_({}, clock) {}

LayerSession::LayerSession(std::shared_ptr<Layers> layers, LayerClient client)
    : layers_(std::move(layers)), client_(std::move(client)) {}

void LayerSession::set_client(LayerClient client) {
  if (client.address != client_.address) reverse_.reset(), listed_.reset(), has_warned_ = false;
  client_ = std::move(client);
}

// One after the other; what was counted before the limit that is exceeded stays counted.
void LayerSession::hold_against(const std::vector<Limit>& limits, LayerOutcome& outcome) {
  std::string held;
  for (const auto& [kind, key, limit] : limits) {
    if (limit == 0 || key.empty()) continue;
    held.append(held.empty() ? "hourly limit of " : ", ").append(kind) += ' ' + std::to_string(limit);
    const auto answer = layers_->rates_.take(kind, key, 1, limit);
    if (answer == RateLimits::Answer::within) continue;
    if (answer == RateLimits::Answer::exceeded_now) {
      layers_->logger_.warning("rate-exceeded",
                               {{"limit", kind}, {"of", printable(key)}, {"per_hour", limit}});
      if (std::string_view(kind).starts_with("account-"))
        outcome.stopped = client_.account, outcome.per_hour = limit;
    }
    return refuse(outcome, "rates", std::string("hourly limit of ") + kind,
                  deferral({4, 7, 1}, "Too much mail in an hour, try again later"), printable(key));
  }
  outcome.decisions.push_back({"rates", "passed", std::move(held), ""});
}

LayerOutcome LayerSession::at_message() {
  const auto& hourly = layers_->options_.hourly;
  LayerOutcome outcome;
  std::vector<Limit> limits;
  if (client_.account)
    limits.push_back({"account-messages", client_.account->to_text(), hourly.account_messages});
  if (client_.is_stranger()) {
    limits.push_back({"address-messages", client_.address->to_text(), hourly.address_messages});
    limits.push_back({"network-messages", network_of(*client_.address), hourly.network_messages});
  }
  hold_against(limits, outcome);
  return outcome;
}

LayerOutcome LayerSession::at_recipient(const std::optional<smtp::Mailbox>& sender,
                                        const smtp::Mailbox& recipient) {
  const auto& hourly = layers_->options_.hourly;
  LayerOutcome outcome;
  std::vector<Limit> limits;
  if (client_.account)
    limits.push_back({"account-recipients", client_.account->to_text(), hourly.account_recipients});
  if (client_.is_stranger()) {
    limits.push_back({"address-recipients", client_.address->to_text(), hourly.address_recipients});
    limits.push_back({"network-recipients", network_of(*client_.address), hourly.network_recipients});
    limits.push_back({"recipient-messages", to_lower(recipient.to_text()), hourly.recipient_messages});
  }
  hold_against(limits, outcome);
  if (!outcome.refusal) hold_against_lists({client_.address, sender, recipient, client_.account}, outcome);
  if (!outcome.refusal) hold_against_reverse_dns(outcome);
  if (!outcome.refusal) hold_against_block_lists(outcome);
  return outcome;
}

void LayerSession::hold_against_lists(const directory::RuleFacts& facts, LayerOutcome& outcome) {
  const auto decision = layers_->directory_.decide(facts);
  if (!decision) {
    layers_->logger_.error("directory-error", {{"reason", decision.error().text}});
    return refuse(outcome, "lists", "S4 directory", deferral({4, 3, 0}, "Cannot look up access rules now"),
                  decision.error().text);
  }
  if (decision->action == directory::RuleAction::deny)
    return refuse(outcome, "lists", "S4 " + decision->to_text(),
                  rejection({5, 7, 1}, "Refused by an access rule for this " + decision->matched), "");
  outcome.is_allowed = decision->action == directory::RuleAction::allow;
  outcome.decisions.push_back({"lists", outcome.is_allowed ? "allowed" : "passed", decision->to_text(), ""});
}

// Whichever layer needs it: all that is asked of an address at once, and then what the answers lead to. So a client costs two
// waits, and lists are asked about some whose reverse name refuses them.
void LayerSession::look_up() {
  if (listed_) return;
  const auto need = layers_->options_.reverse;
  dns::Inquiry inquiry(layers_->resolver_);
  auto names = layers_->reverse_.begin(*client_.address, need, inquiry);
  auto lists = layers_->block_lists_.begin(*client_.address, inquiry);
  inquiry.ask();
  names.follow_up(inquiry);
  lists.follow_up(inquiry);
  inquiry.ask();
  if (need != ReverseNeed::off) reverse_ = names.finish(inquiry);
  listed_ = lists.finish(inquiry);
}

void LayerSession::hold_against_reverse_dns(LayerOutcome& outcome) {
  if (layers_->options_.reverse == ReverseNeed::off) return;
  if (!client_.is_stranger() || outcome.is_allowed)
    return outcome.decisions.push_back(
        {"reverse-dns", "skipped", outcome.is_allowed ? "S4 allowed" : "known client", ""});
  look_up();
  if (reverse_->kind == ReverseVerdict::Kind::passed)
    return outcome.decisions.push_back(
        {"reverse-dns", "passed", "smtpd.require-reverse-dns", reverse_->inputs});
  const bool later = reverse_->kind == ReverseVerdict::Kind::deferred;
  refuse(outcome, "reverse-dns", "S3 smtpd.require-reverse-dns",
         later ? deferral({4, 7, 25}, reverse_->text) : rejection({5, 7, 25}, reverse_->text),
         reverse_->inputs);
}

// Once for each client of a connection, however many recipients it has.
void LayerSession::warn_of_listings() {
  if (std::exchange(has_warned_, true)) return;
  const auto& lists = layers_->options_.block_lists.lists;
  for (std::size_t i = 0; i < lists.size(); ++i) {
    const auto& answer = listed_->answers[i];
    if (lists[i].action == BlockAction::warn && answer.listed)
      layers_->logger_.warning("dnsbl-listed", {{"zone", answer.zone},
                                                {"client", client_.address->to_text()},
                                                {"replies", join(answer.replies, " ")},
                                                {"reason", answer.reason}});
  }
}

void LayerSession::hold_against_block_lists(LayerOutcome& outcome) {
  using Kind = ListVerdict::Kind;
  if (layers_->block_lists_.empty()) return;
  if (!client_.is_stranger() || outcome.is_allowed)
    return outcome.decisions.push_back(
        {"block-lists", "skipped", outcome.is_allowed ? "S4 allowed" : "known client", ""});
  look_up();
  warn_of_listings();
  const auto inputs = inputs_of(*listed_);
  const auto rule =
      "S2 smtpd.dnsbl " + (listed_->zone.empty() ? "score " + std::to_string(listed_->score) : listed_->zone);
  if (listed_->kind == Kind::reject)
    return refuse(outcome, "block-lists", rule, rejection({5, 7, 1}, listed_->text), inputs);
  if (listed_->kind == Kind::defer)
    return refuse(outcome, "block-lists", rule, deferral({4, 7, 1}, listed_->text), inputs);
  outcome.decisions.push_back({"block-lists", "passed", rule, inputs});
}

}  // namespace tubepost::policy

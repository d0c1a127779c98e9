// Which rule holds for a message and a recipient (rules.h).
#include "base/text.h"
#include "directory/rule_keys.h"
#include "directory/state.h"

namespace tubepost::directory {
namespace {

constexpr unsigned alias_steps_max = 10;

std::string text_of(const smtp::Mailbox& mailbox) {
  return mailbox.local_part.empty() && mailbox.domain.empty() ? "<>" : to_lower(mailbox.to_text());
}

// The account that an address leads to, as far as it is one: aliases with a single target are followed.
std::optional<smtp::Mailbox> account_behind(const Reader& reader, smtp::Mailbox address) {
  for (unsigned step = 0; step < alias_steps_max; ++step) {
    const auto found = resolve(reader, address);
    if (const auto* account = std::get_if<ToAccount>(&found)) return account->account.address;
    const auto* alias = std::get_if<ToAlias>(&found);
    if (alias == nullptr || alias->targets.size() != 1) return std::nullopt;
    address = alias->targets.front();
  }
  return std::nullopt;
}

// One scope's list, and what it is held against.
class List {
public:
  List(const Reader& reader, std::string key, std::string scope)
      : reader_(reader), key_(std::move(key)), scope_(std::move(scope)), empty_(!reader.has_rules_of(key_)) {}

  void hold_against(const std::optional<smtp::Mailbox>& address, const char* what) {
    if (empty_ || !address) return;
    const smtp::Mailbox named{address->local_part, rule_domain(address->domain)};
    const auto text = text_of(named);
    look_up(text, entry_key(text), what);
    std::string_view domain = named.domain;
    while (!domain.empty()) {
      look_up(domain, 'd' + std::string(domain), what);
      const auto dot = domain.find('.');
      domain = dot == domain.npos ? std::string_view() : domain.substr(dot + 1);
    }
  }
  void hold_against(const std::optional<net::IpAddress>& client) {
    if (empty_ || !client) return;
    const auto lengths = reader_.rule_lengths(key_, client->is_v6());
    for (unsigned bits = 0; bits < lengths.size(); ++bits) {
      if (lengths[bits] != '1') continue;
      const auto key = block_key(*client, bits);
      if (const auto entry = entry_of_key(key)) look_up(*entry, key, "client");
    }
  }
  void hold_against_name(const std::optional<smtp::Mailbox>& account) {
    if (empty_ || !account) return;
    const auto name = to_lower(account->local_part);
    look_up(name, 'n' + name, "account");
  }
  const std::optional<RuleDecision>& decision() const { return decision_; }

private:
  // Allow beats deny; else the first that was found counts.
  void look_up(std::string_view entry, const std::string& key, const char* what) {
    if (decision_ && decision_->action == RuleAction::allow) return;
    const auto action = reader_.rule(key_ + key);
    if (!action || (decision_ && *action == RuleAction::deny)) return;
    decision_ = RuleDecision{action, {scope_, *action, std::string(entry)}, what};
  }

  const Reader& reader_;
  std::string key_, scope_;
  bool empty_;
  std::optional<RuleDecision> decision_;
};

using Found = std::optional<RuleDecision>;

// The lists of an account and of its domain, for one side of a message. `other`: who is at the other side.
Found of_side(const Reader& reader, const std::optional<smtp::Mailbox>& account, const std::string& domain,
              const std::function<void(List&)>& hold) {
  if (account) {
    if (const auto known = reader.account(*account)) {
      List list(reader, account_rules(known->id), known->address.to_text());
      hold(list);
      if (list.decision()) return list.decision();
    }
  }
  if (domain.empty()) return std::nullopt;
  List list(reader, domain_rules(domain), domain);
  hold(list);
  list.hold_against_name(account);
  return list.decision();
}

RuleDecision decide_all(const Reader& reader, const RuleFacts& facts) {
  if (!reader.has_rules()) return {};
  std::optional<smtp::Mailbox> receiver;
  std::string receiving_domain;
  const auto domain = facts.recipient ? reader.as_stored(facts.recipient->domain) : std::string();
  if (reader.domain(domain)) {
    receiver = account_behind(reader, *facts.recipient);
    receiving_domain = domain;
  }
  const Found receiving = of_side(reader, receiver, receiving_domain, [&](List& list) {
    list.hold_against(facts.sender, "sender");
    list.hold_against(facts.client);
  });
  Found sending;
  if (facts.account)
    sending = of_side(reader, facts.account, to_lower(facts.account->domain),
                      [&](List& list) { list.hold_against(facts.recipient, "recipient"); });

  List server(reader, server_rules(), std::string(server_scope));
  server.hold_against(facts.sender, "sender");
  server.hold_against(facts.client);
  server.hold_against(facts.recipient, "recipient");
  server.hold_against_name(receiver);
  server.hold_against_name(facts.account);

  // Each side is judged by its own lists first; deny of either side holds.
  const Found sides[] = {receiving ? receiving : server.decision(),
                         !facts.account ? Found() : (sending ? sending : server.decision())};
  for (const auto action : {RuleAction::deny, RuleAction::allow})
    for (const auto& side : sides)
      if (side && side->action == action) return *side;
  return {};
}

}  // namespace

Result<RuleDecision> Directory::decide(const RuleFacts& facts) const {
  return state_->read([&](const Reader& reader) { return decide_all(reader, facts); });
}

Result<std::vector<Rule>> Directory::rules() const {
  return state_->read([](const Reader& reader) { return reader.rules({}); });
}

Result<std::vector<Rule>> Directory::rules(std::string_view scope) const {
  const auto normal = normal_scope(scope);
  if (!normal) return normal.error();
  return state_->read([&](const Reader& reader) -> Result<std::vector<Rule>> {
    const auto key = reader.rule_scope(*normal);
    if (!key) return std::move(key).error();
    return reader.rules(*key);
  });
}

}  // namespace tubepost::directory

// The texts of rules, and their keys.
#include "directory/rules.h"

#include <algorithm>

#include "base/text.h"
#include "directory/refusals.h"
#include "directory/rule_keys.h"
#include "directory/schema.h"
#include "dns/name.h"

namespace tubepost::directory {
namespace {

constexpr std::string_view null_path = "<>";

unsigned width_of(const net::IpAddress& address) { return address.is_v6() ? 128 : 32; }

std::string block_text(const net::IpAddress& first, unsigned bits) {
  return bits == width_of(first) ? first.to_text() : first.to_text() + '/' + std::to_string(bits);
}

std::optional<net::IpAddress> from_bytes(bool v6, std::string_view bytes) {
  // By way of text, the one door there is.
  std::string text;
  if (!v6) {
    for (std::size_t i = 0; i < 4; ++i)
      text += (i == 0 ? "" : ".") + std::to_string(static_cast<unsigned char>(bytes[i]));
  } else {
    const auto hex = to_hex(bytes.substr(0, 16));
    for (std::size_t i = 0; i < 32; i += 4) text += (i == 0 ? "" : ":") + hex.substr(i, 4);
  }
  return net::IpAddress::parse(text);
}

// nullopt: it was the last address there is.
std::optional<net::IpAddress> next_address(const net::IpAddress& address) {
  std::string bytes(address.bytes().begin(), address.bytes().end());
  for (std::size_t i = width_of(address) / 8; i-- > 0;) {
    bytes[i] = static_cast<char>(static_cast<unsigned char>(bytes[i]) + 1);
    if (bytes[i] != 0) return from_bytes(address.is_v6(), bytes);
  }
  return std::nullopt;
}

// The largest blocks that FIRST-LAST consists of, at most two for each bit.
std::vector<std::string> blocks_of(net::IpAddress first, const net::IpAddress& last) {
  std::vector<std::string> blocks;
  for (;;) {
    unsigned bits = width_of(first);
    while (bits > 0 && first.network(bits - 1) == first && first.last_of_network(bits - 1) <= last) --bits;
    blocks.push_back(block_text(first, bits));
    const auto end = first.last_of_network(bits);
    const auto next = next_address(end);
    if (end == last || !next) return blocks;
    first = *next;
  }
}

std::optional<std::vector<std::string>> parse_range(std::string_view entry) {
  const auto dash = entry.find('-');
  if (dash == entry.npos) return std::nullopt;
  const auto first = net::IpAddress::parse(trim(entry.substr(0, dash)));
  const auto last = net::IpAddress::parse(trim(entry.substr(dash + 1)));
  if (!first || !last || first->is_v6() != last->is_v6() || *last < *first) return std::nullopt;
  return blocks_of(*first, *last);
}

// An atom, so that it can become the local part of an address.
bool is_name(std::string_view text) {
  if (text.empty() || text.size() > smtp::local_part_max || text.find_first_of(".\"") != text.npos) return false;
  const auto mailbox = smtp::parse_mailbox(std::string(text) + "@example.test");
  return mailbox && mailbox->local_part == text;
}

Failure not_an_entry(std::string_view entry) {
  return bad_data(
      "'" + printable(entry, 80) +
      "': not an entry (an address, a domain, an account's name, <>, an IP address, ADDRESS/BITS or "
      "FIRST-LAST)");
}

}  // namespace

std::string_view to_text(RuleAction action) { return action == RuleAction::allow ? "allow" : "deny"; }

std::string RuleDecision::to_text() const {
  if (!action) return "no rule";
  return std::string(directory::to_text(*action)) + ' ' + rule.entry + " (" + matched + ") of " + rule.scope;
}

std::optional<Block> parse_block(std::string_view entry) {
  const auto slash = entry.find('/');
  const auto address = net::IpAddress::parse(entry.substr(0, slash));
  if (!address) return std::nullopt;
  if (slash == entry.npos) return Block{*address, width_of(*address)};
  const auto bits = parse_number<unsigned>(entry.substr(slash + 1));
  const bool mapped =
      !address->is_v6() && entry.find(':') != entry.npos;  // its length would mean another thing
  if (!bits || *bits > width_of(*address) || mapped) return std::nullopt;
  return Block{address->network(*bits), *bits};
}

Result<std::string> normal_scope(std::string_view scope) {
  if (scope == server_scope) return std::string(scope);
  if (scope.find('@') != scope.npos) {
    const auto mailbox = smtp::parse_mailbox(scope);
    if (mailbox && !mailbox->domain.empty()) return mailbox->to_text();
  } else if (auto domain = dns::normal_name(scope)) {
    return std::move(*domain);
  }
  return bad_data("'" + printable(scope, 80) + "': not a scope (server, a domain, or an account's address)");
}

std::string rule_domain(std::string_view domain) {
  const bool is_ascii = std::none_of(domain.begin(), domain.end(), [](char c) { return (c & 0x80) != 0; });
  if (is_ascii) return to_lower(domain);
  return dns::to_ascii(domain).value_or(std::string(domain));
}

Result<std::vector<std::string>> normal_entries(std::string_view scope, std::string_view entry) {
  entry = trim(entry);
  if (entry == null_path) return std::vector<std::string>{std::string(entry)};
  if (const auto block = parse_block(entry))
    return std::vector<std::string>{block_text(block->first, block->bits)};
  if (auto blocks = parse_range(entry)) return std::move(*blocks);
  if (entry.find('@') != entry.npos) {
    auto mailbox = smtp::parse_mailbox(entry);
    if (!mailbox || mailbox->domain.empty()) return not_an_entry(entry);
    mailbox->domain = rule_domain(mailbox->domain);
    return std::vector<std::string>{to_lower(mailbox->to_text())};
  }
  if (is_name(entry)) {
    const auto at = scope.rfind('@');
    const std::string name = to_lower(entry);
    if (at == scope.npos) return std::vector<std::string>{name};
    return std::vector<std::string>{name + '@' + rule_domain(scope.substr(at + 1))};
  }
  auto domain = dns::normal_name(entry);
  // No top-level domain begins with a digit; a wrong address or range must not become a domain.
  if (domain && is_digit((*domain)[domain->rfind('.') + 1])) return not_an_entry(entry);
  // "name." would become a name, which is an account's.
  if (!domain || domain->find('.') == std::string::npos || entry.find('/') != entry.npos) return not_an_entry(entry);
  return std::vector<std::string>{rule_domain(*domain)};
}

std::string server_rules() { return "S"; }

std::string domain_rules(std::string_view domain) { return "D" + to_lower(domain) + '\0'; }

std::string account_rules(AccountId id) {
  std::string key = "A";
  lmdb::append_u64(key, id);
  return key;
}

std::string block_key(const net::IpAddress& address, unsigned bits) {
  std::string key = address.is_v6() ? "r6" : "r4";
  const auto network = address.network(bits);
  key.append(network.bytes().begin(), network.bytes().end());
  return key += static_cast<char>(bits);
}

std::string lengths_key(bool v6) { return v6 ? "l6" : "l4"; }

std::string entry_key(std::string_view entry) {
  if (const auto block = parse_block(entry)) return block_key(block->first, block->bits);
  const bool is_address = entry.find('@') != entry.npos || entry == null_path;
  return (is_address ? 'a' : entry.find('.') != entry.npos ? 'd' : 'n') + std::string(entry);
}

std::optional<std::string> entry_of_key(std::string_view key) {
  if (key.size() < 2 || key[0] == 'l') return std::nullopt;
  if (key[0] != 'r') return std::string(key.substr(1));
  if (key.size() != 19) return std::nullopt;
  const auto first = from_bytes(key[1] == '6', key.substr(2));
  if (!first) return std::nullopt;
  return block_text(*first, static_cast<unsigned char>(key[18]));
}

}  // namespace tubepost::directory

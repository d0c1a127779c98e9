#include "policy/block_list.h"

#include "base/text.h"
#include "dns/name.h"

namespace tubepost::policy {
namespace {

constexpr std::size_t zone_max = 253 - 64;  // room for the 64 characters of an IPv6 address in nibbles

Failure wrong(std::string_view setting, std::string why) {
  return Failure::permanent("smtpd.dnsbl = " + printable(setting, 120) + ": " + std::move(why));
}

// "127.0.0.2-11" in full.
std::string with_whole_end(std::string_view reply) {
  const auto dash = reply.find('-');
  const auto end = dash == reply.npos ? std::string_view() : trim(reply.substr(dash + 1));
  if (end.empty() || end.find('.') != end.npos) return std::string(reply);
  const auto first = trim(reply.substr(0, dash));
  return std::string(first) + '-' + std::string(first.substr(0, first.rfind('.') + 1)) + std::string(end);
}

Result<net::AddressSet> parse_replies(std::string_view text) {
  std::vector<std::string> whole;
  for (const auto reply : split(text, ',')) whole.push_back(with_whole_end(trim(reply)));
  return net::AddressSet::parse(join(whole, ","));
}

bool parse_action(std::string_view text, BlockList& list) {
  for (const auto action : {BlockAction::reject, BlockAction::defer, BlockAction::warn, BlockAction::allow})
    if (text == to_text(action)) return list.action = action, true;
  if (!text.starts_with("score=")) return false;
  const auto score = parse_number<int>(text.substr(6));
  if (!score || *score < -score_max || *score > score_max) return false;
  list.action = BlockAction::score;
  list.score = *score;
  return true;
}

net::AddressSet set_of(const char* text) { return *net::AddressSet::parse(text); }

}  // namespace

std::string_view to_text(BlockAction action) {
  constexpr std::string_view names[] = {"reject", "defer", "warn", "score", "allow"};
  return names[static_cast<std::size_t>(action)];
}

Result<BlockList> BlockList::parse(std::string_view setting) {
  BlockList list;
  const auto semicolon = setting.find(';');
  const auto before = trim(setting.substr(0, semicolon));
  const auto equals = before.find('=');
  const auto zone = dns::normal_name(trim(before.substr(0, equals)));
  if (!zone || zone->size() > zone_max) return wrong(setting, "does not begin with a zone");
  list.zone = *zone;
  if (equals != before.npos) {
    auto replies = parse_replies(before.substr(equals + 1));
    if (!replies || replies->empty())
      return wrong(setting, "needs addresses behind the = (127.0.0.2-11, 127.0.0.0/24)");
    list.replies = std::move(*replies);
  }
  if (semicolon != setting.npos && !parse_action(trim(setting.substr(semicolon + 1)), list))
    return wrong(setting, "the action is reject, defer, warn, allow or score=N");
  return list;
}

Reply classify(const BlockList& list, const net::IpAddress& reply) {
  static const net::AddressSet errors = set_of("127.255.255.0/24"), lists_use = set_of("127.0.0.0/8");
  if (errors.contains(reply) || !lists_use.contains(reply)) return Reply::error;
  return list.replies.empty() || list.replies.contains(reply) ? Reply::listed : Reply::other;
}

}  // namespace tubepost::policy

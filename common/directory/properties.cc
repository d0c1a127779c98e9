#include "directory/properties.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "directory/refusals.h"
#include "dns/name.h"

namespace tubepost::directory {
namespace {

using Normal = std::optional<std::string>;

Normal size(std::string_view value) {
  const auto bytes = parse_size(value);
  return bytes && *bytes > 0 ? Normal(std::to_string(*bytes)) : std::nullopt;
}

Normal count(std::string_view value) {
  const auto number = parse_number<std::uint64_t>(value);
  return number && *number > 0 ? Normal(std::to_string(*number)) : std::nullopt;
}

// "no" is what it is when it is not set, so it is not stored.
Normal yes_or_no(std::string_view value) {
  if (value == "yes") return "yes";
  return value == "no" ? Normal("") : std::nullopt;
}

Normal letter_case(std::string_view value) {
  if (value == "sensitive") return "sensitive";
  return value == "insensitive" ? Normal("") : std::nullopt;
}

Normal separator(std::string_view value) {
  if (value == "+") return "";
  return value == "-" || value == "_" || value == "=" || value == "none" ? Normal(value) : std::nullopt;
}

Normal domain_name(std::string_view value) { return dns::normal_name(value); }

Normal address(std::string_view value) {
  const auto mailbox = smtp::parse_mailbox(value);
  return mailbox && !mailbox->domain.empty() ? Normal(mailbox->to_text()) : std::nullopt;
}

// A10: virtual (not stored), or an address in its shortest form, as the net library prints it.
Normal local_address(std::string_view value) {
  if (value == "virtual") return "";
  const std::string text(value);
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  std::array<char, INET6_ADDRSTRLEN> printed{};
  for (const int family : {AF_INET, AF_INET6}) {
    if (inet_pton(family, text.c_str(), bytes.data()) != 1) continue;
    return std::string(inet_ntop(family, bytes.data(), printed.data(), printed.size()));
  }
  return std::nullopt;
}

// The old mechanisms, each once, in a fixed order. Who knows them is auth/legacy_secrets.h, which stands beside this library.
Normal legacy_logins(std::string_view value) {
  if (value == "none") return "";
  const auto words = split(value, ',');
  std::string normal;
  std::size_t known = 0;
  for (const std::string_view word : {"cram-md5", "ntlm", "apop"}) {
    const auto count = std::count(words.begin(), words.end(), word);
    if (count > 1) return std::nullopt;
    if (count == 1) normal += (known++ == 0 ? "" : ",") + std::string(word);
  }
  return known == words.size() ? Normal(normal) : std::nullopt;
}

constexpr PropertyRule rules[] = {
    {Scope::server, "primary-domain", "a domain", domain_name,
     "the domain of bare logins and of bare postmaster"},
    {Scope::server, "postmaster", "an address", address,
     "who reads mail to postmaster where no account or alias has it"},
    {Scope::server, "local-part-case", "insensitive or sensitive", letter_case,
     "whether Bob@ and bob@ are one address"},
    {Scope::server, "sub-address-separator", "one of + - _ = or none", separator,
     "what divides user+detail@"},
    {Scope::domain, "address", "virtual or an IP address", local_address,
     "the local address that chooses this domain for bare logins"},
    {Scope::domain, "primary", "yes or no", yes_or_no, "makes it the primary domain"},
    {Scope::domain, "relay", "yes or no", yes_or_no, "we are a secondary: mail is kept for its primary"},
    {Scope::domain, "legacy-logins", "none, or some of cram-md5,ntlm,apop", legacy_logins,
     "keep what these old mechanisms need of the passwords set from now on"},
    {Scope::domain, "quota", "a size such as 500M or 1G", size, "most bytes in all its accounts' mailboxes"},
    {Scope::domain, "quota-messages", "a number above 0", count, "most messages in all its accounts' mailboxes"},
    {Scope::account, "quota", "a size such as 500M or 1G", size, "most bytes in its mailboxes"},
    {Scope::account, "quota-messages", "a number above 0", count, "most messages in its mailboxes"},
    {Scope::account, "suspended", "yes or no", yes_or_no, "no login, no mail; everything is kept"},
};

std::string known_keys(Scope scope) {
  std::vector<std::string> keys;
  for (const auto& rule : rules)
    if (rule.scope == scope) keys.emplace_back(rule.key);
  return join(keys, ", ");
}

}  // namespace

std::span<const PropertyRule> property_rules() { return rules; }

std::string_view scope_name(Scope scope) {
  return scope == Scope::server ? "server" : scope == Scope::domain ? "domain" : "account";
}

Result<std::string> check_property(Scope scope, std::string_view key, std::string_view value) {
  for (const auto& rule : rules) {
    if (rule.scope != scope || rule.key != key) continue;
    if (auto normal = rule.normal(value)) return std::move(*normal);
    return bad_data(std::string(key) + "=" + printable(value) + ": must be " + std::string(rule.values));
  }
  return bad_data(printable(key) + ": no property of " + (scope == Scope::account ? "an " : "a ") +
                  std::string(scope_name(scope)) + " (there are: " + known_keys(scope) + ")");
}

std::string display_value(std::string_view key, std::string_view value) {
  const auto bytes = key == "quota" ? parse_number<std::uint64_t>(value) : std::nullopt;
  if (!bytes || *bytes == 0) return std::string(value);
  for (const auto& [letter, shift] : {std::pair('G', 30), std::pair('M', 20), std::pair('K', 10)})
    if ((*bytes & ((std::uint64_t{1} << shift) - 1)) == 0) return std::to_string(*bytes >> shift) + letter;
  return std::string(value);
}

Result<Properties> with_changes(Scope scope, Properties properties, const Properties& changes) {
  for (const auto& [key, value] : changes) {
    auto normal = value.empty() ? Result<std::string>(std::string()) : check_property(scope, key, value);
    if (!normal) return std::move(normal).error();
    if (normal->empty())
      properties.erase(key);
    else
      properties.insert_or_assign(key, std::move(*normal));
  }
  return properties;
}

std::optional<std::string> doubt_about_domain(std::string_view name) {
  for (const std::string_view prefix : {"www.", "mail.", "smtp."}) {
    if (!starts_with_ignoring_case(name, prefix)) continue;
    return std::string(name) + " looks like the name of a host; addresses are usually user@" +
           std::string(name.substr(prefix.size()));
  }
  return std::nullopt;
}

Result<smtp::Mailbox> check_local_address(std::string_view text) {
  auto mailbox = smtp::parse_mailbox(text);
  if (!mailbox || mailbox->domain.empty())
    return bad_data(printable(text) + ": not an address (user@domain)");
  for (const char c : mailbox->local_part)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      return bad_data(printable(text) + ": control characters cannot be part of a name here");
  if (starts_with_ignoring_case(mailbox->local_part, archive_prefix))
    return bad_data(printable(text) + ": names that begin with archive- are made by the archive alone");
  return std::move(*mailbox);
}

}  // namespace tubepost::directory

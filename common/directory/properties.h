// Which properties server, domain and account have, and what their values may be. One table drives the
// checks, the sentences of refusal and mailadm's help.
#pragma once

#include <span>

#include "directory/directory.h"

namespace tubepost::directory {

enum class Scope { server, domain, account };

struct PropertyRule {
  Scope scope;
  std::string_view key;
  std::string_view values;  // "yes or no": for help and refusals
  // The value as it is stored; nullopt: not one of `values`. An empty result means: the same as not set.
  std::optional<std::string> (*normal)(std::string_view value);
  std::string_view help;
};
std::span<const PropertyRule> property_rules();

std::string_view scope_name(Scope scope);
// Normal form of one property, or a refusal that names what would be right.
Result<std::string> check_property(Scope scope, std::string_view key, std::string_view value);
// The value as people write it: sizes with their largest exact unit ("1G").
std::string display_value(std::string_view key, std::string_view value);

// `properties` with `changes` laid over it; an empty value removes a key.
Result<Properties> with_changes(Scope scope, Properties properties, const Properties& changes);

// A name that looks like a host's (www., mail., smtp.): a sentence of warning, T2.
std::optional<std::string> doubt_about_domain(std::string_view name);
inline constexpr std::string_view archive_prefix =
    "archive-";  // D7: of the names of mailboxes that are the archive's own
// An address of this house as written, checked for what accounts and aliases may be called; a refusal says
// why not.
Result<smtp::Mailbox> check_local_address(std::string_view text);

}  // namespace tubepost::directory

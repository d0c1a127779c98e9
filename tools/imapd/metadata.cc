// GETMETADATA and SETMETADATA (RFC 5464): notes on a mailbox, or, with the name "", on the server. What is /private/ is
// the user's own, also on the mailboxes of others; /shared/ is for all who may read the mailbox. The server's shared
// entries are the administrator's: /shared/admin says who that is.
#include <algorithm>

#include "base/text.h"
#include "imap/writer.h"
#include "imapd/session.h"

namespace tubepost::imapd {
namespace {

constexpr std::size_t entries_max = 100;  // in one command
constexpr std::string_view private_part = "/private/", shared_part = "/shared/";
constexpr std::string_view admin_entry = "/shared/admin";

// RFC 5464 3.2.1: components of printable ASCII, no wildcards; names are compared without regard to case.
bool is_good_entry(std::string_view name) {
  if (name.size() > mailstore::metadata_name_max || name.back() == '/' || name.find("//") != name.npos)
    return false;
  if (!name.starts_with(private_part) && !name.starts_with(shared_part)) return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return c > ' ' && c < 0x7f && c != '*' && c != '%'; });
}

// `whole` trees, "/private" and "/shared", can be asked for with a depth.
std::string expect_entry(imap::Scanner& args, bool whole_allowed) {
  auto name = to_lower(args.expect_astring());
  const bool is_whole = name == "/private" || name == "/shared";
  if (!args.failed() && !(is_whole && whole_allowed) && (name.empty() || !is_good_entry(name)))
    args.fail("an entry of /private/ or /shared/ expected");
  return name;
}

struct Query {
  enum class Depth { none, one, infinity } depth = Depth::none;
  std::optional<std::uint32_t> max_size;
  std::vector<std::string> entries;
};

void expect_metadata_options(imap::Scanner& args, Query& query) {
  args.expect('(');
  do {
    if (args.take_word("MAXSIZE")) {
      args.expect_space();
      query.max_size = args.expect_number();
    } else if (args.take_word("DEPTH")) {
      args.expect_space();
      if (args.take_word("INFINITY"))
        query.depth = Query::Depth::infinity;
      else if (args.take_word("1"))
        query.depth = Query::Depth::one;
      else if (!args.take_word("0"))
        args.fail("0, 1 or infinity expected");
    } else {
      args.fail("an unknown option of GETMETADATA");
    }
  } while (!args.failed() && args.take(' '));
  args.expect(')');
}

std::vector<std::string> expect_entries(imap::Scanner& args, bool whole_allowed) {
  std::vector<std::string> entries;
  const bool several = args.take('(');
  do {
    if (entries.size() == entries_max) args.fail("too many entries");
    entries.push_back(expect_entry(args, whole_allowed));
  } while (several && !args.failed() && args.take(' '));
  if (several) args.expect(')');
  return entries;
}

bool is_asked_for(const Query& query, std::string_view name) {
  return std::any_of(query.entries.begin(), query.entries.end(), [&](const std::string& entry) {
    if (name == entry) return true;
    if (query.depth == Query::Depth::none || !name.starts_with(entry) || name[entry.size()] != '/')
      return false;
    return query.depth == Query::Depth::infinity || name.find('/', entry.size() + 1) == name.npos;
  });
}

std::vector<mailstore::MetadataEntry> expect_values(imap::Scanner& args) {
  std::vector<mailstore::MetadataEntry> entries;
  args.expect('(');
  do {
    if (entries.size() == entries_max) args.fail("too many entries");
    mailstore::MetadataEntry entry{expect_entry(args, false), {}};
    args.expect_space();
    if (!args.take_word("NIL")) entry.value = args.expect_binary_string();  // RFC 5464 3: "" is a value
    entries.push_back(std::move(entry));
  } while (!args.failed() && args.take(' '));
  args.expect(')');
  return entries;
}

}  // namespace

// What a user calls /private/… of another's mailbox is kept there under the user's own number.
std::string Session::kept_entry(mailstore::MailboxRef ref, const std::string& name) const {
  if (ref.account == account_->id || !name.starts_with(private_part)) return name;
  return "/private:" + std::to_string(account_->id) + name.substr(private_part.size() - 1);
}

// All that the user may see, by the names the user knows, in order.
Result<std::vector<mailstore::MetadataEntry>> Session::metadata_of(mailstore::MailboxRef ref) {
  auto kept = services_.store.metadata(ref);
  if (!kept) return kept;
  const auto own = kept_entry(ref, std::string(private_part));
  std::vector<mailstore::MetadataEntry> seen;
  for (auto& entry : *kept) {
    if (entry.name.starts_with(own))
      entry.name.replace(0, own.size(), private_part);
    else if (!entry.name.starts_with(shared_part))
      continue;
    seen.push_back(std::move(entry));
  }
  if (ref.mailbox != 0) return seen;
  if (const auto domain = services_.directory.primary_domain(); domain && !domain->empty())
    seen.push_back({std::string(admin_entry), "mailto:postmaster@" + *domain});
  return seen;
}

// "": the server. nullopt: `refusal` says why not. `name`: as it is told.
std::optional<mailstore::MailboxRef> Session::expect_annotated(imap::Scanner& args, std::string& name,
                                                               std::optional<Answer>& refusal) {
  if (args.rest().starts_with("\"\"")) {
    args.expect_string();
    name = "\"\"";
    return mailstore::MailboxRef{account_->id, 0};
  }
  const auto found = find_mailbox(expect_name(args, refusal), "l", refusal);
  if (!found) return std::nullopt;
  imap::append_mailbox(name, found->status.name, speaks_utf8());
  if (found->rights.has_any("rswip")) return found->ref;  // RFC 5464 3.3
  refusal = no_right();
  return std::nullopt;
}

Answer Session::get_metadata(Call& call) {
  auto& args = call.args;
  Query query;
  const auto take_options = [&] {
    if (args.peek() != '(') return;
    expect_metadata_options(args, query);
    args.expect_space();
  };
  take_options();
  std::optional<Answer> refusal;
  std::string name;
  const auto ref = expect_annotated(args, name, refusal);
  args.expect_space();
  // The examples of RFC 5464 4.2 have the options behind the name; that is a list of entries only if one of them begins so.
  if (starts_with_ignoring_case(args.rest(), "(MAXSIZE") || starts_with_ignoring_case(args.rest(), "(DEPTH"))
    take_options();
  query.entries = expect_entries(args, query.depth != Query::Depth::none);
  args.expect_end();
  if (args.failed()) return syntax_error(args);
  if (!ref) return *refusal;
  const auto entries = metadata_of(*ref);
  if (!entries) return refused(entries.error());
  std::string out;
  std::size_t longest = 0;
  for (const auto& entry : *entries) {
    if (!is_asked_for(query, entry.name)) continue;
    const auto value = entry.value.value_or(std::string());
    if (query.max_size && value.size() > *query.max_size) {
      longest = std::max(longest, value.size());
      continue;
    }
    out += out.empty() ? "" : " ";
    imap::append_astring(out, entry.name);
    out += ' ';
    if (value.find('\0') != std::string::npos) out += '~';  // RFC 3516: a literal8
    imap::append_string(out, value);
  }
  if (!out.empty()) lines_ << "* METADATA " << name << " (" << out << ")\r\n";
  if (longest == 0) return imap::ok("That is all");
  return imap::ok("METADATA LONGENTRIES " + std::to_string(longest), "Some are longer than that");
}

Answer Session::set_metadata(Call& call) {
  std::optional<Answer> refusal;
  std::string name;
  const auto ref = expect_annotated(call.args, name, refusal);
  call.args.expect_space();
  auto entries = expect_values(call.args);
  call.args.expect_end();
  if (call.args.failed()) return syntax_error(call.args);
  if (!ref) return *refusal;
  std::vector<std::string> names;
  for (auto& entry : entries) {
    names.push_back(entry.name);
    if (ref->mailbox == 0 && entry.name.starts_with(shared_part)) return no_right();
    if (entry.value && entry.value->size() > mailstore::metadata_value_max)
      return imap::no("METADATA MAXSIZE " + std::to_string(mailstore::metadata_value_max), "Too large");
    entry.name = kept_entry(*ref, entry.name);
  }
  const auto set = services_.store.set_metadata(*ref, entries);
  if (set) {
    for (auto& told : names) own_.metadata.emplace(*ref, std::move(told));
    return imap::ok("Done");
  }
  if (set.error().status == mailstore::refusal::limit_reached)
    return imap::no("METADATA TOOMANY", "Too many entries");
  return refused(set.error());
}

}  // namespace tubepost::imapd

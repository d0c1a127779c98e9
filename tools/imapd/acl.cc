// Rights on mailboxes: GETACL, SETACL, DELETEACL, LISTRIGHTS, MYRIGHTS (RFC 4314 3), and how they are asked for by
// all other commands (RFC 4314 4).
#include <algorithm>

#include "imap/writer.h"
#include "imapd/session.h"

namespace tubepost::imapd {
namespace {

constexpr std::string_view own_identifier_only = "The owner has every right, always";

imap::Reply no_identifier() {
  return imap::bad("An address or anyone expected, with or without - in front of it");
}

// Its account has not been removed meanwhile.
bool is_there(const directory::Directory& directory, const Grant& grant) {
  if (!grant.account) return true;
  const auto account = directory.find_account(*grant.account);
  return account && *account;
}

}  // namespace

imap::Reply no_right() {
  return imap::no(imap::code::no_permission, "You may not do that with this mailbox");
}

std::optional<Found> Session::find_mailbox(const std::optional<std::string>& name, std::string_view needed,
                                           std::optional<Answer>& refusal, std::string_view missing_code) {
  if (!name || refusal) return std::nullopt;
  auto found = access_->find(*name);
  const auto has = [&](char right) { return found->rights.has(right); };
  if (found && std::all_of(needed.begin(), needed.end(), has)) return std::move(*found);
  if (found) {
    refusal = refused_right(found->rights);
    return std::nullopt;
  }
  // RFC 9051 7.1: TRYCREATE is for what the user could create.
  const bool is_own = !name->starts_with(others_prefix) && !name->starts_with(shared_prefix);
  refusal = refused(found.error(), is_own ? missing_code : imap::code::nonexistent);
  return std::nullopt;
}

// RFC 4314 6: of a mailbox that the user may not list, the answer is that of one that is not there.
imap::Reply Session::refused_right(Rights rights) {
  return rights.has('l') ? no_right() : refused(nothing_there());
}

// False: the owner of the selected mailbox has taken back the right to read it.
bool Session::rights_hold() {
  if (!selected_ || selected_->ref.account == account_->id) return true;
  const auto counter = services_.store.change_counter();
  if (counter == selected_->rights_counter) return true;
  const auto owner = services_.directory.find_account(selected_->ref.account);
  if (!owner || !*owner) return false;
  const auto rights = access_->rights(**owner, selected_->ref);
  if (!rights || !rights->has('r')) return false;
  selected_->rights = *rights;
  selected_->rights_counter = counter;
  return true;
}

// RFC 4314 4: a new mailbox has the rights of the one it is made in.
Result<void> Session::inherit_rights(const Found& parent, mailstore::MailboxRef made) {
  const auto entries = services_.store.acl(parent.ref);
  if (!entries) return entries.error();
  for (const auto& entry : *entries)
    if (auto set = services_.store.set_acl(made, entry, Grant::parse(entry.rights).account); !set) return set;
  return {};
}

Answer Session::get_acl(Call& call) {
  std::optional<Answer> refusal;
  const auto name = expect_name(call.args, refusal);
  call.args.expect_end();
  if (call.args.failed()) return syntax_error(call.args);
  const auto found = find_mailbox(name, "a", refusal);
  if (!found) return *refusal;
  const auto entries = services_.store.acl(found->ref);
  if (!entries) return refused(entries.error());
  std::string out = "* ACL ";
  imap::append_mailbox(out, found->status.name, speaks_utf8());
  const auto add = [&](std::string_view identifier, const std::string& rights) {
    out += ' ';
    imap::append_astring(out, identifier);
    out += ' ';
    imap::append_astring(out, rights);
  };
  add(found->location.owner.address.to_text(), Rights::all().to_text());
  for (const auto& entry : *entries) {
    const auto grant = Grant::parse(entry.rights);
    if (is_there(services_.directory, grant)) add(entry.identifier, grant.rights.to_text());
  }
  lines_ << out << "\r\n";
  return imap::ok("That is all");
}

// mailbox SP identifier [SP rights]; an empty set of rights removes the entry, as DELETEACL does.
Answer Session::change_acl(Call& call, bool removes) {
  std::optional<Answer> refusal;
  const auto name = expect_name(call.args, refusal);
  call.args.expect_space();
  const auto who = call.args.expect_astring();
  if (!removes) call.args.expect_space();
  auto text = removes ? std::string() : call.args.expect_astring();
  call.args.expect_end();
  if (call.args.failed()) return syntax_error(call.args);
  const char how = text.starts_with('+') || text.starts_with('-') ? text.front() : '=';
  if (how != '=') text.erase(0, 1);
  const auto rights = Rights::parse(text);
  if (!rights) return imap::bad("A right that is not known");
  const auto identifier = parse_identifier(services_.directory, who);
  if (!identifier) return no_identifier();
  const auto found = find_mailbox(name, "a", refusal);
  if (!found) return *refusal;
  if (identifier->grants_to(found->location.owner.id))
    return imap::no(imap::code::cannot, std::string(own_identifier_only));
  const auto entries = services_.store.acl(found->ref);
  if (!entries) return refused(entries.error());
  Rights now;
  for (const auto& entry : *entries)
    if (const auto grant = Grant::parse(entry.rights);
        entry.identifier == identifier->text && grant.account == identifier->account)
      now = grant.rights;
  const auto then = how == '+' ? now.with(*rights) : how == '-' ? now.without(*rights) : *rights;
  const mailstore::AclEntry entry{identifier->text, Grant{then, identifier->account}.to_text()};
  if (auto set = services_.store.set_acl(found->ref, entry, identifier->account); !set)
    return refused(set.error());
  return imap::ok("Done");
}

Answer Session::set_acl(Call& call) { return change_acl(call, false); }
Answer Session::delete_acl(Call& call) { return change_acl(call, true); }

Answer Session::list_rights(Call& call) {
  std::optional<Answer> refusal;
  const auto name = expect_name(call.args, refusal);
  call.args.expect_space();
  const auto who = call.args.expect_astring();
  call.args.expect_end();
  if (call.args.failed()) return syntax_error(call.args);
  const auto identifier = parse_identifier(services_.directory, who);
  if (!identifier) return no_identifier();
  const auto found = find_mailbox(name, "a", refusal);
  if (!found) return *refusal;
  std::string out = "* LISTRIGHTS ";
  imap::append_mailbox(out, found->status.name, speaks_utf8());
  out += ' ';
  imap::append_astring(out, who);
  if (identifier->grants_to(found->location.owner.id)) {
    out.append(" ").append(Rights::all().to_text());
  } else {
    out += " \"\"";
    for (const char right : Rights::letters) out.append(" ").append(1, right);
    out += " c d";  // RFC 4314 2.1.1
  }
  lines_ << out << "\r\n";
  return imap::ok("That is all");
}

void Session::write_my_rights(const Found& found) {
  std::string out = "* MYRIGHTS ";
  imap::append_mailbox(out, found.status.name, speaks_utf8());
  lines_ << out << " " << found.rights.to_text() << "\r\n";
}

Answer Session::my_rights(Call& call) {
  std::optional<Answer> refusal;
  const auto name = expect_name(call.args, refusal);
  call.args.expect_end();
  if (call.args.failed()) return syntax_error(call.args);
  const auto found = find_mailbox(name, "", refusal);
  if (!found) return *refusal;
  if (!found->rights.has_any("lrikxa")) return refused_right(found->rights);
  write_my_rights(*found);
  return imap::ok("That is all");
}

}  // namespace tubepost::imapd

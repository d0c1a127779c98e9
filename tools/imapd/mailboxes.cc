// CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE (RFC 9051 6.3.4 to 6.3.8; RFC 6154 5.2).
#include "base/text.h"
#include "imap/mailbox_name.h"
#include "imapd/session.h"
#include "message/charset.h"

namespace tubepost::imapd {
namespace {

// RFC 6154 2. \All and \Flagged are views, which we do not have.
constexpr std::string_view special_uses[] = {"\\Archive", "\\Drafts", "\\Junk", "\\Sent", "\\Trash"};

imap::Reply no_name() { return imap::no(imap::code::cannot, "That cannot be the name of a mailbox"); }

// "(USE (\Drafts))": the use as we write it; empty: there is none such.
std::string expect_use(imap::Scanner& args) {
  args.expect('(');
  if (!args.take_word("USE")) args.fail("an unknown parameter of CREATE");
  args.expect_space();
  args.expect('(');
  const auto name = args.expect_flag();
  args.expect(')');
  args.expect(')');
  for (const auto use : special_uses)
    if (equal_ignoring_case(use, name)) return std::string(use);
  return {};
}

}  // namespace

std::optional<std::string> Session::expect_name(imap::Scanner& args, std::optional<Answer>& refusal,
                                                std::string* given) {
  const auto text = args.expect_astring();
  if (args.failed()) return std::nullopt;
  if (given != nullptr) *given = text;
  auto name = imap::parse_mailbox_name(text, speaks_utf8());
  if (!name) refusal = no_name();
  return name;
}

// RFC 4314 4: in the mailboxes of others, what is made or renamed goes below one that allows it. `parent`: the nearest.
std::optional<Answer> Session::may_make(const Location& location, std::optional<Found>& parent) {
  auto nearest = access_->parent(location);
  if (!nearest) return refused(nearest.error());
  parent = std::move(*nearest);
  if (location.is_own()) return std::nullopt;
  if (!parent) return refused(nothing_there());
  if (!parent->rights.has('k')) return refused_right(parent->rights);
  return std::nullopt;
}

Answer Session::create(Call& call) {
  std::optional<Answer> refusal;
  std::string given;
  const auto name = expect_name(call.args, refusal, &given);
  const bool has_use = call.args.take(' ');
  const auto use = has_use ? expect_use(call.args) : std::string();
  call.args.expect_end();
  if (call.args.failed()) return syntax_error(call.args);
  if (refusal) return *refusal;
  if (has_use && use.empty()) return imap::no(imap::code::use_attribute, "No mailbox can have that use");
  const auto location = access_->locate(*name);
  if (!location) return refused(location.error());
  if (!*location) return no_name();
  // Its owner's mail programs would file by it what others then can read.
  if (has_use && !(*location)->is_own())
    return imap::no(imap::code::use_attribute, "Only its owner gives a mailbox a use");
  std::optional<Found> parent;
  if (auto answer = may_make(**location, parent)) return *answer;
  const auto owner = (*location)->owner.id;
  const auto created = services_.store.create(owner, (*location)->name, use);
  if (!created) return refused(created.error());
  own_.mailboxes.insert((*location)->prefix + created->name);
  if (parent)
    if (const auto inherited = inherit_rights(*parent, {owner, created->id}); !inherited)
      return refused(inherited.error());
  // RFC 9051 6.3.4
  if (rev2_ && message::to_nfc(given) != given) write_listed(*name, "", given);
  // RFC 8474 4.1.
  return imap::ok("MAILBOXID (" + mailbox_id({owner, created->id}) + ")", "Created");
}

Answer Session::remove(Call& call) {
  std::optional<Answer> refusal;
  const auto name = expect_name(call.args, refusal);
  call.args.expect_end();
  if (call.args.failed()) return syntax_error(call.args);
  const auto found = find_mailbox(name, "x", refusal);
  if (!found) return *refusal;
  const bool is_ours = selected_ && selected_->ref == found->ref;
  const auto removed = services_.store.remove(found->ref.account, found->location.name);
  if (!removed) return refused(removed.error());
  own_.mailboxes.insert(found->status.name);
  if (is_ours) {
    deselect();
    lines_ << "* OK [CLOSED] The selected mailbox has gone\r\n";
  }
  return imap::ok("Deleted");
}

Answer Session::rename(Call& call) {
  std::optional<Answer> refusal;
  const auto from = expect_name(call.args, refusal);
  call.args.expect_space();
  const auto to = expect_name(call.args, refusal);
  call.args.expect_end();
  if (call.args.failed()) return syntax_error(call.args);
  if (refusal) return *refusal;
  const auto source = access_->locate(*from), target = access_->locate(*to);
  if (!source || !target) return refused(source ? target.error() : source.error());
  if (!*source) return refused(nothing_there());
  if (!*target) return no_name();
  // What is not there may have children: of its own a user may rename those.
  if (!(*source)->is_own() && !find_mailbox(from, "x", refusal)) return *refusal;
  if ((*source)->owner.id != (*target)->owner.id)
    return imap::no(imap::code::cannot, "A mailbox stays with its owner");
  std::optional<Found> parent;
  if (auto answer = may_make(**target, parent)) return *answer;
  if (auto renamed = services_.store.rename((*source)->owner.id, (*source)->name, (*target)->name); !renamed)
    return refused(renamed.error());
  own_.renamed = (*target)->prefix + (*target)->name;
  return imap::ok("Renamed");
}

Answer Session::subscribe(Call& call) {
  std::optional<Answer> refusal;
  const auto name = expect_name(call.args, refusal);
  call.args.expect_end();
  if (call.args.failed()) return syntax_error(call.args);
  if (refusal) return *refusal;
  if (auto done = services_.store.subscribe(account_->id, *name); !done) return refused(done.error());
  own_.subscriptions.insert(*name);
  return imap::ok("Subscribed");
}

Answer Session::unsubscribe(Call& call) {
  std::optional<Answer> refusal;
  const auto name = expect_name(call.args, refusal);
  call.args.expect_end();
  if (call.args.failed()) return syntax_error(call.args);
  if (refusal) return *refusal;
  if (auto done = services_.store.unsubscribe(account_->id, *name); !done) return refused(done.error());
  own_.subscriptions.insert(*name);
  return imap::ok("Unsubscribed");
}

}  // namespace tubepost::imapd

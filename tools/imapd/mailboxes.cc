// CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE (RFC 9051 6.3.4 to 6.3.8; RFC 6154 5.2).
#include "base/text.h"
#include "imap/mailbox_name.h"
#include "imapd/session.h"

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

std::optional<std::string> Session::expect_name(imap::Scanner& args, std::optional<Answer>& refusal) {
  const auto text = args.expect_astring();
  if (args.failed()) return std::nullopt;
  auto name = imap::parse_mailbox_name(text, speaks_utf8());
  if (!name) refusal = no_name();
  return name;
}

Answer Session::create(Call& call) {
  std::optional<Answer> refusal;
  const auto name = expect_name(call.args, refusal);
  const bool has_use = call.args.take(' ');
  const auto use = has_use ? expect_use(call.args) : std::string();
  call.args.expect_end();
  if (call.args.failed()) return syntax_error(call.args);
  if (refusal) return *refusal;
  if (has_use && use.empty()) return imap::no(imap::code::use_attribute, "No mailbox can have that use");
  const auto created = services_.store.create(account_->id, *name, use);
  if (!created) return refused(created.error());
  // RFC 8474 4.1.
  return imap::ok("MAILBOXID (F" + std::to_string(created->id) + ")", "Created");
}

Answer Session::remove(Call& call) {
  std::optional<Answer> refusal;
  const auto name = expect_name(call.args, refusal);
  call.args.expect_end();
  if (call.args.failed()) return syntax_error(call.args);
  if (refusal) return *refusal;
  const bool is_ours = selected_ && selected_->status.name == *name;
  if (auto removed = services_.store.remove(account_->id, *name); !removed) return refused(removed.error());
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
  if (auto renamed = services_.store.rename(account_->id, *from, *to); !renamed)
    return refused(renamed.error());
  return imap::ok("Renamed");
}

Answer Session::subscribe(Call& call) {
  std::optional<Answer> refusal;
  const auto name = expect_name(call.args, refusal);
  call.args.expect_end();
  if (call.args.failed()) return syntax_error(call.args);
  if (refusal) return *refusal;
  if (auto done = services_.store.subscribe(account_->id, *name); !done) return refused(done.error());
  return imap::ok("Subscribed");
}

Answer Session::unsubscribe(Call& call) {
  std::optional<Answer> refusal;
  const auto name = expect_name(call.args, refusal);
  call.args.expect_end();
  if (call.args.failed()) return syntax_error(call.args);
  if (refusal) return *refusal;
  if (auto done = services_.store.unsubscribe(account_->id, *name); !done) return refused(done.error());
  return imap::ok("Unsubscribed");
}

}  // namespace tubepost::imapd

// GETQUOTA and GETQUOTAROOT (RFC 9208): one root, "", for all mailboxes of an account; set by mailadm only.
#include "imap/writer.h"
#include "imapd/session.h"

namespace tubepost::imapd {

void Session::write_quota() {
  const auto limits = quota_of(*account_);
  const auto usage = services_.store.usage(account_->id);
  std::string out;
  const auto add = [&](std::string_view name, std::uint64_t used, std::uint64_t limit) {
    if (limit == 0) return;
    if (!out.empty()) out += ' ';
    out.append(name).append(" ").append(std::to_string(used)).append(" ").append(std::to_string(limit));
  };
  // RFC 9208 5.1: STORAGE counts units of 1,024 octets.
  if (usage) add("STORAGE", (usage->bytes + 1023) / 1024, (limits.bytes + 1023) / 1024);
  if (usage) add("MESSAGE", usage->messages, limits.messages);
  lines_ << "* QUOTA \"\" (" << out << ")\r\n";
}

Answer Session::get_quota(Call& call) {
  const auto root = call.args.expect_astring();
  call.args.expect_end();
  if (call.args.failed()) return syntax_error(call.args);
  if (!root.empty()) return imap::no(imap::code::nonexistent, "No such quota root");
  write_quota();
  return imap::ok("That is it");
}

Answer Session::get_quota_root(Call& call) {
  std::optional<Answer> refusal;
  const auto name = expect_name(call.args, refusal);
  call.args.expect_end();
  if (call.args.failed()) return syntax_error(call.args);
  const auto found = find_mailbox(name, "r", refusal);
  if (!found) return *refusal;
  std::string text;
  imap::append_mailbox(text, found->status.name, speaks_utf8());
  if (!found->is_own()) {  // whose quota it counts to is not this user's to see
    lines_ << "* QUOTAROOT " << text << "\r\n";
    return imap::ok("That is it");
  }
  lines_ << "* QUOTAROOT " << text << " \"\"\r\n";
  write_quota();
  return imap::ok("That is it");
}

// RFC 9208 4.1.2: quotas are the administrator's (mailadm), so QUOTASET is not announced, and who asks all the same is
// told why not.
Answer Session::set_quota(Call& call) {
  const auto root = call.args.expect_astring();
  call.args.expect_space();
  call.args.expect('(');
  for (bool first = true; !call.args.failed() && !call.args.take(')'); first = false) {
    if (!first) call.args.expect_space();
    call.args.expect_atom();
    call.args.expect_space();
    call.args.expect_number64();
  }
  call.args.expect_end();
  if (call.args.failed()) return syntax_error(call.args);
  if (!root.empty()) return imap::no(imap::code::nonexistent, "No such quota root");
  return imap::no(imap::code::no_permission, "Quotas are set by the administrator");
}

}  // namespace tubepost::imapd

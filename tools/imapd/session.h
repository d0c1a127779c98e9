// One IMAP conversation (RFC 9051, RFC 3501), straight-line and blocking: what happens next stands on the
// next line.
//
// The loop reads a command, finds it in the table (commands.cc), runs the handler, tells what has changed
// meanwhile, and sends the tagged reply. Handlers stand in a file per command or small group; they write
// untagged responses, only the loop writes replies. No database transaction is open while anything is written
// to the client. The end of the conversation is an exception of the stream's, caught in run(). A session
// belongs to one thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "imap/fetch_item.h"
#include "imap/reply.h"
#include "imap/search_key.h"
#include "imapd/access.h"
#include "imapd/command_reader.h"
#include "imapd/notify.h"
#include "imapd/progress.h"
#include "imapd/selected.h"
#include "imapd/services.h"
#include "net/line_stream.h"

namespace tubepost::imapd {

struct ListQuery;

inline constexpr std::chrono::seconds login_limit{60};  // for whoever is not logged in

enum class Then { go_on, close, start_tls, compress };

struct Answer {
  imap::Reply reply;
  Then then = Then::go_on;
  Answer(imap::Reply r, Then t = Then::go_on) : reply(std::move(r)), then(t) {}
};

// A command under way: what is behind its name, and how it was called.
struct Call {
  imap::Scanner& args;
  bool uid = false;  // "UID FETCH" and the like
};

class Session {
public:
  Session(const Services& services, Rules rules, Client client, net::Stream& stream);
  ~Session();

  void accept_lf() { lines_.set_accept_lf(true); }  // --lf
  void run();

private:
  friend struct CommandTable;  // commands.cc

  // session.cc
  void converse();
  bool greet();
  Then execute();
  Then finish(std::string_view tag, const struct Command& command, const Answer& answer);
  std::optional<Answer> not_now(const struct Command& command) const;
  Then reply_outside(std::string_view text);
  bool start_tls();
  void compress();
  bool is_logged_in() const { return account_.has_value(); }
  void bye(std::string_view why);
  void log_end(std::string_view how);
  imap::Reply refused(const Failure& failure, std::string_view missing_code = imap::code::nonexistent);
  bool speaks_utf8() const { return rev2_ || utf8_; }

  // capability.cc
  std::string capabilities();
  Answer capability(Call& call);
  Answer id(Call& call);
  Answer enable(Call& call);
  void enable_condstore();

  // login.cc
  Answer login(Call& call);
  Answer authenticate(Call& call);
  Answer starttls(Call& call);
  Answer unauthenticate(Call& call);
  Answer logout(Call& call);
  Answer log_in(const auth::Request& request);
  Answer not_logged_in(const auth::Request& request, const auth::Step& step);
  imap::Reply enter(const smtp::Mailbox& address, std::string_view mechanism);
  auth::Request auth_request(std::string mechanism) const;
  bool may_send_passwords() const { return client_.tls || rules_.cleartext_login; }
  std::vector<auth::MechanismInfo> mechanisms() const;

  // mailboxes.cc
  Answer create(Call& call);
  Answer remove(Call& call);
  Answer rename(Call& call);
  Answer subscribe(Call& call);
  Answer unsubscribe(Call& call);
  // The name as stored; nullopt: the scanner has failed, or `refusal` says why it is no name.
  // `given`: as the client wrote it.
  std::optional<std::string> expect_name(imap::Scanner& args, std::optional<Answer>& refusal,
                                         std::string* given = nullptr);
  std::optional<Answer> may_make(const Location& location, std::optional<Found>& parent);

  // acl.cc
  // The mailbox of that name, on which the user has all rights `needed`; nullopt: `refusal` says why not. Nothing is
  // asked where there is a refusal already.
  std::optional<Found> find_mailbox(const std::optional<std::string>& name, std::string_view needed,
                                    std::optional<Answer>& refusal,
                                    std::string_view missing_code = imap::code::nonexistent);
  imap::Reply refused_right(Rights rights);
  bool rights_hold();
  Result<void> inherit_rights(const Found& parent, mailstore::MailboxRef made);
  Answer get_acl(Call& call);
  Answer set_acl(Call& call);
  Answer delete_acl(Call& call);
  Answer change_acl(Call& call, bool removes);
  Answer list_rights(Call& call);
  Answer my_rights(Call& call);
  void write_my_rights(const Found& found);

  // list.cc
  Answer list(Call& call);
  Answer lsub(Call& call);
  Answer name_space(Call& call);
  Answer list_matching(const ListQuery& query);
  Result<std::vector<Found>> listed();
  void write_about(const Found& found, const ListQuery& query);

  // status.cc
  Answer status(Call& call);
  void write_status(mailstore::MailboxRef ref, const mailstore::MailboxStatus& status, std::uint32_t items);
  std::string mailbox_id(mailstore::MailboxRef ref) const;  // RFC 8474 4

  // select.cc
  Answer select(Call& call);
  Answer examine(Call& call);
  Answer open_mailbox(Call& call, bool read_only);
  void describe_selected(bool was_selected);
  void write_flag_lists();
  void resynchronize(const struct Resync& resync);
  Answer close(Call& call);
  Answer unselect(Call& call);
  void deselect() { selected_.reset(); }

  // append.cc
  Answer append(Call& call);
  Answer replace(Call& call);
  std::optional<Answer> receive(imap::Scanner& first, std::vector<mailstore::Append>& into);
  std::optional<Answer> receive_one(std::string& text, mailstore::Append& into);
  std::optional<Answer> receive_literal(const imap::LiteralHead& head, bool utf8, std::string& text,
                                        mailstore::NewBody& body);
  std::optional<Answer> receive_bytes(const imap::LiteralHead& head, mailstore::NewBody& body);

  // catenate.cc
  std::optional<Answer> receive_parts(std::string& text, mailstore::NewBody& body);
  std::optional<Answer> receive_text(std::string& rest, mailstore::NewBody& body);
  std::optional<Answer> receive_url(std::string& rest, mailstore::NewBody& body);
  std::optional<Answer> append_url(const std::string& text, mailstore::NewBody& body);

  // fetch.cc
  Answer fetch(Call& call);
  mailstore::UidSet mark_seen(const mailstore::UidSet& uids);
  Result<void> write_fetch(const mailstore::UidSet& uids, const imap::FetchItems& items,
                           const mailstore::UidSet& with_flags);

  // store.cc
  Answer store(Call& call);
  // copy.cc
  Answer copy(Call& call);
  Answer move(Call& call);
  Answer transfer(Call& call, bool moves);
  // expunge.cc
  Answer expunge(Call& call);

  // search.cc, sort.cc
  Answer search(Call& call);
  Answer sort(Call& call);
  Answer thread(Call& call);
  // esearch.cc
  Answer esearch(Call& call);
  Result<std::vector<Found>> sources(const std::vector<MailboxFilter>& filters);
  std::optional<Answer> search_in(const Found& mailbox, const imap::SearchProgram& program,
                                  const struct SearchOptions& options, Progress& progress);

  // updates.cc
  enum class Expunges { may_be_told, held_back };
  bool send_updates(Expunges expunges);  // false: the mailbox has gone
  void tell_vanished(const mailstore::UidSet& vanished);
  void tell_new(const mailstore::UidSet& arrived);
  void tell_flags(const mailstore::UidSet& uids, mailstore::ModSeq since);
  void forget(const mailstore::UidSet& uids);  // expunged by this session, and told

  // notify.cc
  Answer notify(Call& call);
  void introduce(const Notification& notification, const Found& mailbox);
  Result<std::vector<Found>> look(const Notification& notification, Sight& sight);
  Result<SeenEntries> seen_metadata(mailstore::MailboxRef ref);
  void write_listed(const std::string& name, std::string_view attributes, const std::string& old_name = {});
  void write_changed_metadata(std::string_view name, mailstore::MailboxRef ref,
                              const std::vector<std::string>& entries);
  void tell_notified();
  void tell_listed(const std::string& name, const Sight& now, const std::string& old_name = {});
  void tell_names(const Sight& was, const Sight& now);
  void tell_mailbox(mailstore::MailboxRef ref, const Sight::Known& was, const Sight::Known& now);
  void tell_subscriptions(const Sight& was, const Sight& now);
  void note_own_messages(mailstore::MailboxRef ref, mailstore::UidRange uids);
  std::vector<mailstore::MailboxRef> watched_mailboxes() const;
  bool await_input(Expunges expunges);

  // idle.cc
  Answer noop(Call& call);
  Answer idle(Call& call);

  // quota.cc
  Answer get_quota(Call& call);
  Answer get_quota_root(Call& call);
  Answer set_quota(Call& call);
  void write_quota();

  // metadata.cc
  Answer get_metadata(Call& call);
  Answer set_metadata(Call& call);
  std::optional<mailstore::MailboxRef> expect_annotated(imap::Scanner& args, std::string& name,
                                                        std::optional<Answer>& refusal);
  std::string kept_entry(mailstore::MailboxRef ref, const std::string& name) const;
  Result<std::vector<mailstore::MetadataEntry>> metadata_of(mailstore::MailboxRef ref);

  // compress.cc
  Answer compress_deflate(Call& call);

  const Services& services_;
  const Rules rules_;
  Client client_;
  net::Stream* stream_;
  std::unique_ptr<tls::TlsStream> tls_stream_;
  std::unique_ptr<net::Stream> deflate_stream_;
  net::LineStream lines_;
  CommandReader reader_;
  std::string tag_;

  std::optional<directory::Account> account_;  // after login: the authenticated state
  std::optional<Access> access_;               // of this account
  std::optional<Selected> selected_;           // the selected state
  bool rev2_ = false, utf8_ = false, condstore_ = false, qresync_ = false;  // ENABLE
  bool uid_only_ = false;                                                   // RFC 9586
  std::unique_ptr<Notification> notify_;  // null: NOTIFY has never been said
  OwnChanges own_;                        // of the command under way
  unsigned failed_logins_ = 0, bad_commands_ = 0;
};

// RFC 9051 3: which commands there are, in which states.
enum State : unsigned { not_authenticated = 1, authenticated = 2, selected = 4 };
inline constexpr unsigned logged_in = authenticated | selected;
inline constexpr unsigned any_state = not_authenticated | logged_in;
struct Command {
  std::string_view name;
  Answer (Session::*handler)(Call& call);
  unsigned states;
  // RFC 9051 7.5.1: what may be told behind the command.
  enum class Updates { all, no_expunges, none } updates = Updates::all;
  bool has_arguments = true;
};
const Command* find_command(std::string_view name);  // in upper case, "UID FETCH"; nullptr: there is none

imap::Reply syntax_error(const imap::Scanner& args);
imap::Reply no_right();
imap::Reply uid_required();

}  // namespace tubepost::imapd

#include "imapd/session.h"

#include "base/text.h"
#include "imapd/deflate_stream.h"

namespace tubepost::imapd {
namespace {

constexpr std::size_t idle_command_size = 1024;  // what a waiting session keeps of its command buffer
constexpr unsigned bad_commands_max = 20;  // in a row; a client that speaks another protocol is sent away
constexpr std::chrono::seconds goodbye_limit{5};

std::string name_of(imap::Scanner& scanner, bool& uid) {
  auto name = to_upper(scanner.expect_atom());
  uid = name == "UID";
  if (!uid || !scanner.take(' ')) return name;
  return name + ' ' + to_upper(scanner.expect_atom());
}

}  // namespace

imap::Reply syntax_error(const imap::Scanner& args) {
  return imap::bad("Syntax: " + std::string(args.why().empty() ? "too much at the end" : args.why()));
}

imap::Reply uid_required() {
  return imap::bad("UIDREQUIRED", "Message numbers are not allowed once UIDONLY is enabled");
}

Session::Session(const Services& services, Rules rules, Client client, net::Stream& stream)
    : services_(services),
      rules_(std::move(rules)),
      client_(std::move(client)),
      stream_(&stream),
      lines_(stream),
      reader_(lines_) {}

Session::~Session() = default;

void Session::run() {
  try {
    stream_->set_time_limit(login_limit);
    if (greet()) converse();
    lines_.flush();
    stream_->close();
    log_end("logout");
  } catch (const net::TimedOut&) {
    bye("Nothing has come for too long");
    log_end("timeout");
  } catch (const net::ShuttingDown&) {
    bye("[UNAVAILABLE] Shutting down, come back in a moment");
    log_end("shutdown");
  } catch (const net::StreamEnd&) {
    log_end("disconnected");
  }
}

bool Session::greet() {
  if (!client_.preauthenticated) {
    lines_ << "* OK [CAPABILITY " << capabilities() << "] " << rules_.hostname << " IMAP server ready\r\n";
    return true;
  }
  const auto reply = enter(*client_.preauthenticated, "preauth");
  if (reply.kind != imap::Reply::Kind::ok) {
    lines_ << "* BYE " << reply.text << "\r\n";
    return false;
  }
  lines_ << "* PREAUTH [CAPABILITY " << capabilities() << "] Logged in as " << account_->address.to_text()
         << "\r\n";
  return true;
}

void Session::converse() {
  for (;;) {
    Then then = Then::go_on;
    if (notify_ && is_logged_in() &&
        !await_input(notify_->holds_expunges() ? Expunges::held_back : Expunges::may_be_told)) {
      lines_ << "* BYE The mailbox has been deleted\r\n";
      return;
    }
    const auto most = is_logged_in() ? literal_max : literal_before_login_max;
    switch (reader_.read(most)) {
      case CommandReader::Outcome::end:
        throw net::Disconnected{};
      case CommandReader::Outcome::too_long:
        then = reply_outside("* BAD [TOOBIG] Command too long\r\n");
        break;
      case CommandReader::Outcome::refused: {
        imap::Scanner scanner(reader_.text());
        const auto tag = scanner.expect_tag();
        const auto reply = imap::no(imap::code::too_big, "Literal too large");
        then = reply_outside(reply.to_wire(scanner.failed() ? "*" : tag));
        break;
      }
      case CommandReader::Outcome::command:
        then = execute();
    }
    if (reader_.text().capacity() > idle_command_size) reader_.release();
    if (then == Then::close) return;
    if (!reader_.drop_unread()) {
      lines_ << "* BYE [TOOBIG] That is more than is worth reading\r\n";
      return;
    }
    if (then == Then::start_tls && !start_tls()) return;
    if (then == Then::compress) compress();
  }
}

// What could not be read as a command counts as a bad one.
Then Session::reply_outside(std::string_view text) {
  lines_ << text;
  if (++bad_commands_ < bad_commands_max) return Then::go_on;
  lines_ << "* BYE [CLIENTBUG] Too many bad commands\r\n";
  return Then::close;
}

Then Session::execute() {
  imap::Scanner scanner(reader_.text());
  const auto tag = scanner.expect_tag();
  scanner.expect_space();
  if (scanner.failed()) return reply_outside("* BAD A tag and a command expected\r\n");
  tag_ = tag;
  bool uid = false;
  const auto name = name_of(scanner, uid);
  const Command* command = scanner.failed() ? nullptr : find_command(name);
  if (command == nullptr) return reply_outside(imap::bad("Unknown command").to_wire(tag_));
  if (const auto answer = not_now(*command)) return finish(tag_, *command, *answer);
  // RFC 9586 3: whatever has a form with UIDs is wanted in that form.
  if (uid_only_ && !uid && name != "EXPUNGE" && find_command("UID " + name) != nullptr)
    return finish(tag_, *command, uid_required());
  if (command->has_arguments)
    scanner.expect_space();
  else
    scanner.expect_end();
  if (scanner.failed()) return finish(tag_, *command, syntax_error(scanner));
  if (!rights_hold()) {
    lines_ << "* BYE Access to the mailbox has been withdrawn\r\n";
    return Then::close;
  }
  Call call{scanner, uid};
  return finish(tag_, *command, (this->*command->handler)(call));
}

std::optional<Answer> Session::not_now(const Command& command) const {
  const unsigned now = selected_ ? selected : is_logged_in() ? authenticated : not_authenticated;
  if ((command.states & now) != 0) return std::nullopt;
  if (now == not_authenticated) return imap::bad("Log in first");
  if (now == authenticated && (command.states & selected) != 0) return imap::bad("Select a mailbox first");
  return imap::bad("Not in this state");
}

Then Session::finish(std::string_view tag, const Command& command, const Answer& answer) {
  if (answer.reply.kind == imap::Reply::Kind::bad) return reply_outside(answer.reply.to_wire(tag));
  bad_commands_ = 0;
  Then then = answer.then;
  if (selected_ && command.updates != Command::Updates::none) {
    const bool all = command.updates == Command::Updates::all;
    if (!send_updates(all ? Expunges::may_be_told : Expunges::held_back)) {
      lines_ << "* BYE The mailbox has been deleted\r\n";
      then = Then::close;
    }
  }
  if (then == Then::go_on) tell_notified();
  own_ = {};
  lines_ << answer.reply.to_wire(tag);
  return then;
}

bool Session::start_tls() {
  tls_stream_ =
      frontend::start_tls(services_.tls.get(), *stream_, lines_, client_, login_limit, services_.logger);
  if (!tls_stream_) return false;
  stream_ = tls_stream_.get();
  return true;
}

// RFC 4978 3: what the client has sent behind its command is compressed already.
void Session::compress() {
  lines_.flush();
  const std::string begun(lines_.buffered());
  lines_.discard_input();
  deflate_stream_ = make_deflate_stream(*stream_, begun);
  stream_ = deflate_stream_.get();
  lines_.replace_stream(*stream_);
}

void Session::bye(std::string_view why) {
  try {
    stream_->set_time_limit(goodbye_limit);
    lines_ << "* BYE " << why << "\r\n";
    lines_.flush();
    stream_->close();
  } catch (const net::StreamEnd&) {
    // Who does not listen need not be told.
  }
}

void Session::log_end(std::string_view how) {
  if (!is_logged_in()) return;
  services_.logger.info(
      "session-ended",
      {{"client", client_.address_text()}, {"user", account_->address.to_text()}, {"how", how}});
}

// RFC 5530 3: what the store refuses, in the words of clients.
imap::Reply Session::refused(const Failure& failure, std::string_view missing_code) {
  using namespace mailstore;
  const auto& status = failure.status;
  if (status == refusal::over_quota) return imap::no(imap::code::over_quota, "Over quota");
  if (status == refusal::no_such_mailbox) return imap::no(missing_code, "No such mailbox");
  if (status == refusal::already_exists) return imap::no(imap::code::already_exists, "It exists already");
  if (status == refusal::limit_reached) return imap::no(imap::code::limit, printable(failure.text));
  if (status == refusal::no_such_message) return imap::no(imap::code::nonexistent, "No such message");
  if (status == refusal::bad_name || status == refusal::not_possible)
    return imap::no(imap::code::cannot, printable(failure.text));
  services_.logger.error("store-failed", {{"client", client_.address_text()}, {"reason", failure.text}});
  if (status == EnhancedStatus{4, 3, 1}) return imap::no(imap::code::over_quota, "The disk is full");
  return imap::no(imap::code::unavailable, "The mail store does not answer now, try again later");
}

}  // namespace tubepost::imapd

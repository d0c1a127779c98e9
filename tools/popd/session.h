// One POP3 conversation (RFC 1939), straight-line and blocking: what happens next stands on the next line.
//
// The loop reads a line, finds its command in the table (commands.cc), runs the handler, and sends its reply.
// Handlers stand in a file per group: authorization.cc, transaction.cc, retrieval.cc. Only the loop,
// multi-line responses and the dialogue of AUTH write. The end of the conversation is an exception of the
// stream's, caught in run(). A session belongs to one thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/line_stream.h"
#include "pop3/command.h"
#include "pop3/reply.h"
#include "popd/maildrop.h"
#include "popd/services.h"

namespace tubepost::popd {

enum class Then { go_on, close, start_tls };

struct Answer {
  std::optional<pop3::Reply> reply;  // nullopt: the handler has written it, lines and all
  Then then = Then::go_on;
  Answer(pop3::Reply r, Then t = Then::go_on) : reply(std::move(r)), then(t) {}
  static Answer written() { return Answer(); }

private:
  Answer() = default;
};

class Session {
public:
  Session(const Services& services, Rules rules, Client&& client, net::Stream& stream);

  void accept_lf() { lines_.set_accept_lf(true); }  // --lf
  void run();

private:
  friend const struct Command* find_command(std::string_view keyword);
  using Line = pop3::CommandLine;

  // session.cc
  void converse();
  bool greet();
  Answer execute(std::string_view text);
  bool start_tls();
  bool is_logged_in() const { return maildrop_.has_value(); }
  void say_goodbye(std::string_view why);
  void log_end(std::string_view how);

  // authorization.cc
  Answer user(const Line& line);
  Answer pass(const Line& line);
  Answer auth(const Line& line);
  Answer stls(const Line& line);
  Answer apop(const Line& line);
  Answer lang(const Line& line);
  Answer utf8(const Line& line);
  Answer capa(const Line& line);
  const std::string& new_timestamp();
  Answer log_in(const auth::Request& request);
  Answer not_logged_in(const auth::Request& request, const auth::Step& step);
  pop3::Reply enter(const smtp::Mailbox& address, std::string_view mechanism);
  auth::Request auth_request(std::string mechanism) const;
  bool may_send_passwords() const { return client_.tls || rules_.cleartext_login; }
  std::vector<auth::MechanismInfo> mechanisms() const;
  std::string sasl_capability() const;

  // transaction.cc
  Answer stat(const Line& line);
  Answer list(const Line& line);
  Answer uidl(const Line& line);
  Answer dele(const Line& line);
  Answer noop(const Line& line);
  Answer rset(const Line& line);
  Answer quit(const Line& line);
  const Message* chosen(std::string_view number) const;  // nullptr: no_such_message()

  // retrieval.cc
  Answer retr(const Line& line);
  Answer top(const Line& line);
  void write_message(const mailstore::MessageBytes& bytes, std::string_view body);
  std::optional<pop3::Reply> fetch(const Message& message, std::optional<mailstore::MessageBytes>& bytes);

  const Services& services_;
  const Rules rules_;
  Client client_;
  net::Stream* stream_;
  std::unique_ptr<tls::TlsStream> tls_stream_;
  net::LineStream lines_;

  std::string user_name_;             // between USER and PASS
  std::string timestamp_;             // of the greeting, for APOP; empty: APOP is not offered
  bool utf8_ = false;                 // RFC 6856: the client takes UTF-8 in headers
  std::optional<Maildrop> maildrop_;  // after login: the TRANSACTION state
  std::string account_name_;
  unsigned failed_logins_ = 0, bad_commands_ = 0;
  std::uint64_t retrieved_ = 0, removed_ = 0;
};

// RFC 1939 3: which commands there are, in which state, and how many words they take.
enum class State { authorization, transaction, both };
struct Command {
  std::string_view keyword;
  Answer (Session::*handler)(const pop3::CommandLine& line);
  State state;
  std::size_t least_words, most_words;
};
const Command* find_command(std::string_view keyword);  // in upper case; nullptr: there is none

}  // namespace tubepost::popd

// One SMTP conversation (RFC 5321), straight-line and blocking: what happens next stands on the next line.
//
// The loop reads a line, finds its command in the table (commands.cc), runs the handler, and sends its reply; only the loop
// and the dialogues of AUTH and DATA write. Handlers stand in a file per command group: guards first, then parse, decide,
// act, reply. The end of the conversation is an exception of the stream's, caught in run().
// Threading: a session belongs to one thread.
//
// Most sessions only wait (bench/run idle). What a message needs is therefore beside the session, and
// made when it is needed: all that stands in a thread's stack while it waits fits into its first two pages.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/line_stream.h"
#include "policy/policy_client.h"
#include "smtp/dot_stream.h"
#include "smtp/path.h"
#include "smtp/reply.h"
#include "smtpd/intake.h"
#include "smtpd/services.h"
#include "smtpd/transaction.h"

namespace tubepost::smtpd {

inline constexpr std::chrono::seconds hold_max{30 * 86'400};  // RFC 4865: how long mail may be held before its release
inline constexpr std::size_t decisions_max = 64;  // lines of the journal about one message's way in
inline constexpr std::size_t prepended_max = 32;  // PREPEND, BCC

enum class Then { go_on, close, start_tls };

struct Answer {
  smtp::Reply reply;
  Then then = Then::go_on;
  unsigned times = 1;  // LMTP: once for each recipient
  Answer(smtp::Reply r) : reply(std::move(r)) {}
  Answer(smtp::Reply r, Then t) : reply(std::move(r)), then(t) {}
};

class Session {
 public:
  Session(const Services& services, std::shared_ptr<const Policy> policy, Client&& client, net::Stream& stream);
  ~Session();

  void accept_lf() { lines_.set_accept_lf(true); }  // --lf
  void run();

 private:
  friend const struct Command* find_command(std::string_view verb);

  // session.cc
  void converse();
  bool greet();
  Answer greeting();
  void postpone_stop(bool postpone);
  Answer execute(std::string_view line);
  void send(const smtp::Reply& reply);
  bool start_tls();
  std::string protocol() const;
  bool is_trusted() const;
  RelayVerdict may_relay() const;
  void explain(std::string_view what, std::string_view verdict, std::string_view rule);
  Answer refuse(smtp::Reply reply, std::string_view command, std::string_view rule);

  // hello.cc
  Answer ehlo(std::string_view arguments);
  Answer helo(std::string_view arguments);
  Answer lhlo(std::string_view arguments);
  Answer hello(std::string_view arguments, bool extended);
  Answer starttls(std::string_view arguments);
  std::vector<std::string> keywords();
  std::string authentication_keyword();
  bool offers_etrn() const;
  bool offers_timed_delivery() const;
  void forget_session();
  // auth.cc
  Answer auth(std::string_view arguments);
  auth::Request auth_request(const std::string& mechanism) const;
  Answer auth_dialogue(const auth::Request& request);
  Answer authenticated(const auth::Step& step);
  Answer not_authenticated(const std::string& mechanism, const auth::Step& step);
  std::optional<smtp::Reply> auth_guard() const;
  std::vector<auth::MechanismInfo> mechanisms() const;
  std::optional<Answer> become_user(const std::string& user);  // a refusal, or nothing
  // xclient.cc, etrn.cc
  struct Introduced;
  Answer xclient(std::string_view arguments);
  std::string full_name(const std::string& login) const;
  Answer become(const Introduced& introduced);
  Answer etrn(std::string_view arguments);
  // consult.cc: a refusal of the policy services, or nothing; what else they want is noted in `effects`
  std::optional<Refusal> consult(policy::ProtocolState state, Effects& effects, std::string_view recipient);
  policy::Record policy_request(policy::ProtocolState state, std::string_view recipient) const;
  void record_decision(Effects& effects, policy::ProtocolState state, std::string_view rule, const policy::Action& action,
                       std::string_view recipient);
  void apply(const policy::Action& action, policy::ProtocolState state, std::string_view rule, Effects& effects);
  bool is_stranger() const;
  // layers.cc: what looks at the client and the envelope before policy services do
  policy::LayerClient layer_client() const;
  void client_changed();
  std::optional<Answer> layers_guard(const smtp::Mailbox& recipient);
  std::optional<smtp::Reply> helo_refusal() const;
  void note(const policy::LayerOutcome& outcome, const std::string& recipient);
  void report_stopped(const smtp::Mailbox& account, std::uint32_t per_hour);
  // mail_parameters.cc
  std::optional<smtp::Reply> mail_parameter(const smtp::Parameter& parameter, Transaction& transaction);
  std::optional<smtp::Reply> size_parameter(std::string_view value, Transaction& transaction);
  std::optional<smtp::Reply> body_parameter(std::string_view value, Transaction& transaction);
  std::optional<smtp::Reply> report_parameter(std::string_view keyword, std::string_view value, Transaction& transaction);
  std::optional<smtp::Reply> time_parameter(std::string_view keyword, std::string_view value, Transaction& transaction);
  std::optional<smtp::Reply> rcpt_parameter(const smtp::Parameter& parameter, spool::NewRecipient& recipient);
  std::optional<smtp::Reply> parameters_guard(const Transaction& transaction);
  // mail.cc, rcpt.cc, data.cc
  Answer mail(std::string_view arguments);
  void open_transaction(Transaction transaction);
  std::optional<Answer> policy_guard(const std::string& address);
  std::optional<smtp::Reply> account_guard();
  std::optional<smtp::Reply> sender_guard(const std::optional<smtp::Mailbox>& sender) const;
  Answer rcpt(std::string_view arguments);
  std::optional<Answer> recipient_guard(const smtp::Mailbox& recipient);
  std::optional<smtp::Reply> quota_refusal(const directory::Account& account);
  std::optional<smtp::Reply> refusal_of_primary(const std::string& address);
  std::optional<smtp::Reply> refusal_by(policy::Service& service, const std::string& address);
  std::optional<smtp::Reply> quota_refusal_behind(const directory::ToAlias& alias);
  Answer data(std::string_view arguments);
  std::optional<Answer> content_permission();
  Answer finish_message(const spool::SpoolId& id, Intake& intake, const smtp::DotReader::Findings& read);
  Answer judge_message(const spool::SpoolId& id, Intake& intake, const smtp::DotReader::Findings& read);
  void obey_effects();
  // bdat.cc
  Answer bdat(std::string_view arguments);
  std::optional<Answer> chunk_guard();
  Answer last_chunk();
  void read_octets(std::uint64_t count, const smtp::ContentSink& sink);
  IntakeOptions intake_options(const spool::SpoolId& id) const;
  smtp::DotReader::Findings read_content(Intake& intake);
  std::optional<smtp::Reply> content_guard(const smtp::DotReader::Findings& read, const Intake& intake, Flaw flaw) const;
  // What goes into the spool, or the answer if nothing does.
  struct Content {
    std::optional<Answer> answer{};
    std::optional<spool::Body> body{};
    bool eight_bit = false;  // a filter put octets beyond ASCII into it
  };
  Answer accept(const spool::SpoolId& id, Transaction& transaction, Content content);
  // filters.cc
  Content filter(const spool::SpoolId& id, const Transaction& transaction, Intake& intake);
  Content unfiltered(const spool::SpoolId& id, Intake& intake);
  Answer filter_answer(const spool::SpoolId& id, const Transaction& transaction, const policy::Filtered& filtered);
  Answer drop(const spool::SpoolId& id, const Transaction& transaction, const policy::Filtered& filtered);
  Answer not_stored(const spool::SpoolId& id, const Failure& failure);
  void log_refused_message(const spool::SpoolId& id, const Transaction& transaction, const smtp::Reply& reply);
  std::string tls_text() const;
  // simple.cc
  Answer rset(std::string_view arguments);
  Answer noop(std::string_view arguments);
  Answer quit(std::string_view arguments);
  Answer vrfy(std::string_view arguments);
  Answer help(std::string_view arguments);

  const Services& services_;
  std::shared_ptr<const Policy> policy_;
  Client client_;
  net::Stream* stream_;
  std::unique_ptr<tls::TlsStream> tls_stream_;
  net::LineStream lines_;

  std::string helo_;
  bool extended_ = false;  // EHLO, not HELO
  std::optional<directory::Account> account_;  // after AUTH
  std::string login_, sasl_method_;            // after AUTH: who, as authd names them
  const bool may_speak_for_others_;            // XCLIENT
  std::unique_ptr<policy::LayerSession> layers_;  // since the first recipient
  std::unique_ptr<const Effects> connection_effects_;  // what policy services said at connect; null: nothing
  std::string instance_;                       // of the message, for policy services
  bool stop_postponed_ = false;
  std::unique_ptr<Transaction> transaction_;  // null between messages
  unsigned errors_ = 0, failed_logins_ = 0, messages_ = 0;
};

// RFC 5321 4.1.1 and its extensions: what may be said when.
struct Command {
  std::string_view verb;
  Answer (Session::*handler)(std::string_view arguments);
  bool needs_hello;  // RFC 5321 4.1.4: MAIL, RCPT, DATA, AUTH, STARTTLS come after EHLO
  bool takes_arguments;
};
const Command* find_command(std::string_view verb);

}  // namespace tubepost::smtpd

#include "basic-access-test/relay_attempts.h"

#include "base/file.h"
#include "base/text.h"
#include "basic-access-test/listener_checks.h"
#include "basic-access-test/mail_session.h"
#include "smtp/reply_class.h"

namespace tubepost::basic_access_test {
namespace {

bool is_embargo(const smtp::Reply& reply) {
  return reply.code / 100 == 4 &&
         smtp::explain_reply(reply.code, reply.status, join(reply.lines, " ")).reply_class ==
             smtp::ReplyClass::embargo;
}

}  // namespace

RelayTarget RelayTarget::of(const ServiceKind& kind, const net::Endpoint& endpoint, std::string host,
                            std::string domain) {
  return {&kind,
          endpoint,
          std::move(host),
          std::move(domain),
          endpoint.address.to_smtp_literal(),
          std::string(kind.name) + ' ' + endpoint.to_text()};
}

RelayAttempts::~RelayAttempts() { close(); }

void RelayAttempts::close() {
  if (session_ && session_->is_connected()) session_->bye();
  session_.reset();
}

Result<void> RelayAttempts::open() {
  close();
  SessionWishes wishes = wishes_for(context_);
  wishes.judge_chain = false;
  if (!hello_.empty()) wishes.hello = hello_;
  // Some take no mail without TLS; and TLS that does not work is another check's matter.
  Result<Offer> offer = Failure::temporary("not asked");
  for (const auto with : {WithTls::where_offered, WithTls::never}) {
    session_ = std::make_unique<MailSession>(*target_.kind, target_.endpoint, wishes);
    offer = session_->open(with);
    if (offer) return {};
  }
  session_.reset();
  return std::move(offer).error();
}

Result<Attempt> RelayAttempts::offer(const std::string& sender, const std::string& recipient) {
  if (session_) {
    auto attempt = offer_once(sender, recipient);
    if (attempt) return attempt;  // else it closed the connection: too many errors, perhaps
  }
  if (auto opened = open(); !opened) return std::move(opened).error();
  return offer_once(sender, recipient);
}

Result<Attempt> RelayAttempts::offer_once(const std::string& sender, const std::string& recipient) {
  Recorder& record = session_->conversation().record();
  auto attempt = guarded<Attempt>([&]() -> Result<Attempt> {
    Attempt made{sender, recipient, false, false, {}, {}};
    smtp::Client& client = session_->smtp();
    const auto mark = record.mark();
    const auto mail = client.command("MAIL FROM:<" + sender + '>');
    if (!mail) return Failure(mail.error());
    if (mail->code == 421) return Failure::temporary(text_of(*mail));
    auto last = *mail;
    if (mail->is_success()) {
      const auto rcpt = client.command("RCPT TO:<" + recipient + '>');
      if (!rcpt) return Failure(rcpt.error());
      if (rcpt->code == 421) return Failure::temporary(text_of(*rcpt));
      last = *rcpt;
      made.taken = rcpt->is_success();
    }
    made.put_off = is_embargo(last);
    made.reply = text_of(last);
    made.dialogue = record.since(mark);
    const auto reset = client.command("RSET");
    if (!reset) return Failure(reset.error());
    return made;
  });
  if (!attempt) session_.reset();
  return attempt;
}

bool RelayAttempts::takes_anybody(const std::string& recipient) {
  const std::string nobody = "nobody-" + to_hex(random_bytes(6)) + recipient.substr(recipient.rfind('@'));
  const auto attempt = offer("stranger@example.net", nobody);
  return attempt && attempt->taken;
}

void RelayVerdict::count(const Result<Attempt>& attempt, bool harmless) {
  if (!attempt) {
    failures_ += attempt.error().text + '\n';
    return;
  }
  ++made_;
  const std::string what =
      '<' + attempt->sender + "> to <" + attempt->recipient + ">: " + attempt->reply + '\n';
  if (attempt->taken && harmless)
    harmless_ += what;
  else if (attempt->taken)
    taken_ += attempt->dialogue;
  else
    lines_ += what;
  put_off_ = put_off_ || attempt->put_off;
}

void RelayVerdict::say(Findings& findings) const {
  if (!taken_.empty()) return findings.fail(check_, subject_, taken_);
  if (made_ == 0)
    return findings.skip(check_, subject_,
                         failures_.empty() ? "its domain is not known; name one" : failures_);
  if (put_off_)
    return findings.warn(check_, subject_, "put off, and perhaps taken later\n" + lines_,
                         "Ask again when the server's embargo is over.");
  if (!harmless_.empty())
    return findings.warn(
        check_, subject_,
        "taken, as everything at that name is; where it goes cannot be seen\n" + harmless_ + lines_);
  findings.ok(check_, subject_, lines_);
}

void check_relay_connect(const Context& context, const RelayTarget& target, Findings& findings) {
  RelayAttempts attempts(context, target);
  const auto opened = attempts.open();
  if (opened)
    findings.ok("relay-connect", target.subject, attempts.session().record());
  else
    findings.skip("relay-connect", target.subject, opened.error().text);
}

void check_submission(const Context& context, const RelayTarget& target, Findings& findings) {
  RelayVerdict verdict("relay-submission", target);
  RelayAttempts attempts(context, target);
  verdict.count(attempts.offer("stranger@example.net", "victim@example.org"));
  if (!target.domain.empty())
    verdict.count(attempts.offer("postmaster@" + target.domain, "victim@example.org"));
  verdict.say(findings);
}

}  // namespace tubepost::basic_access_test

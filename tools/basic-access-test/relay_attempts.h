// Attempts to relay: conversations up to RCPT, and what their outcomes together mean.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "basic-access-test/context.h"
#include "basic-access-test/findings.h"
#include "basic-access-test/mail_session.h"

namespace tubepost::basic_access_test {

struct RelayTarget {
  const ServiceKind* kind = nullptr;
  net::Endpoint endpoint;
  std::string host, domain, literal;  // domain: one it has mailboxes in; empty: none is known
  std::string subject;
  static RelayTarget of(const ServiceKind& kind, const net::Endpoint& endpoint, std::string host,
                        std::string domain);
};

struct Attempt {
  std::string sender, recipient;
  bool taken = false;
  bool put_off = false;  // greylisted: it may be taken another time
  std::string dialogue;
  std::string reply;  // the last one
};

// A session that is opened where it is needed, and again where the server ended it.
class RelayAttempts {
public:
  RelayAttempts(const Context& context, RelayTarget target) : context_(context), target_(std::move(target)) {}
  ~RelayAttempts();

  // A Failure: there was no conversation.
  Result<Attempt> offer(const std::string& sender, const std::string& recipient);
  // Nobody's name in the place of `recipient` is taken as well.
  bool takes_anybody(const std::string& recipient);
  Result<void> open();
  void begin_as(std::string hello) { hello_ = std::move(hello); }
  void close();
  MailSession& session() { return *session_; }

private:
  Result<Attempt> offer_once(const std::string& sender, const std::string& recipient);
  const Context& context_;
  RelayTarget target_;
  std::string hello_;
  std::unique_ptr<MailSession> session_;
};

// Failed if one was taken, skipped if none could be made.
class RelayVerdict {
public:
  RelayVerdict(CheckId check, const RelayTarget& target) : check_(check), subject_(target.subject) {}
  void count(const Result<Attempt>& attempt, bool harmless = false);
  void note(const std::string& line) {
    lines_ += line + '\n';
    ++made_;
  }
  void taken(const std::string& dialogue) {
    taken_ += dialogue + '\n';
    ++made_;
  }
  void say(Findings& findings) const;

private:
  CheckId check_;
  std::string subject_, lines_, taken_, harmless_, failures_;
  int made_ = 0;
  bool put_off_ = false;
};

void check_relay_connect(const Context& context, const RelayTarget& target, Findings& findings);
void check_trust(const Context& context, const RelayTarget& target, Findings& findings);
void check_submission(const Context& context, const RelayTarget& target, Findings& findings);
void check_smuggling(const Context& context, const RelayTarget& target, Findings& findings);

}  // namespace tubepost::basic_access_test

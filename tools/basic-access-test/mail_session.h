// A conversation with a mail server in any of the three protocols, as far as they are alike: connect, greet, see what is
// offered, begin TLS, log in. Behind that the protocol's own client is at hand. The end of the stream is a Failure
// here, like all else that goes wrong; the record has what was said. Threading: one thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "basic-access-test/conversation.h"
#include "basic-access-test/options.h"
#include "basic-access-test/target.h"
#include "imap/client.h"
#include "pop3/client.h"
#include "smtp/client.h"

namespace tubepost::basic_access_test {

struct Offer {
  bool starttls = false;
  std::vector<std::string> mechanisms;  // of SASL, capitals
  bool plain_login = false;             // USER, LOGIN: a password as it is, without SASL
  bool has(std::string_view mechanism) const;
  bool takes_clear_passwords() const;  // PLAIN, LOGIN, USER …: what may not be had without TLS
  std::string text() const;            // "PLAIN LOGIN, USER"
};

struct SessionWishes {
  std::string host;         // the name its certificate should be for
  std::string ca_file;      // empty: the system's authorities
  bool judge_chain = true;  // tls::InspectionWishes has it
  std::string hello;        // how we call ourselves
  std::chrono::milliseconds answer = std::chrono::seconds(20);
  bool clear_passwords = false;         // PLAIN, LOGIN, USER and tokens without TLS, too
  std::optional<tls::Version> version;  // tls::InspectionWishes has them
  std::string ciphers;
};

enum class WithTls { never, where_offered, always };

class MailSession {
public:
  MailSession(const ServiceKind& kind, net::Endpoint endpoint, SessionWishes wishes)
      : kind_(kind), endpoint_(endpoint), wishes_(std::move(wishes)) {}
  ~MailSession();

  Result<void> connect();       // with TLS where it comes first
  Result<std::string> greet();  // what it says; a Failure: it refuses, or speaks something else
  Result<Offer> ask_offer();    // EHLO, CAPA, CAPABILITY
  Result<void> begin_tls();     // by STARTTLS or STLS; a Failure: refused, or no handshake
  // The steps up to here in one: what it offers in the end. A Failure also where TLS is always wanted and not offered.
  Result<Offer> open(WithTls with);
  // By `mechanism`, or the best it offers; after ask_offer(). Without TLS no password is sent that others could read,
  // unless it is wished for.
  Result<void> login(const Account& account, const std::string& mechanism = {});
  void bye();

  bool is_connected() const { return conversation_ != nullptr; }
  bool began_tls() const { return began_tls_; }  // the handshake was begun, whatever came of it
  bool is_secure() const { return inspection_.has_value(); }
  const std::optional<tls::Inspection>& inspection() const { return inspection_; }
  const std::string& mechanism() const {
    return mechanism_;
  }  // the one that login() used: "SCRAM-SHA-256", "USER"
  std::string record() const { return conversation_ ? conversation_->record().text() : std::string(); }

  // One of them is there once connected. guarded() makes a Failure of the stream's end.
  smtp::Client& smtp() { return *smtp_; }
  pop3::Client& pop3() { return *pop3_; }
  imap::Client& imap() { return *imap_; }
  Conversation& conversation() { return *conversation_; }

private:
  Result<void> shake_hands();
  Result<Offer> smtp_offer();
  Result<Offer> pop3_offer();
  Result<Offer> imap_offer();
  Result<std::string> choose_mechanism(const std::string& wanted) const;
  Result<void> by_sasl(const Account& account, const std::string& mechanism);
  Result<void> by_password(const Account& account);
  const ServiceKind& kind_;
  net::Endpoint endpoint_;
  SessionWishes wishes_;
  std::unique_ptr<Conversation> conversation_;
  std::unique_ptr<smtp::Client> smtp_;
  std::unique_ptr<pop3::Client> pop3_;
  std::unique_ptr<imap::Client> imap_;
  std::optional<tls::Inspection> inspection_;
  bool began_tls_ = false;
  Offer offer_;
  std::string mechanism_;
};

// `step` with the ends of the stream as Failures.
template <class T>
Result<T> guarded(const std::function<Result<T>()>& step) {
  try {
    return step();
  } catch (const net::TimedOut&) {
    return Failure::temporary("no answer in time");
  } catch (const net::StreamEnd&) {
    return Failure::temporary("the server closed the connection");
  }
}

std::string text_of(const smtp::Reply& reply);  // "554 5.7.1 words"

}  // namespace tubepost::basic_access_test

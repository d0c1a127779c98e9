#include "basic-access-test/mail_session.h"

#include "auth/sasl.h"
#include "base/text.h"

namespace tubepost::basic_access_test {
namespace {

// The best first. OAUTHBEARER and the like need more than a password.
constexpr std::string_view usable_mechanisms[] = {"SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN", "LOGIN",
                                                  "CRAM-MD5"};

Failure refusal(std::string what, std::string_view said) {
  return Failure::permanent(std::move(what) + ": " + printable(said, 300), {5, 5, 0});
}

// Who listens has the password, or the token.
bool is_clear(std::string_view mechanism) {
  return mechanism == "PLAIN" || mechanism == "LOGIN" || mechanism == "XOAUTH2" || mechanism == "OAUTHBEARER";
}

smtp::ClientTimeouts smtp_times(std::chrono::milliseconds answer) {
  return {answer, answer, answer, answer, answer, std::chrono::seconds(3)};
}

}  // namespace

std::string text_of(const smtp::Reply& reply) {
  return std::to_string(reply.code) + ' ' + (reply.status ? to_string(*reply.status) + ' ' : "") +
         join(reply.lines, " ");
}

bool Offer::has(std::string_view mechanism) const {
  return std::find(mechanisms.begin(), mechanisms.end(), mechanism) != mechanisms.end();
}

bool Offer::takes_clear_passwords() const {
  return plain_login || std::any_of(mechanisms.begin(), mechanisms.end(), is_clear);
}

std::string Offer::text() const {
  std::string text = join(mechanisms, " ");
  if (plain_login)
    text += text.empty() ? "a login with name and password" : ", a login with name and password";
  return text.empty() ? "nothing to log in with" : text;
}

MailSession::~MailSession() = default;

Result<void> MailSession::connect() {
  return guarded<void>([&]() -> Result<void> {
    auto opened = Conversation::open(endpoint_, wishes_.answer);
    if (!opened) return std::move(opened).error();
    conversation_ = std::move(*opened);
    if (kind_.tls_first)
      if (auto done = shake_hands(); !done) return done;
    net::Stream& stream = conversation_->stream();
    if (kind_.protocol == Protocol::smtp)
      smtp_ = std::make_unique<smtp::Client>(
          stream, smtp::ClientOptions{wishes_.hello, false, smtp_times(wishes_.answer)});
    if (kind_.protocol == Protocol::pop3)
      pop3_ = std::make_unique<pop3::Client>(stream, pop3::ClientOptions{wishes_.answer, wishes_.answer});
    if (kind_.protocol == Protocol::imap)
      imap_ = std::make_unique<imap::Client>(stream, imap::ClientOptions{wishes_.answer, wishes_.answer});
    return {};
  });
}

Result<void> MailSession::shake_hands() {
  tls::InspectionWishes how;
  how.name = wishes_.host;
  how.ca_file = wishes_.ca_file;
  how.judge_chain = wishes_.judge_chain;
  how.version = wishes_.version;
  how.ciphers = wishes_.ciphers;
  began_tls_ = true;
  auto seen = conversation_->secure(how);
  if (!seen) return std::move(seen).error();
  inspection_ = std::move(*seen);
  return {};
}

Result<std::string> MailSession::greet() {
  return guarded<std::string>([&]() -> Result<std::string> {
    if (smtp_) {
      const auto reply = smtp_->greeting();
      if (!reply) return Failure(reply.error());
      if (reply->code != 220) return refusal("it refuses", text_of(*reply));
      return reply->first_line();
    }
    if (pop3_) {
      const auto answer = pop3_->greeting();
      if (!answer) return Failure(answer.error());
      if (!answer->ok) return refusal("it refuses", answer->text);
      return answer->text;
    }
    const auto answer = imap_->greeting();
    if (!answer) return Failure(answer.error());
    if (!answer->ok()) return refusal("it refuses", answer->text);
    return answer->text;
  });
}

Result<Offer> MailSession::ask_offer() {
  return guarded<Offer>([&]() -> Result<Offer> {
    auto offer = smtp_ ? smtp_offer() : pop3_ ? pop3_offer() : imap_offer();
    if (offer) offer_ = *offer;
    return offer;
  });
}

Result<Offer> MailSession::smtp_offer() {
  const auto reply = smtp_->hello();
  if (!reply) return Failure(reply.error());
  if (reply->code != 250) return refusal("it does not take our EHLO", text_of(*reply));
  const smtp::Extensions& extensions = smtp_->extensions();
  return Offer{extensions.starttls, extensions.mechanisms, false};
}

Result<Offer> MailSession::pop3_offer() {
  const auto answer = pop3_->capabilities();
  if (!answer) return Failure(answer.error());
  Offer offer;
  // RFC 2449 5: without CAPA there is USER, or the server would be of no use.
  offer.plain_login = !answer->ok;
  for (const std::string& line : answer->lines) {
    const auto words = split_words(line);
    if (words.empty()) continue;
    const std::string word = to_upper(words.front());
    if (word == "STLS") offer.starttls = true;
    if (word == "USER") offer.plain_login = true;
    for (std::size_t i = 1; word == "SASL" && i < words.size(); ++i)
      offer.mechanisms.push_back(to_upper(words[i]));
  }
  return offer;
}

Result<Offer> MailSession::imap_offer() {
  const auto answer = imap_->ask_capabilities();
  if (!answer) return Failure(answer.error());
  if (!answer->ok()) return refusal("CAPABILITY", answer->text);
  Offer offer;
  offer.plain_login = !imap_->has_capability("LOGINDISABLED");
  for (const std::string& word : imap_->capabilities()) {
    if (word == "STARTTLS") offer.starttls = true;
    if (word.starts_with("AUTH=")) offer.mechanisms.push_back(word.substr(5));
  }
  return offer;
}

Result<void> MailSession::begin_tls() {
  return guarded<void>([&]() -> Result<void> {
    net::Stream& stream = conversation_->stream();
    if (smtp_) {
      const auto reply = smtp_->start_tls();
      if (!reply) return Failure(reply.error());
      if (reply->code != 220) return refusal("STARTTLS is refused", text_of(*reply));
      if (auto done = shake_hands(); !done) return done;
      return smtp_->replace_stream(stream);
    }
    if (pop3_) {
      const auto answer = pop3_->start_tls();
      if (!answer) return Failure(answer.error());
      if (!answer->ok) return refusal("STLS is refused", answer->text);
      if (auto done = shake_hands(); !done) return done;
      return pop3_->replace_stream(stream);
    }
    const auto answer = imap_->start_tls();
    if (!answer) return Failure(answer.error());
    if (!answer->ok()) return refusal("STARTTLS is refused", answer->text);
    if (auto done = shake_hands(); !done) return done;
    return imap_->replace_stream(stream);
  });
}

Result<Offer> MailSession::open(WithTls with) {
  if (auto done = connect(); !done) return std::move(done).error();
  if (auto said = greet(); !said) return std::move(said).error();
  auto offer = ask_offer();
  if (!offer || is_secure() || with == WithTls::never) return offer;
  if (!offer->starttls)
    return with == WithTls::always ? Result<Offer>(Failure::permanent("TLS is not offered")) : offer;
  if (auto done = begin_tls(); !done) return std::move(done).error();
  return ask_offer();
}

// Empty: the protocol's own command for name and password.
Result<std::string> MailSession::choose_mechanism(const std::string& wanted) const {
  const bool clear = is_secure() || wishes_.clear_passwords;
  const auto fits = [&](std::string_view name) { return offer_.has(name) && (clear || !is_clear(name)); };
  const std::string offers = "it offers " + offer_.text();
  if (!wanted.empty() && fits(wanted)) return wanted;
  if (!wanted.empty())
    return Failure::permanent(offers + (offer_.has(wanted) ? " without TLS" : ", and not " + wanted));
  for (const auto mechanism : usable_mechanisms)
    if (fits(mechanism)) return std::string(mechanism);
  if (offer_.plain_login && clear) return std::string();
  if (!clear && offer_.takes_clear_passwords())
    return Failure::permanent(offers + ", and no password is sent without TLS");
  return Failure::permanent(offers + ", none of which takes a password");
}

Result<void> MailSession::login(const Account& account, const std::string& mechanism) {
  return guarded<void>([&]() -> Result<void> {
    auto chosen = choose_mechanism(mechanism);
    if (!chosen) return std::move(chosen).error();
    const Hidden hidden(conversation_->record());
    mechanism_ = std::move(*chosen);
    return mechanism_.empty() ? by_password(account) : by_sasl(account, mechanism_);
  });
}

Result<void> MailSession::by_sasl(const Account& account, const std::string& mechanism) {
  const auto client = auth::make_sasl_client(mechanism, {account.address, auth::Password(account.password)});
  if (!client) return Failure::permanent(mechanism + " is not to be had here");
  const auto initial = client->initial_response();
  const auto respond = [&](std::string_view challenge) { return client->answer(challenge); };
  if (smtp_) {
    const auto reply = smtp_->authenticate(mechanism, initial, respond);
    if (!reply) return Failure(reply.error());
    if (reply->code != 235) return refusal("the login by " + mechanism + " is refused", text_of(*reply));
  } else if (pop3_) {
    const auto answer = pop3_->authenticate(mechanism, initial, respond);
    if (!answer) return Failure(answer.error());
    if (!answer->ok) return refusal("the login by " + mechanism + " is refused", answer->text);
  } else {
    const auto answer = imap_->authenticate(mechanism, initial, respond);
    if (!answer) return Failure(answer.error());
    if (!answer->ok()) return refusal("the login by " + mechanism + " is refused", answer->text);
  }
  return {};
}

Result<void> MailSession::by_password(const Account& account) {
  if (pop3_) {
    mechanism_ = "USER";
    const auto answer = pop3_->login(account.address, account.password);
    if (!answer) return Failure(answer.error());
    return answer->ok ? Result<void>() : refusal("the login is refused", answer->text);
  }
  mechanism_ = "LOGIN";
  const auto answer = imap_->login(account.address, account.password);
  if (!answer) return Failure(answer.error());
  return answer->ok() ? Result<void>() : refusal("the login is refused", answer->text);
}

void MailSession::bye() {
  if (smtp_) smtp_->quit();
  if (pop3_) pop3_->quit();
  if (imap_) imap_->logout();
}

}  // namespace tubepost::basic_access_test

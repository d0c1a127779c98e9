#include "mxsend/connection.h"

#include <algorithm>
#include <utility>

#include "base/base64.h"
#include "base/text.h"
#include "net/fd_stream.h"

namespace tubepost::mxsend {
namespace {

using relay::Trouble;
using Level = mailauth::TlsPolicy::Level;

constexpr std::size_t text_max = 400;
constexpr EnhancedStatus tls_status{4, 7, 5};
constexpr EnhancedStatus login_status{4, 7, 8};

}  // namespace

std::string Peer::to_text() const {
  if (!unix_path.empty()) return "unix:" + unix_path;
  const auto address = endpoint.address.to_text();
  if (name.empty() || name == address) return endpoint.to_text();
  return name + '[' + address + "]:" + std::to_string(endpoint.port);
}

EnhancedStatus status_of(const smtp::Reply& reply) {
  if (reply.status) return *reply.status;
  return {static_cast<std::uint8_t>(reply.code / 100), 0, 0};
}

std::string text_of(const smtp::Reply& reply) {
  std::string text;
  for (const auto& line : reply.lines) text += (text.empty() ? "" : " ") + line;
  return printable(text, text_max);
}

Result<std::shared_ptr<tls::ClientContext>> TlsContexts::get(bool with_authorities) {
  auto& context = with_authorities ? verifying_ : plain_;
  if (!context) {
    auto made = tls::ClientContext::create(with_authorities ? ca_file_ : "", with_authorities);
    if (!made) return made;
    context = std::move(*made);
  }
  return context;
}

Connection::~Connection() { parts_.watch.attach(nullptr); }

Connection::Opened Connection::open(const Parts& parts, Peer peer) {
  for (;;) {
    std::unique_ptr<Connection> connection(new Connection(parts, peer));
    auto setback = connection->connect();
    try {
      if (!setback) setback = connection->greet();
      if (!setback) setback = connection->secure();
      if (!setback) setback = connection->log_in();
    } catch (const net::TimedOut&) {
      setback = connection->setback(Trouble::session, Failure::temporary("no reply in time", {4, 4, 2}));
    } catch (const net::Disconnected&) {
      setback = connection->setback(Trouble::session, Failure::temporary("it hung up", {4, 4, 2}));
    }
    if (!setback) return connection;
    // RFC 7435 3: TLS that does not work is no reason to send nothing, where none was demanded.
    if (peer.clear_text || !connection->handshake_failed_ || peer.policy.is_required())
      return std::move(*setback);
    peer.tls_trouble = setback->tls_trouble;
    if (!peer.policy.tested_names.empty() && !std::exchange(peer.tests_done, true)) continue;
    parts.logger.warning("tls-failed", {{"host", peer.to_text()}, {"reason", setback->failure.text}});
    peer.clear_text = true;
  }
}

bool Connection::is_quiet(bool look) {
  if (client_->has_unread()) return false;
  net::Stream& stream = tls_ ? static_cast<net::Stream&>(*tls_) : *stream_;
  return !look || !stream.wait_readable(Milliseconds(0));
}

bool Connection::takes_domain_of(std::string_view address) {
  const auto most = client_->extensions().rcpt_domain_max;
  if (!most) return true;
  auto domain = to_lower(address.substr(address.rfind('@') + 1));
  if (domains_.contains(domain)) return true;
  if (domains_.size() >= *most) return false;
  domains_.insert(std::move(domain));
  return true;
}

Setback Connection::setback(Trouble trouble, Failure failure) const {
  return {trouble, std::move(failure), 0, peer_.to_text(), local_};
}

Setback Connection::refused(const smtp::Reply& reply, const char* step) const {
  Failure failure{reply.code < 500 ? Retry::later : Retry::never, status_of(reply),
                  std::string(step) + ": " + text_of(reply)};
  return {reply.code >= 400 ? Trouble::session : Trouble::none, std::move(failure), reply.code,
          peer_.to_text(), local_};
}

Setback Connection::no_tls(const std::string& why) {
  const auto demanded = peer_.policy.is_required() ? "TLS is demanded (" + peer_.policy.why + "): " : "";
  auto made = setback(Trouble::tls, Failure::temporary(demanded + why, tls_status));
  made.tls_trouble = why;
  return made;
}

Result<std::unique_ptr<net::Stream>> Connection::dial() const {
  const auto& options = parts_.options;
  if (!peer_.unix_path.empty()) return net::connect_unix(peer_.unix_path, options.connect_limit);
  auto source = options.source;
  if (source && source->is_v6() != peer_.endpoint.address.is_v6()) source.reset();
  return net::connect_tcp(peer_.endpoint, options.connect_limit, source);
}

std::optional<Setback> Connection::connect() {
  parts_.admission.connecting();
  auto stream = dial();
  while (stream && !parts_.admission.connected()) {
    stream->reset();
    parts_.admission.await_room();
    parts_.admission.connecting();
    stream = dial();
  }
  if (!stream) return setback(Trouble::connect, std::move(stream).error());
  stream_ = std::move(*stream);
  if (const auto* socket = dynamic_cast<const net::FdStream*>(stream_.get()))
    if (const auto own = net::local_of(socket->input_fd())) local_ = own->address.to_text();
  parts_.watch.attach(stream_.get());
  return std::nullopt;
}

std::optional<Setback> Connection::greet() {
  const smtp::ClientOptions options{parts_.options.hostname, peer_.lmtp, parts_.options.timeouts};
  stream_->set_time_limit(options.timeouts.greeting);
  if (peer_.tls_first)
    if (auto failed = shake_hands()) return failed;
  client_ = std::make_unique<smtp::Client>(tls_ ? static_cast<net::Stream&>(*tls_) : *stream_, options);
  const auto greeting = client_->greeting();
  if (!greeting) return setback(Trouble::session, greeting.error());
  if (greeting->code != 220) return refused(*greeting, "greeting");
  return hello();
}

std::optional<Setback> Connection::hello() {
  const auto reply = client_->hello();
  if (!reply) return setback(Trouble::session, reply.error());
  if (reply->code != 250) return refused(*reply, "EHLO");
  return std::nullopt;
}

std::optional<Setback> Connection::secure() {
  if (tls_ || peer_.clear_text) return std::nullopt;
  if (!client_->extensions().starttls) {
    if (peer_.policy.is_required()) return no_tls("it does not offer STARTTLS");
    return std::nullopt;
  }
  const auto reply = client_->start_tls();
  if (!reply) return setback(Trouble::session, reply.error());
  if (reply->code != 220) {
    if (peer_.policy.is_required()) return no_tls("STARTTLS: " + text_of(*reply));
    return std::nullopt;
  }
  if (auto failed = shake_hands()) return failed;
  if (auto replaced = client_->replace_stream(*tls_); !replaced) return no_tls(replaced.error().text);
  return hello();
}

std::optional<Setback> Connection::shake_hands() {
  const auto& policy = peer_.policy;
  const bool tests = !policy.tested_names.empty() && !peer_.tests_done;
  auto demands = policy.demands;
  if (tests) demands.names = policy.tested_names;
  const auto context = parts_.contexts.get(policy.level == Level::authority || tests);
  handshake_failed_ = true;
  if (!context)
    return no_tls(context.error().text);  // our authorities cannot be read: no fault of the message
  stream_->set_time_limit(parts_.options.timeouts.command);
  auto tls = (*context)->connect(*stream_, demands);
  if (!tls) return no_tls(tls.error().text);
  handshake_failed_ = false;
  tls_ = std::move(*tls);
  const auto info = tls_->info();
  verified_ = !info.verified_by.empty();
  tls_text_ = info.protocol + ' ' + info.cipher + (verified_ ? ' ' + info.verified_by : "");
  return std::nullopt;
}

// The best that both know. Clear text only within TLS, unless its owner insists (O4).
std::string Connection::choose_mechanism() const {
  const auto& account = *peer_.account;
  const auto& extensions = client_->extensions();
  const bool clear_text = tls_ != nullptr || account.clear_text;
  const auto fits = [&](std::string_view name) {
    const bool is_clear = name == "PLAIN" || name == "LOGIN" || name == "XOAUTH2";
    return extensions.has_mechanism(name) && (clear_text || !is_clear);
  };
  if (!account.mechanism.empty()) return fits(account.mechanism) ? account.mechanism : "";
  for (const char* name : {"SCRAM-SHA-256", "PLAIN", "LOGIN", "CRAM-MD5"})
    if (fits(name)) return name;
  return "";
}

namespace {

// What was told a server to log in. One that repeats it must not bring it into the log, the queue or a notice.
class Secrets {
public:
  explicit Secrets(std::string_view password) { add(password); }
  void add(std::string_view told) {
    if (told.empty()) return;
    told_.emplace_back(told);
    told_.push_back(base64_encode(told));
  }
  std::string without(const std::string& text) const {
    const bool repeats = std::any_of(told_.begin(), told_.end(), [&](const std::string& one) {
      return text.find(one) != std::string::npos;
    });
    return repeats ? "(it repeats what it was told)" : text;
  }

private:
  std::vector<std::string> told_;
};

}  // namespace

std::optional<Setback> Connection::log_in() {
  if (!peer_.account) return std::nullopt;
  const auto mechanism = choose_mechanism();
  if (mechanism.empty())
    return setback(Trouble::policy,
                   Failure::temporary("no way to log in that both know and TLS allows", login_status));
  const auto client = auth::make_sasl_client(
      mechanism, {peer_.account->user, auth::Password(peer_.account->password.view())});
  if (!client)
    return setback(Trouble::policy, Failure::temporary("unknown mechanism " + mechanism, login_status));
  const auto initial = client->initial_response();
  Secrets secrets(peer_.account->password.view());
  secrets.add(initial.value_or(""));
  auto reply = client_->authenticate(mechanism, initial, [&](std::string_view challenge) {
    auto answer = client->answer(challenge);
    if (answer) secrets.add(*answer);
    return answer;
  });
  if (!reply)
    return setback(Trouble::policy,
                   Failure::temporary("AUTH: " + secrets.without(reply.error().text), login_status));
  if (reply->code != 235 || !client->is_satisfied()) {
    // A wrong password is the operator's to mend, and no reason to send mail back to its sender.
    for (auto& line : reply->lines) line = secrets.without(line);
    auto setback = refused(*reply, "AUTH");
    setback.failure.retry = Retry::later;
    setback.failure.status = login_status;
    setback.trouble = Trouble::policy;
    return setback;
  }
  return std::nullopt;
}

}  // namespace tubepost::mxsend

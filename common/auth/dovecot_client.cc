#include "auth/dovecot_client.h"

#include "base/text.h"

namespace tubepost::auth {
namespace dovecot {
namespace {

Step temporary_failure(std::string text) {
  return {Step::Kind::failed, std::move(text), {}, true, "temp_fail"};
}

Step to_step(std::optional<FromServer> answer) {
  if (!answer) return temporary_failure("the auth service was lost or too slow");
  if (auto* more = std::get_if<Continue>(&*answer))
    return {Step::Kind::challenge, std::move(more->data), {}, false, {}};
  if (auto* ok = std::get_if<Ok>(&*answer)) {
    if (ok->user.empty()) return temporary_failure("the auth service named no user");
    return {Step::Kind::ok, {}, std::move(ok->user), false, {}};
  }
  auto* fail = std::get_if<Fail>(&*answer);
  if (!fail) return temporary_failure("an unexpected answer of the auth service");
  std::string text = fail->reason.empty() ? "authentication failed" : printable(fail->reason);
  return {Step::Kind::failed, std::move(text), {}, fail->temporary, std::move(fail->code)};
}

// What the connection to the client has of the kinds that a service may ask for.
struct Bindings {
  std::string tls_exporter, tls_server_end_point;

  std::string of(std::string_view type) const {
    if (type == "tls-exporter") return tls_exporter;
    return type == "tls-server-end-point" ? tls_server_end_point : std::string();
  }
};

// Asks, and answers at once where the service wants to know the channel (1.3).
Step converse(Connection& connection, std::uint32_t id, const std::string& line, const Bindings& bindings) {
  auto answer = connection.ask(id, line);
  const auto* more = answer ? std::get_if<Continue>(&*answer) : nullptr;
  if (more && more->channel_binding)
    answer = connection.ask(id, to_client_line(Continue{id, {}, bindings.of(*more->channel_binding)}));
  return to_step(std::move(answer));
}

class DovecotExchange final : public Exchange {
public:
  // The connection is shared: it must outlive the exchanges begun on it, though its owner has replaced it.
  DovecotExchange(std::shared_ptr<Connection> connection, std::uint32_t id, Bindings bindings)
      : connection_(std::move(connection)), id_(id), bindings_(std::move(bindings)) {}
  ~DovecotExchange() override { cancel(); }

  Step step(std::string_view response) override {
    if (finished_) return temporary_failure("this exchange is over");
    auto step = converse(*connection_, id_, to_client_line(Continue{id_, std::string(response)}), bindings_);
    finished_ = step.kind != Step::Kind::challenge;
    return step;
  }

  void cancel() override {
    if (!finished_) connection_->tell(to_line(Cancel{id_}));
    finished_ = true;
  }

private:
  std::shared_ptr<Connection> connection_;
  std::uint32_t id_;
  Bindings bindings_;
  bool finished_ = false;
};

class Client final : public Authenticator {
public:
  Client(std::string path, const ClientLimits& limits) : path_(std::move(path)), limits_(limits) {}

  Result<std::vector<MechanismInfo>> mechanisms() override {
    auto connection = connected();
    if (!connection) return std::move(connection).error();
    return (*connection)->mechanisms();
  }

  Begun begin(const Request& request) override {
    auto connection = connected();
    if (!connection) return {temporary_failure(connection.error().text), nullptr};
    const auto id = (*connection)->new_id();
    Bindings bindings{request.tls_exporter, request.tls_server_end_point};
    auto step = converse(**connection, id, to_line(to_wire(id, request)), bindings);
    if (step.kind != Step::Kind::challenge) return {std::move(step), nullptr};
    return {std::move(step),
            std::make_unique<DovecotExchange>(std::move(*connection), id, std::move(bindings))};
  }

  bool offers_internal(std::string_view mechanism) override {
    auto connection = connected();
    return connection && (*connection)->has_internal(mechanism);
  }

private:
  using Shared = std::shared_ptr<Connection>;

  static AuthRequest to_wire(std::uint32_t id, const Request& request) {
    AuthRequest wire;
    wire.id = id, wire.mechanism = to_upper(request.mechanism), wire.service = request.service;
    wire.local_address = request.local_address, wire.remote_address = request.client_address;
    wire.default_domain = request.default_domain, wire.secured = request.secured;
    wire.plus_offered = request.has_channel_binding();
    wire.initial_response = request.initial_response;
    return wire;
  }

  // The live connection; else one thread makes a new one, and those who come meanwhile wait for what becomes
  // of it.
  Result<Shared> connected() {
    std::unique_lock lock(mutex_);
    if (connection_ && !connection_->is_lost()) return connection_;
    if (connecting_) {
      const auto attempt = attempts_;
      attempted_.wait(lock, [&] { return attempts_ != attempt; });
      if (connection_) return connection_;
      return Failure::temporary(last_failure_);
    }
    connecting_ = true;
    auto old = std::exchange(connection_, nullptr);
    lock.unlock();
    old.reset();  // joins its reader, which has ended
    auto made = Connection::open(path_, limits_);
    lock.lock();
    connecting_ = false, ++attempts_;
    if (made) connection_ = *made;
    last_failure_ = made ? "" : made.error().text;
    attempted_.notify_all();
    return made;
  }

  const std::string path_;
  const ClientLimits limits_;
  std::mutex mutex_;
  std::condition_variable attempted_;
  Shared connection_;
  std::string last_failure_;
  std::uint64_t attempts_ = 0;
  bool connecting_ = false;
};

}  // namespace

std::unique_ptr<Authenticator> make_client(std::string path, const ClientLimits& limits) {
  return std::make_unique<Client>(std::move(path), limits);
}

}  // namespace dovecot

std::unique_ptr<Authenticator> make_dovecot_client(std::string path) {
  return dovecot::make_client(std::move(path), {});
}

}  // namespace tubepost::auth

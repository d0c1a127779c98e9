#include <unistd.h>

#include <algorithm>
#include <system_error>

#include "auth/dovecot_client.h"
#include "net/fd_stream.h"

namespace tubepost::auth::dovecot {
namespace {

constexpr std::size_t handshake_lines_max = 256;

std::optional<std::uint32_t> id_of(const FromServer& message) {
  return std::visit(
      [](const auto& value) -> std::optional<std::uint32_t> {
        if constexpr (requires { value.id; })
          return value.id;
        else
          return std::nullopt;
      },
      message);
}

}  // namespace

Result<std::shared_ptr<Connection>> Connection::open(const std::string& path, const ClientLimits& limits) {
  auto stream = net::connect_unix(path, limits.connect);
  if (!stream) return std::move(stream).error();
  std::shared_ptr<Connection> connection(
      new Connection(std::move(*stream), limits));  // the constructor is private
  if (auto done = connection->shake_hands(); !done) return std::move(done).error().while_doing(path);
  try {
    connection->reader_ = std::thread([raw = connection.get()] { raw->run(); });
  } catch (const std::system_error& error) {
    return Failure::temporary(std::string("no thread for the auth service: ") + error.what());
  }
  return connection;
}

Connection::Connection(std::unique_ptr<net::Stream> stream, const ClientLimits& limits)
    : stream_(std::move(stream)), lines_(*stream_, auth_line_max + 2), limits_(limits) {
  lines_.set_accept_lf(true);
  stream_->set_time_limit(limits_.handshake);
}

Connection::~Connection() {
  stream_->interrupt();
  if (reader_.joinable()) reader_.join();
}

Result<void> Connection::shake_hands() {
  try {
    stream_->write(client_greeting(static_cast<std::uint64_t>(::getpid())));
    for (std::size_t count = 0; count < handshake_lines_max; ++count) {
      const auto line = lines_.read_line(auth_line_max);
      if (line.kind == net::LineStream::Line::Kind::end) return Failure::temporary("the auth service closed");
      const auto message = parse_server_line(line.text);
      if (line.kind != net::LineStream::Line::Kind::ok || !message) break;
      if (std::holds_alternative<Done>(*message)) return {};
      const auto* version = std::get_if<Version>(&*message);
      if (version && version->major != version_major) break;
      if (version) minor_ = version->minor;
      if (const auto* mechanism = std::get_if<Mechanism>(&*message)) note(*mechanism);
    }
    return Failure::permanent("this is not version 1 of the Dovecot auth protocol");
  } catch (const net::StreamEnd&) {
    return Failure::temporary("the auth service does not answer");
  }
}

void Connection::note(const Mechanism& mechanism) {
  const bool plus = mechanism.name.ends_with("-PLUS");
  if (plus ? minor_ >= channel_binding_minor : !mechanism.internal)
    mechanisms_.push_back({mechanism.name, mechanism.plaintext, plus});
  else if (!plus)
    internal_.push_back(mechanism.name);
}

bool Connection::has_internal(std::string_view name) const {
  return std::find(internal_.begin(), internal_.end(), name) != internal_.end();
}

bool Connection::is_lost() const {
  const std::lock_guard lock(mutex_);
  return lost_;
}

std::uint32_t Connection::new_id() {
  const std::lock_guard lock(mutex_);
  // Ids may be used again once nobody waits for them; 2^32 logins later nobody does. 0 is left out.
  if (++last_id_ == 0) ++last_id_;
  return last_id_;
}

std::optional<FromServer> Connection::ask(std::uint32_t id, const std::string& line) {
  {
    const std::lock_guard lock(mutex_);
    if (lost_) return std::nullopt;
    waiting_.try_emplace(id);
  }
  if (!send(line)) lose();
  return wait_for(id);
}

void Connection::tell(const std::string& line) {
  if (!is_lost() && !send(line)) lose();
}

bool Connection::send(const std::string& line) {
  const std::lock_guard lock(writing_);
  try {
    stream_->write(line);
    return true;
  } catch (const net::StreamEnd&) {
    return false;
  }
}

std::optional<FromServer> Connection::wait_for(std::uint32_t id) {
  std::unique_lock lock(mutex_);
  Waiting& mine = waiting_.at(id);
  const auto asked = std::chrono::steady_clock::now();
  const bool told = mine.ready.wait_for(lock, limits_.reply, [&] { return mine.answer || lost_; });
  auto answer = std::move(mine.answer);
  // A service that answered nobody for as long hangs: the next request had better find out in a fresh
  // handshake.
  const bool hangs = !told && last_heard_ < asked;
  waiting_.erase(id);
  lock.unlock();
  if (hangs) lose();
  return answer;
}

void Connection::run() {
  while (read_one()) {
  }
  lose();
}

bool Connection::read_one() {
  try {
    const auto line = lines_.read_line(auth_line_max);
    if (line.kind != net::LineStream::Line::Kind::ok) return false;
    auto message = parse_server_line(line.text);
    if (!message) return false;
    dispatch(std::move(*message));
    return true;
  } catch (const net::TimedOut&) {
    return true;  // nobody asked anything
  } catch (const net::StreamEnd&) {
    return false;
  }
}

void Connection::dispatch(FromServer message) {
  const auto id = id_of(message);
  const std::lock_guard lock(mutex_);
  last_heard_ = std::chrono::steady_clock::now();
  const auto found = id ? waiting_.find(*id) : waiting_.end();
  if (found == waiting_.end()) return;  // given up by who asked
  found->second.answer = std::move(message);
  found->second.ready.notify_one();
}

void Connection::lose() {
  {
    const std::lock_guard lock(mutex_);
    lost_ = true;
    for (auto& [id, each] : waiting_) each.ready.notify_one();
  }
  stream_->interrupt();  // ends the reader, where it still reads
}

}  // namespace tubepost::auth::dovecot

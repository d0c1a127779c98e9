#include "imapd/service.h"

#include <unistd.h>

#include <cstdlib>

#include "base/text.h"
#include "directory/login.h"
#include "imapd/session.h"
#include "net/fd_stream.h"

namespace tubepost::imapd {
namespace {

constexpr std::uint16_t imap_port = 143, imaps_port = 993;
constexpr std::size_t tls_listener = 1;  // its place in server_options()
constexpr std::chrono::seconds handshake_limit{60};

std::shared_ptr<tls::ServerContext> load_tls(const config::Settings& settings, const log::Logger& logger) {
  auto context =
      tls::ServerContext::load({{settings.text("tls.certificate"), settings.text("tls.key")}}, logger);
  if (context) return std::move(*context);
  logger.warning("tls-unavailable", {{"reason", context.error().text}});
  return nullptr;
}

net::ServerOptions server_options(const config::Settings& settings, const Options& options) {
  const bool from_settings = options.listen.empty() && options.listen_tls.empty();
  net::ListenerSpec plain, tls;
  plain.name = "imapd";
  plain.default_port = imap_port;
  plain.connections = settings.number("imapd.connections");
  plain.addresses = from_settings ? settings.list("imapd.listen") : options.listen;
  tls.name = "imaps";
  tls.default_port = imaps_port;
  tls.connections = settings.number("imaps.connections");
  tls.addresses = from_settings ? settings.list("imaps.listen") : options.listen_tls;
  tls.tls = true;

  net::ServerOptions server;
  server.connections = plain.connections + tls.connections;  // L5: each listener has its own number, too
  server.connections_per_address = settings.number("imapd.connections-per-address");
  server.workers = static_cast<unsigned>(settings.number("imapd.workers"));
  server.listeners = {std::move(plain), std::move(tls)};
  // A5. What is wrong with a range has been said when the settings were read.
  if (auto proxies = net::AddressSet::parse(join(settings.list("imapd.proxy-hosts"), ",")))
    server.proxy_hosts = std::move(*proxies);
  if (!options.ready_fd.empty()) server.ready_fd = parse_number<int>(options.ready_fd);
  server.too_many_text = "* BYE [UNAVAILABLE] Too many connections, try again later\r\n";
  server.too_many_from_address_text = "* BYE [LIMIT] Too many connections from your address\r\n";
  return server;
}

// For port 993 (RFC 8314 3). Null: the log says why, and nothing can be told to the client.
std::unique_ptr<tls::TlsStream> secure(const Services& services, net::Stream& stream, const Client& client) {
  const auto complain = [&](std::string_view reason) {
    services.logger.info("tls-failed", {{"client", client.address_text()}, {"reason", reason}});
    return nullptr;
  };
  if (!services.tls) return complain("there is no certificate");
  try {
    stream.set_time_limit(handshake_limit);
    auto accepted = services.tls->accept(stream);
    if (!accepted) return complain(accepted.error().text);
    return std::move(*accepted);
  } catch (const net::StreamEnd&) {
    return complain("the client went away");
  }
}

void serve(Worker& worker, const net::Connection& connection) {
  const Services services = worker.services();
  Client client;
  client.address = connection.peer;
  client.local = connection.local;
  net::Stream* stream = connection.stream.get();
  std::unique_ptr<tls::TlsStream> secured;
  if (connection.listener == tls_listener) {
    secured = secure(services, *stream, client);
    if (!secured) return;
    client.tls = true;
    stream = secured.get();
  }
  Session(services, worker.rules(), std::move(client), *stream).run();
}

// contracts.md: --client, else the socket's peer, else TCPREMOTEIP, else unknown.
Result<Client> stdio_client(const Options& options) {
  Client client;
  client.tls = options.tls_done || std::getenv("TLS") != nullptr;  // `listen --tls` says TLS=1
  const char* remote = std::getenv("TCPREMOTEIP");
  const char* local = std::getenv("TCPLOCALIP");
  client.local = net::local_of(STDIN_FILENO);
  if (!client.local && local != nullptr) client.local = net::parse_endpoint(local, 0);
  if (!options.client.empty()) {
    client.address = net::parse_endpoint(options.client, 0);
    if (!client.address)
      return Failure::permanent("--client " + printable(options.client) + ": no address", {5, 5, 4});
  } else if (auto peer = net::peer_of(STDIN_FILENO)) {
    client.address = peer;
  } else if (remote != nullptr) {
    client.address = net::parse_endpoint(remote, 0);
  }
  return client;
}

Result<smtp::Mailbox> preauthenticated(const directory::Directory& directory, const std::string& name) {
  auto account = directory::find_login(directory, name, {});
  if (!account) return std::move(account).error();
  if (!*account) return Failure::permanent("--preauth " + printable(name) + ": no such account", {5, 1, 1});
  return (*account)->address;
}

}  // namespace

Worker::Worker(const config::Program& program, const log::Logger& logger, std::unique_ptr<SystemClock> clock,
               mailstore::MailStore store, directory::Directory directory)
    : live_(program.inputs(), program.settings(), logger),
      logger_(logger),
      clock_(std::move(clock)),
      store_(std::move(store)),
      directory_(std::move(directory)),
      authenticator_(auth::make_dovecot_client(program.settings()->text("authd.socket"))),
      tls_(load_tls(*program.settings(), logger)) {}

Result<std::shared_ptr<Worker>> Worker::open(const config::Program& program, const log::Logger& logger,
                                             std::function<void()> commit_failed) {
  const auto& settings = *program.settings();
  auto directory = directory::Directory::open(settings.path("directory"), {});
  if (!directory) return std::move(directory).error();
  mailstore::MailStore::Options options;
  options.inline_max = settings.number("store.inline-max");
  options.notify_folder = settings.path("run/notify");
  options.group_commit = static_cast<bool>(commit_failed);
  options.commit_failed = std::move(commit_failed);
  auto clock = std::make_unique<SystemClock>();
  auto store = mailstore::MailStore::open(settings.path("store"), options, *clock);
  if (!store) return std::move(store).error();
  auto worker =
      std::make_shared<Worker>(program, logger, std::move(clock), std::move(*store), std::move(*directory));
  auto watcher = mailstore::ChangeWatcher::start(worker->store_, options.notify_folder);
  if (!watcher) return std::move(watcher).error();
  worker->watcher_ = std::move(*watcher);
  return worker;
}

Services Worker::services() {
  return {store_, watcher_.get(), directory_, *authenticator_, tls_, *clock_, logger_};
}

Rules Worker::rules() {
  const auto settings = live_.current();
  return {settings->text("server.hostname"), settings->flag("imapd.cleartext-login"),
          settings->duration("imapd.idle-timeout"), settings->number("imapd.message-size-max"),
          settings->text("imapd.shared-account")};
}

void Worker::reload_certificates() {
  if (tls_) tls_->reload();
}

ExitStatus serve_stdio(const config::Program& program, const Options& options, const log::Logger& logger) {
  auto client = stdio_client(options);
  if (!client) return config::complain("imapd", client.error()), ExitStatus::usage;
  auto worker = Worker::open(program, logger, {});
  if (!worker) return config::complain("imapd", worker.error());
  if (!options.preauth.empty()) {
    auto address = preauthenticated((*worker)->directory(), options.preauth);
    if (!address) return config::complain("imapd", address.error());
    client->preauthenticated = std::move(*address);
  }
  auto services = (*worker)->services();
  if (client->tls) services.tls = nullptr;
  net::FdStream stream(STDIN_FILENO, STDOUT_FILENO);
  Session session(services, (*worker)->rules(), std::move(*client), stream);
  if (options.lf || ::isatty(STDIN_FILENO) == 1) session.accept_lf();
  session.run();
  return ExitStatus::ok;
}

ExitStatus serve_listeners(const config::Program& program, const Options& options,
                           const log::Logger& logger) {
  net::Server server(server_options(*program.settings(), options), logger);
  std::shared_ptr<Worker> worker;
  const auto make_handler = [&]() -> Result<net::Handler> {
    auto opened = Worker::open(program, logger, [&] { server.stop(ExitStatus::later); });
    if (!opened) return std::move(opened).error();
    worker = std::move(*opened);
    return net::Handler([worker](net::Connection connection) { serve(*worker, connection); });
  };
  return server.run(make_handler, [&] {
    if (worker) worker->reload_certificates();
  });
}

}  // namespace tubepost::imapd

#include <csignal>
#include <unistd.h>

#include <pwd.h>

#include "base/text.h"
#include "frontend/frontend.h"
#include "net/fd_stream.h"
#include "net/server.h"
#include "process/signals.h"
#include "smtpd/layers_source.h"
#include "smtpd/session.h"

namespace tubepost::smtpd {
namespace {

struct Options : frontend::Options {
  std::string role = "mx";
  bool trusted = false, explain = false;
};

void declare(config::Program& program, Options& options) {
  program.option("--role", options.role, "mx|submission|lmtp|local", "Whom to serve (default mx).");
  frontend::declare(program, options, "the role's setting");
  program.flag("--trusted", options.trusted, "With --stdio: a local session, which may relay.");
  program.flag("--explain", options.explain, "With --stdio: say every decision, with its rule, on stderr.");
}

// The policy of a settings snapshot, made anew only when the settings are.
class PolicySource {
 public:
  PolicySource(config::LiveSettings& settings, Role role, const log::Logger& logger)
      : settings_(settings), role_(role), logger_(logger) {}

  // Null only where the first settings make no policy.
  std::shared_ptr<const Policy> current() {
    auto now = settings_.current();
    const std::lock_guard lock(mutex_);
    if (now == seen_) return policy_;
    seen_ = std::move(now);
    auto made = Policy::make(*seen_, role_, policy_.get());
    if (made) {
      policy_ = std::move(*made);
      if (!policy_->validates()) logger_.warning("validation-off", {{"setting", "smtpd.validate"}});  // S7
    } else
      logger_.error("configuration-error", {{"reason", made.error().text}});
    return policy_;
  }

 private:
  config::LiveSettings& settings_;
  const Role role_;
  const log::Logger& logger_;
  std::mutex mutex_;
  std::shared_ptr<const config::Settings> seen_;
  std::shared_ptr<const Policy> policy_;
};

spool::Spool::Options spool_options(const config::Settings& settings, bool service) {
  spool::Spool::Options options;
  options.inline_max = settings.number("spool.inline-max");
  options.disk_reserve = settings.part("spool.disk-reserve");
  options.group_commit = service;
  return options;
}

// All that a worker (or the one session of --stdio) holds open; made after any fork.
struct Worker {
  config::LiveSettings live;
  PolicySource policies;
  SystemClock clock;
  spool::Spool spool;
  directory::Directory directory;
  std::unique_ptr<auth::Authenticator> authenticator;
  std::shared_ptr<tls::ServerContext> tls;
  LayersSource layers;
  Services services;

  Worker(const config::Program& program, Role role, const log::Logger& logger, spool::Spool opened,
         directory::Directory known, dns::SystemResolver resolver, policy::RateLimits& rates)
      : live(program.inputs(), program.settings(), logger),
        policies(live, role, logger),
        spool(std::move(opened)),
        directory(std::move(known)),
        authenticator(auth::make_dovecot_client(program.settings()->text("authd.socket"))),
        tls(role == Role::local ? nullptr : frontend::load_tls(*program.settings(), logger)),
        layers(std::move(resolver), directory, rates, clock, logger),
        services{spool, directory, *authenticator, tls, clock, logger} {}

  // For one session, under this policy.
  Services services_under(const std::shared_ptr<const Policy>& policy) {
    Services own = services;
    own.layers = layers.of(policy);
    return own;
  }
};

// `rates`: of all workers.
Result<std::shared_ptr<Worker>> make_worker(const config::Program& program, Role role, const log::Logger& logger,
                                            policy::RateLimits& rates, std::function<void()> commit_failed) {
  const auto& settings = *program.settings();
  const bool service = static_cast<bool>(commit_failed);
  auto options = spool_options(settings, service);
  options.commit_failed = std::move(commit_failed);
  static const SystemClock clock;  // outlives every spool
  auto spool = spool::Spool::open(settings.path("spool"), options, clock);
  if (!spool) return std::move(spool).error();
  auto directory = directory::Directory::open(settings.path("directory"), {});
  if (!directory) return std::move(directory).error();
  auto resolver = dns::SystemResolver::create(settings.list("dns.servers"));
  if (!resolver) return std::move(resolver).error().while_doing("dns.servers");
  auto worker = std::make_shared<Worker>(program, role, logger, std::move(*spool), std::move(*directory),
                                         std::move(*resolver), rates);
  if (!worker->policies.current()) return Failure::permanent("no policy can be made of the settings");
  return worker;
}

std::string user_name(unsigned uid) {
  std::array<char, 16384> buffer;
  passwd entry{}, *found = nullptr;
  if (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) return entry.pw_name;
  return "uid-" + std::to_string(uid);
}

ExitStatus serve_stdio(const config::Program& program, Role role, const Options& options, const log::Logger& logger) {
  const SystemClock clock;
  policy::RateLimits rates(clock);  // one session's: whoever runs sessions this way counts for itself
  auto worker = make_worker(program, role, logger, rates, {});
  if (!worker) return config::complain("smtpd", worker.error());
  auto known = frontend::client_of_stdio(options);
  if (!known) return config::complain("smtpd", known.error()), ExitStatus::usage;
  Client client;
  static_cast<frontend::Client&>(client) = std::move(*known);
  client.trusted = options.trusted;
  if (options.trusted || role == Role::local) client.unix_user = user_name(::getuid());
  auto policy = (*worker)->policies.current();
  auto services = (*worker)->services_under(policy);
  services.explain = options.explain;
  if (client.tls) services.tls = nullptr;
  net::FdStream stream(STDIN_FILENO, STDOUT_FILENO);
  Session session(services, std::move(policy), std::move(client), stream);
  if (options.lf || ::isatty(STDIN_FILENO) == 1) session.accept_lf();
  session.run();
  return ExitStatus::ok;
}

net::ServerOptions server_options(const config::Settings& settings, Role role, const Options& options) {
  const std::string section = section_of(role);
  const std::size_t connections = settings.number(section + ".connections");
  net::ServerOptions server;
  net::ListenerSpec plain, tls;
  plain.name = section;
  plain.default_port = role == Role::submission ? 587 : role == Role::lmtp ? 24 : 25;
  plain.connections = connections;
  // ADR 2: any user of this machine may hand over mail; who it is, the socket's peer credentials say.
  if (role == Role::local) plain.unix_mode = 0666;
  if (!options.listen.empty() || !options.listen_tls.empty())
    plain.addresses = options.listen;
  else
    plain.addresses = settings.list(section + ".listen");
  tls.name = "submissions";
  tls.default_port = 465;
  tls.tls = true;
  tls.connections = role == Role::submission ? settings.number("submissions.connections") : connections;
  tls.addresses = options.listen_tls;
  if (role == Role::submission && options.listen.empty() && options.listen_tls.empty())
    tls.addresses = settings.list("submissions.listen");
  server.connections = plain.connections + (tls.addresses.empty() ? 0 : tls.connections);  // L5
  server.listeners = {std::move(plain), std::move(tls)};
  server.connections_per_address = settings.number(section + ".connections-per-address");
  server.workers = static_cast<unsigned>(settings.number(section + ".workers"));
  if (role == Role::mx || role == Role::submission)  // A5; what is wrong was said when the settings were read
    if (auto proxies = net::AddressSet::parse(join(settings.list(section + ".proxy-hosts"), ",")))
      server.proxy_hosts = std::move(*proxies);
  if (!options.ready_fd.empty()) server.ready_fd = parse_number<int>(options.ready_fd);
  // L2, L3; RFC 5321 3.8.
  const std::string host = settings.text("server.hostname");
  server.too_many_text = "421 4.3.2 " + host + " Too many connections, try again later\r\n";
  server.too_many_from_address_text = "421 4.7.0 " + host + " Too many connections from your address\r\n";
  return server;
}

constexpr std::size_t tls_listener = 1;  // the place in server_options

void serve(Worker& worker, net::Connection connection) {
  Client client;
  client.address = connection.peer;
  client.local = connection.local;
  if (connection.credentials) client.unix_user = user_name(connection.credentials->uid);
  auto policy = worker.policies.current();
  net::Stream* stream = connection.stream.get();
  std::unique_ptr<tls::TlsStream> secured;
  if (connection.listener == tls_listener) {
    secured = frontend::secure(worker.tls.get(), *stream, client, worker.services.logger);
    if (!secured) return;
    stream = secured.get();
  }
  const Services services = worker.services_under(policy);
  Session(services, std::move(policy), std::move(client), *stream).run();
}

ExitStatus serve_listeners(const config::Program& program, Role role, const Options& options, const log::Logger& logger) {
  net::Server server(server_options(*program.settings(), role, options), logger);
  const SystemClock clock;
  policy::RateLimits rates(clock);
  std::shared_ptr<Worker> worker;
  const auto make_handler = [&]() -> Result<net::Handler> {
    // design.md 3: if a commit fails, every waiter gets 451 and the process exits 75.
    auto made = make_worker(program, role, logger, rates, [&] { server.stop(ExitStatus::later); });
    if (!made) return std::move(made).error();
    worker = std::move(*made);
    return net::Handler([worker](net::Connection connection) { serve(*worker, std::move(connection)); });
  };
  return server.run(make_handler, [&] {
    if (worker && worker->tls) worker->tls->reload();
  });
}

int run(int argc, char** argv) {
  config::Program program("smtpd", "receive mail by ESMTP",
                          {"server", "=smtpd", "submission", "submissions", "lmtp", "local", "tls", "authd", "spool", "dns"});
  Options options;
  declare(program, options);
  if (const auto ended = program.parse(argc, argv)) return to_int(*ended);
  const auto role = parse_role(options.role);
  if (!role) {
    config::complain("smtpd", Failure::permanent("--role " + options.role + ": mx, submission, lmtp or local"));
    return to_int(ExitStatus::usage);
  }
  process::ignore_sigpipe();
  const auto logger = program.logger();
  return to_int(options.stdio ? serve_stdio(program, *role, options, logger)
                              : serve_listeners(program, *role, options, logger));
}

}  // namespace
}  // namespace tubepost::smtpd

int main(int argc, char** argv) { return tubepost::smtpd::run(argc, argv); }

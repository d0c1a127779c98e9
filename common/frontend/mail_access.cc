#include "frontend/mail_access.h"

#include <unistd.h>

#include "base/text.h"
#include "directory/login.h"
#include "net/fd_stream.h"
#include "net/server.h"
#include "process/signals.h"

namespace tubepost::frontend {
namespace {

constexpr std::size_t tls_listener = 1;  // its place in server_options()

constexpr std::string_view not_given("\0", 1);  // what no command line can say

struct MailOptions : Options {
  std::string preauth{not_given};
};

// The parts of a program that its protocol and its command line decide.
struct Run {
  const MailProtocol& protocol;
  const Conversation& conversation;
  const config::Program& program;
  const MailOptions& options;
  const log::Logger& logger;

  ExitStatus complain(const Failure& failure) const {
    return config::complain(std::string(protocol.program), failure);
  }
};

net::ListenerSpec listener(const config::Settings& settings, std::string_view section, std::uint16_t port,
                           const std::vector<std::string>* addresses) {
  net::ListenerSpec spec;
  spec.name = section;
  spec.default_port = port;
  spec.connections = settings.number(spec.name + ".connections");
  spec.addresses = addresses != nullptr ? *addresses : settings.list(spec.name + ".listen");
  return spec;
}

net::ServerOptions server_options(const Run& run) {
  const auto& settings = *run.program.settings();
  const auto& [protocol, options] = std::tie(run.protocol, run.options);
  const bool from_settings = options.listen.empty() && options.listen_tls.empty();
  auto plain = listener(settings, protocol.program, protocol.port, from_settings ? nullptr : &options.listen);
  auto tls = listener(settings, protocol.tls_section, protocol.tls_port,
                      from_settings ? nullptr : &options.listen_tls);
  tls.tls = true;

  const std::string section(protocol.program);
  net::ServerOptions server;
  server.connections = plain.connections + tls.connections;  // L5: each listener has its own number, too
  server.connections_per_address = settings.number(section + ".connections-per-address");
  server.connections_per_user = settings.number(section + ".connections-per-user");
  server.workers = static_cast<unsigned>(settings.number(section + ".workers"));
  server.listeners = {std::move(plain), std::move(tls)};
  // A5. What is wrong with a range has been said when the settings were read.
  if (auto proxies = net::AddressSet::parse(join(settings.list(section + ".proxy-hosts"), ",")))
    server.proxy_hosts = std::move(*proxies);
  if (!options.ready_fd.empty()) server.ready_fd = parse_number<int>(options.ready_fd);
  server.too_many_text = protocol.too_many;
  server.too_many_from_address_text = protocol.too_many_from_address;
  return server;
}

void serve(MailAccess& access, const Conversation& conversation, const net::Connection& connection) {
  MailClient client;
  client.address = connection.peer;
  client.local = connection.local;
  client.name_user = connection.name_user;
  net::Stream* stream = connection.stream.get();
  std::unique_ptr<tls::TlsStream> secured;
  if (connection.listener == tls_listener) {
    secured = secure(access.tls().get(), *stream, client, access.logger());
    if (!secured) return;
    stream = secured.get();
  }
  conversation(access, std::move(client), *stream, false);
}

ExitStatus serve_listeners(const Run& run) {
  net::Server server(server_options(run), run.logger);
  std::shared_ptr<MailAccess> access;
  const auto make_handler = [&]() -> Result<net::Handler> {
    auto opened =
        MailAccess::open(run.program, run.protocol, run.logger, [&] { server.stop(ExitStatus::later); });
    if (!opened) return std::move(opened).error();
    access = std::move(*opened);
    return net::Handler([access, &conversation = run.conversation](net::Connection connection) {
      serve(*access, conversation, connection);
    });
  };
  return server.run(make_handler, [&] {
    if (access && access->tls()) access->tls()->reload();
  });
}

Result<smtp::Mailbox> preauthenticated(const directory::Directory& directory, const std::string& name) {
  auto account = directory::find_login(directory, name, {});
  if (!account) return std::move(account).error();
  if (!*account) return Failure::permanent("--preauth " + printable(name) + ": no such account", {5, 1, 1});
  return (*account)->address;
}

ExitStatus serve_stdio(const Run& run) {
  auto known = client_of_stdio(run.options);
  if (!known) return run.complain(known.error()), ExitStatus::usage;
  auto access = MailAccess::open(run.program, run.protocol, run.logger, {});
  if (!access) return run.complain(access.error());
  MailClient client{std::move(*known), std::nullopt};
  if (run.options.preauth != not_given) {
    auto address = preauthenticated((*access)->directory(), run.options.preauth);
    if (!address) return run.complain(address.error());
    client.preauthenticated = std::move(*address);
  }
  net::FdStream stream(STDIN_FILENO, STDOUT_FILENO);
  const bool lf = run.options.lf || ::isatty(STDIN_FILENO) == 1;
  run.conversation(**access, std::move(client), stream, lf);
  return ExitStatus::ok;
}

// --preauth on a listener, silently without effect or worse with one, is a mistake like the others.
bool fit_together(const MailOptions& options) {
  return options.stdio ? !options.for_listeners() : !options.for_stdio() && options.preauth == not_given;
}

}  // namespace

MailAccess::MailAccess(const config::Program& program, const log::Logger& logger,
                       std::unique_ptr<SystemClock> clock, mailstore::MailStore store,
                       directory::Directory directory)
    : live_(program.inputs(), program.settings(), logger),
      logger_(logger),
      clock_(std::move(clock)),
      store_(std::move(store)),
      directory_(std::move(directory)),
      authenticator_(auth::make_dovecot_client(program.settings()->text("authd.socket"))),
      tls_(load_tls(*program.settings(), logger)) {}

Result<std::shared_ptr<MailAccess>> MailAccess::open(const config::Program& program,
                                                     const MailProtocol& protocol, const log::Logger& logger,
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
  auto access = std::make_shared<MailAccess>(program, logger, std::move(clock), std::move(*store),
                                             std::move(*directory));
  if (!protocol.watches) return access;
  auto watcher = mailstore::ChangeWatcher::start(access->store_, options.notify_folder);
  if (!watcher) return std::move(watcher).error();
  access->watcher_ = std::move(*watcher);
  return access;
}

int run(const MailProtocol& protocol, const Conversation& conversation, int argc, char** argv) {
  const std::string name(protocol.program);
  config::Program program(name, std::string(protocol.purpose),
                          {"server", "=" + name, std::string(protocol.tls_section), "tls", "authd", "store"});
  MailOptions options;
  declare(program, options, name + ".listen");
  program.option("--preauth", options.preauth, "USER@DOMAIN",
                 "With --stdio: begin logged in as this account.");
  if (const auto ended = program.parse(argc, argv)) return to_int(*ended);
  if (!fit_together(options)) {
    config::complain(
        name,
        Failure::permanent("--client, --tls-done, --preauth and --lf belong to --stdio; the others do not"));
    return to_int(ExitStatus::usage);
  }
  if (options.preauth.empty()) {
    config::complain(name, Failure::permanent("--preauth: the name of an account is missing"));
    return to_int(ExitStatus::usage);
  }
  process::ignore_sigpipe();
  const auto logger = program.logger();
  const Run it{protocol, conversation, program, options, logger};
  return to_int(options.stdio ? serve_stdio(it) : serve_listeners(it));
}

}  // namespace tubepost::frontend

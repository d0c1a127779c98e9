#include <unistd.h>

#include <array>
#include <cstdio>

#include "base/text.h"
#include "config/program.h"
#include "dns/host_port.h"
#include "dns/system_resolver.h"
#include "kick/client.h"
#include "kick/trigger.h"
#include "net/server.h"
#include "process/signals.h"

namespace tubepost::kick {
namespace {

constexpr std::uint16_t trigger_port = 79, smtp_port = 25;

struct Options {
  std::string etrn, domain, ready_fd;
  std::vector<std::string> listen, words;
};

std::string hostname_of(const config::Settings& settings) {
  std::string name = settings.text("server.hostname");
  if (!name.empty()) return name;
  std::array<char, 256> buffer{};
  return ::gethostname(buffer.data(), buffer.size() - 1) == 0 && buffer[0] ? buffer.data() : "localhost";
}

ExitStatus complain(const Failure& failure) { return config::complain("kick", failure); }

Result<std::unique_ptr<net::Stream>> connect_by(const config::Settings& settings, const std::string& host,
                                                std::uint16_t default_port) {
  const auto servers = settings.list("dns.servers");
  if (servers.empty()) return connect(host, default_port);  // by /etc/hosts, too
  auto resolver = dns::SystemResolver::create(servers);
  if (!resolver) return std::move(resolver).error();
  return connect(*dns::parse_host_port(host, default_port), *resolver);
}

ExitStatus ask(const config::Program& program, const Options& options) {
  const std::string hostname = hostname_of(*program.settings());
  const std::string domain = !options.etrn.empty()     ? options.etrn
                             : !options.domain.empty() ? options.domain
                                                       : hostname;
  const std::string& host = options.words.front();
  auto stream = connect_by(*program.settings(), host, options.etrn.empty() ? trigger_port : smtp_port);
  if (!stream) return complain(stream.error());
  try {
    const auto answer =
        options.etrn.empty() ? ask_trigger(**stream, domain) : ask_by_etrn(**stream, hostname, domain);
    if (!answer) return complain(answer.error());
    std::printf("%s\t%s\t%s\t%s\n",
                answer->accepted    ? "ok"
                : answer->supported ? "refused"
                                    : "unsupported",
                printable(host).c_str(), printable(domain).c_str(), answer->text.c_str());
    return answer->accepted ? ExitStatus::ok : ExitStatus::no;
  } catch (const net::StreamEnd&) {
    return complain(Failure::temporary(printable(host) + " hung up or said nothing"));
  }
}

net::ServerOptions server_options(const Options& options) {
  net::ServerOptions made;
  net::ListenerSpec spec;
  spec.addresses = options.listen;
  if (spec.addresses.empty()) spec.addresses = {"127.0.0.1:" + std::to_string(trigger_port)};
  spec.default_port = trigger_port;
  spec.name = "kick";
  spec.connections = 20;
  made.listeners = {spec};
  made.connections = 20;
  made.connections_per_address = 2;
  made.ready_fd = parse_number<int>(options.ready_fd);
  made.too_many_text = made.too_many_from_address_text = "421 Too many connections\r\n";
  return made;
}

ExitStatus serve(const config::Program& program, const Options& options) {
  process::ignore_sigpipe();
  const auto settings = program.settings();
  const log::Logger logger = program.logger();
  net::Server server(server_options(options), logger);
  const SystemClock clock;
  return server.run([&]() -> Result<net::Handler> {
    spool::Spool::Options how;
    how.disk_reserve = settings->part("spool.disk-reserve");
    auto opened = spool::Spool::open(settings->path("spool"), how, clock);
    if (!opened) return std::move(opened).error();
    // Shared with the sessions' threads, which std::function copies.
    const auto spool = std::make_shared<spool::Spool>(std::move(*opened));
    return net::Handler([spool, &logger](net::Connection connection) {
      const std::string client = connection.peer ? connection.peer->address.to_text() : "local";
      serve_trigger(*connection.stream, *spool, client, logger);
    });
  });
}

int run(int argc, char** argv) {
  config::Program program("kick", "ask another server to send what it holds for us, or be asked",
                          {"server", "dns", "spool"});
  Options options;
  program.option("--etrn", options.etrn, "DOMAIN", "Ask by SMTP's ETRN for the mail of DOMAIN.");
  program.option("--domain", options.domain, "DOMAIN", "What the trigger port is told; the host's own name.");
  program.option("--listen", options.listen, "ADDR:PORT", "serve: listen here; 127.0.0.1:79.");
  program.option("--ready-fd", options.ready_fd, "N",
                 "serve: write a newline to this descriptor when ready.");
  program.operands(options.words, "HOST[:PORT]|serve", "Whom to ask; serve: the trigger port's own service.");
  if (const auto ended = program.parse(argc, argv)) return to_int(*ended);
  const bool one = options.words.size() == 1 && (options.words.front() == "serve" ||
                                                 dns::parse_host_port(options.words.front(), smtp_port));
  if (!one || options.etrn.find_first_of("\r\n") != std::string::npos ||
      options.domain.find_first_of("\r\n") != std::string::npos) {
    complain(Failure::permanent("it takes one HOST[:PORT], or serve"));
    return to_int(ExitStatus::usage);
  }
  return to_int(options.words.front() == "serve" ? serve(program, options) : ask(program, options));
}

}  // namespace
}  // namespace tubepost::kick

int main(int argc, char** argv) { return tubepost::kick::run(argc, argv); }

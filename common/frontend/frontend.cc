#include "frontend/frontend.h"

#include <unistd.h>

#include <cstdlib>

#include "base/text.h"
#include "net/fd_stream.h"

namespace tubepost::frontend {
namespace {

constexpr std::chrono::seconds handshake_limit{60};

}  // namespace

void declare(config::Program& program, Options& options, const std::string& in_place_of) {
  program.option("--listen", options.listen, "ADDR:PORT",
                 "Listen here in place of " + in_place_of + "; repeatable.");
  program.option("--listen-tls", options.listen_tls, "ADDR:PORT",
                 "Listen here, with TLS from the start; repeatable.");
  program.option("--ready-fd", options.ready_fd, "N", "Write a newline to this descriptor when ready.");
  program.flag("--stdio", options.stdio, "Speak one session on stdin and stdout.");
  program.option("--client", options.client, "IP[:PORT]", "With --stdio: who the client is.");
  program.flag("--tls-done", options.tls_done, "With --stdio: the connection is under TLS already.");
  program.flag("--lf", options.lf, "With --stdio: take LF for CRLF (implied on a terminal).");
}

Result<Client> client_of_stdio(const Options& options) {
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

std::shared_ptr<tls::ServerContext> load_tls(const config::Settings& settings, const log::Logger& logger) {
  auto context =
      tls::ServerContext::load({{settings.text("tls.certificate"), settings.text("tls.key")}}, logger);
  if (context) return std::move(*context);
  logger.warning("tls-unavailable", {{"reason", context.error().text}});
  return nullptr;
}

std::unique_ptr<tls::TlsStream> secure(tls::ServerContext* context, net::Stream& stream, Client& client,
                                       const log::Logger& logger) {
  const auto complain = [&](std::string_view reason) {
    logger.info("tls-failed", {{"client", client.address_text()}, {"reason", reason}});
    return nullptr;
  };
  if (context == nullptr) return complain("there is no certificate");
  try {
    stream.set_time_limit(handshake_limit);
    auto accepted = context->accept(stream);
    if (!accepted) return complain(accepted.error().text);
    client.tls = true;
    client.tls_info = (*accepted)->info();
    return std::move(*accepted);
  } catch (const net::StreamEnd&) {
    return complain("the client went away");
  }
}

std::unique_ptr<tls::TlsStream> start_tls(tls::ServerContext* context, net::Stream& stream,
                                          net::LineStream& lines, Client& client,
                                          std::chrono::milliseconds limit, const log::Logger& logger) {
  lines.flush();
  lines.discard_input();
  auto secured = secure(context, stream, client, logger);
  if (!secured) return nullptr;
  secured->set_time_limit(limit);
  lines.replace_stream(*secured);
  return secured;
}

}  // namespace tubepost::frontend

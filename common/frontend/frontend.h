// What stands between the command line and a session, in every daemon that serves sessions: the options of
// contracts.md, who is at the other end, and TLS from the start. Threading: secure() may be called from any
// thread; the rest is for main, before there are threads.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/program.h"
#include "log/logger.h"
#include "net/endpoint.h"
#include "net/line_stream.h"
#include "tls/context.h"

namespace tubepost::frontend {

struct Options {
  std::vector<std::string> listen, listen_tls;
  std::string client, ready_fd;
  bool stdio = false, tls_done = false, lf = false;

  // Options that would be silently without effect are mistakes: these are for one session on stdin and
  // stdout, and those for listeners.
  bool for_listeners() const { return !listen.empty() || !listen_tls.empty() || !ready_fd.empty(); }
  bool for_stdio() const { return !client.empty() || tls_done || lf; }
};

// `in_place_of`: what --listen stands in for, "imapd.listen".
void declare(config::Program& program, Options& options, const std::string& in_place_of);

// Who is at the other end, as far as the listener or the command line knows.
struct Client {
  std::optional<net::Endpoint> address, local;
  bool tls = false;              // the stream has done TLS from its start (implicit TLS, --tls-done)
  tls::ConnectionInfo tls_info;  // if so, and if known

  std::string address_text() const { return address ? address->address.to_text() : std::string(); }
};

// contracts.md: --client, else the socket's peer, else TCPREMOTEIP, else unknown. Fails if --client is no
// address.
Result<Client> client_of_stdio(const Options& options);

// The certificate of the settings. Null: the log says why, and TLS is not offered.
std::shared_ptr<tls::ServerContext> load_tls(const config::Settings& settings, const log::Logger& logger);

// TLS from the start (RFC 8314 3); `client` is told of it. Null: the log says why, and nothing can be told to
// the client.
std::unique_ptr<tls::TlsStream> secure(tls::ServerContext* context, net::Stream& stream, Client& client,
                                       const log::Logger& logger);

// TLS in the middle of a session (STARTTLS, STLS), once the reply that lets the client begin stands in `lines`, which read from
// and write to `stream` and afterwards to what is returned. What came before is forgotten: anybody may have put it there (RFC 3207 6,
// RFC 2595 4, RFC 9051 6.2.1; CVE-2011-0411). `limit` is the time limit from then on. Null: as of secure().
std::unique_ptr<tls::TlsStream> start_tls(tls::ServerContext* context, net::Stream& stream,
                                          net::LineStream& lines, Client& client,
                                          std::chrono::milliseconds limit, const log::Logger& logger);

}  // namespace tubepost::frontend

#include "imapd/service.h"
#include "process/signals.h"

namespace tubepost::imapd {
namespace {

void declare(config::Program& program, Options& options) {
  program.option("--listen", options.listen, "ADDR:PORT",
                 "Listen here in place of imapd.listen; repeatable.");
  program.option("--listen-tls", options.listen_tls, "ADDR:PORT",
                 "Listen here, with TLS from the start; repeatable.");
  program.option("--ready-fd", options.ready_fd, "N", "Write a newline to this descriptor when ready.");
  program.flag("--stdio", options.stdio, "Speak one session on stdin and stdout.");
  program.option("--client", options.client, "IP[:PORT]", "With --stdio: who the client is.");
  program.flag("--tls-done", options.tls_done, "With --stdio: the connection is under TLS already.");
  program.option("--preauth", options.preauth, "USER@DOMAIN",
                 "With --stdio: begin logged in as this account.");
  program.flag("--lf", options.lf, "With --stdio: take LF for CRLF (implied on a terminal).");
}

// Options that would be silently without effect, the most of all --preauth on a listener, are mistakes.
bool fit_together(const Options& options) {
  const bool for_listeners =
      !options.listen.empty() || !options.listen_tls.empty() || !options.ready_fd.empty();
  const bool for_stdio =
      !options.client.empty() || !options.preauth.empty() || options.tls_done || options.lf;
  return options.stdio ? !for_listeners : !for_stdio;
}

int run(int argc, char** argv) {
  config::Program program("imapd", "give mail to its reader by IMAP",
                          {"server", "=imapd", "imaps", "tls", "authd", "store"});
  Options options;
  declare(program, options);
  if (const auto ended = program.parse(argc, argv)) return to_int(*ended);
  if (!fit_together(options)) {
    config::complain(
        "imapd",
        Failure::permanent("--client, --tls-done, --preauth and --lf belong to --stdio; the others do not"));
    return to_int(ExitStatus::usage);
  }
  process::ignore_sigpipe();
  const auto logger = program.logger();
  return to_int(options.stdio ? serve_stdio(program, options, logger)
                              : serve_listeners(program, options, logger));
}

}  // namespace
}  // namespace tubepost::imapd

int main(int argc, char** argv) { return tubepost::imapd::run(argc, argv); }

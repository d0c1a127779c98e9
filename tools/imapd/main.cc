#include "frontend/mail_access.h"
#include "imapd/session.h"

namespace tubepost::imapd {
namespace {

constexpr frontend::MailProtocol protocol{
    "imapd",
    "give mail to its reader by IMAP",
    "imaps",
    143,
    993,
    "* BYE [UNAVAILABLE] Too many connections, try again later\r\n",
    "* BYE [LIMIT] Too many connections from your address\r\n",
    true,
};

Rules rules(const config::Settings& settings) {
  return {settings.text("server.hostname"), settings.flag("imapd.cleartext-login"),
          settings.duration("imapd.idle-timeout"), settings.number("imapd.message-size-max"),
          settings.text("imapd.shared-account")};
}

void converse(frontend::MailAccess& access, Client client, net::Stream& stream, bool lf) {
  const Services services{access.store(),
                          access.watcher(),
                          access.directory(),
                          access.authenticator(),
                          client.tls ? nullptr : access.tls(),
                          access.clock(),
                          access.logger()};
  Session session(services, rules(*access.settings()), std::move(client), stream);
  if (lf) session.accept_lf();
  session.run();
}

}  // namespace
}  // namespace tubepost::imapd

int main(int argc, char** argv) {
  return tubepost::frontend::run(tubepost::imapd::protocol, tubepost::imapd::converse, argc, argv);
}

#include "frontend/mail_access.h"
#include "popd/session.h"

namespace tubepost::popd {
namespace {

constexpr frontend::MailProtocol protocol{
    "popd",
    "give mail to its reader by POP3",
    "pop3s",
    110,
    995,
    "-ERR [SYS/TEMP] Too many connections, try again later\r\n",
    "-ERR [SYS/TEMP] Too many connections from your address\r\n",
};

Rules rules(const config::Settings& settings) {
  return {settings.text("server.hostname"), settings.flag("popd.cleartext-login"),
          settings.duration("popd.idle-timeout")};
}

void converse(frontend::MailAccess& access, Client client, net::Stream& stream, bool lf) {
  const Services services{access.store(), access.directory(), access.authenticator(),
                          client.tls ? nullptr : access.tls(), access.logger()};
  Session session(services, rules(*access.settings()), std::move(client), stream);
  if (lf) session.accept_lf();
  session.run();
}

}  // namespace
}  // namespace tubepost::popd

int main(int argc, char** argv) {
  return tubepost::frontend::run(tubepost::popd::protocol, tubepost::popd::converse, argc, argv);
}

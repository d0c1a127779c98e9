// ETRN, RFC 1985: a host that was away asks for what waits for its domain. Nothing is said to it but that: the mail goes where the
// queue would send it anyway.
#include "base/text.h"
#include "smtpd/refusals.h"
#include "smtpd/session.h"

namespace tubepost::smtpd {

Answer Session::etrn(std::string_view arguments) {
  if (!offers_etrn()) return refusals::unknown_command();
  if (transaction_) return refusals::nested_mail();
  // RFC 1985 5.2: "@domain" means the hosts below it too; "#queue" names a queue, of which there is one.
  auto node = arguments;
  const bool subdomains = node.starts_with('@');
  if (subdomains) node.remove_prefix(1);
  if (node.starts_with('#')) return refusals::no_such_node(node);
  const auto probe = smtp::parse_mailbox("x@" + std::string(node));
  if (!probe) return refusals::bad_arguments("ETRN domain");
  using Kind = spool::Spool::Expedited::Kind;
  const auto done = services_.spool.expedite(probe->domain, subdomains, client_.address_text());
  if (!done) return refusals::failed(done.error(), "Cannot look into the queue now");
  services_.logger.info("etrn", {{"client", client_.address_text()}, {"domain", probe->domain}, {"recipients", done->recipients}});
  if (done->kind == Kind::too_soon) return refusals::node_too_soon(probe->domain);
  if (done->kind == Kind::none_waiting)
    return smtp::Reply{251, EnhancedStatus{2, 0, 0}, "No messages waiting for " + probe->domain};
  return smtp::Reply{253, EnhancedStatus{2, 0, 0},
                     std::to_string(done->recipients) + " pending messages for " + probe->domain + " started"};
}

}  // namespace tubepost::smtpd

// RSET, NOOP, QUIT, VRFY, HELP: RFC 5321 4.1.1.5 to 4.1.1.10.
#include "smtpd/refusals.h"
#include "smtpd/session.h"

namespace tubepost::smtpd {

Answer Session::rset(std::string_view) {
  transaction_.reset();
  return smtp::Reply{250, EnhancedStatus{2, 0, 0}, "Ok"};
}

Answer Session::noop(std::string_view) { return smtp::Reply{250, EnhancedStatus{2, 0, 0}, "Ok"}; }

Answer Session::quit(std::string_view) {
  return {smtp::Reply{221, EnhancedStatus{2, 0, 0}, policy_->hostname() + " closing connection"}, Then::close};
}

// RFC 5321 7.3: a server may keep to itself who exists; 252 says so without a lie.
Answer Session::vrfy(std::string_view arguments) {
  if (arguments.empty()) return refusals::bad_arguments("VRFY what?");
  return smtp::Reply{252, EnhancedStatus{2, 5, 0}, "Cannot verify, but will take mail and try to deliver it"};
}

Answer Session::help(std::string_view) {
  return smtp::Reply{214, EnhancedStatus{2, 0, 0}, "Tubepost smtpd: EHLO MAIL RCPT DATA RSET NOOP QUIT, see RFC 5321"};
}

}  // namespace tubepost::smtpd

#include "base/text.h"
#include "smtpd/session.h"

namespace tubepost::smtpd {
namespace {

using S = Session;

}  // namespace

const Command* find_command(std::string_view verb) {
  static constexpr Command table[] = {
      // verb      handler        hello  arguments
      {"MAIL", &S::mail, true, true},
      {"RCPT", &S::rcpt, true, true},
      {"DATA", &S::data, true, false},
      {"BDAT", &S::bdat, true, true},
      {"RSET", &S::rset, false, false},
      {"EHLO", &S::ehlo, false, true},
      {"HELO", &S::helo, false, true},
      {"LHLO", &S::lhlo, false, true},
      {"QUIT", &S::quit, false, false},
      {"NOOP", &S::noop, false, true},
      {"AUTH", &S::auth, true, true},
      {"STARTTLS", &S::starttls, true, false},
      {"ETRN", &S::etrn, true, true},
      {"XCLIENT", &S::xclient, false, true},
      {"VRFY", &S::vrfy, false, true},
      {"HELP", &S::help, false, true},
  };
  for (const Command& command : table)
    if (equal_ignoring_case(command.verb, verb)) return &command;
  return nullptr;
}

}  // namespace tubepost::smtpd

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
      {"RSET", &S::rset, false, false},
      {"EHLO", &S::ehlo, false, true},
      {"HELO", &S::helo, false, true},
      {"QUIT", &S::quit, false, false},
      {"NOOP", &S::noop, false, true},
      {"AUTH", &S::auth, true, true},
      {"STARTTLS", &S::starttls, true, false},
      {"VRFY", &S::vrfy, false, true},
      {"HELP", &S::help, false, true},
  };
  for (const Command& command : table)
    if (equal_ignoring_case(command.verb, verb)) return &command;
  return nullptr;
}

}  // namespace tubepost::smtpd

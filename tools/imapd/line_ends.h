// A message comes to the store with CRLF at its line ends, however its client has them: the store holds CRLF, and
// popd(8) sends what it holds, where a dot between two bare LFs would end a message for many a client. A bare CR stays.
// Pure but for where it writes to; one message (or part of one) piece by piece.
#pragma once

#include "mailstore/new_body.h"

namespace tubepost::imapd {

class LineEnds {
public:
  explicit LineEnds(mailstore::NewBody& body) : body_(body) {}
  Result<void> write(std::string_view piece);

private:
  mailstore::NewBody& body_;
  bool after_cr_ = false;
};

}  // namespace tubepost::imapd

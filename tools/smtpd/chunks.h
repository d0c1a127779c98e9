// A message that comes in chunks (BDAT, RFC 3030 2): what DotReader finds out about dotted content, found out about counted octets.
#pragma once

#include <string_view>

#include "smtp/dot_stream.h"
#include "smtpd/intake.h"
#include "spool/spool_id.h"

namespace tubepost::smtpd {

class ContentInspector {
 public:
  void take(std::string_view content);  // cut anywhere
  // A CR at the very end is bare; a last line without its end counts as one.
  smtp::DotReader::Findings findings() const;
  bool ends_with_line_end() const { return last_ == '\n' && before_last_ == '\r'; }

 private:
  smtp::DotReader::Findings findings_;
  std::uint64_t line_ = 0;  // octets of the line that is under way
  char last_ = '\0', before_last_ = '\0';
};

struct Chunks {
  spool::SpoolId id;
  Intake intake;
  ContentInspector inspector{};
};

}  // namespace tubepost::smtpd

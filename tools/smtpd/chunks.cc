#include "smtpd/chunks.h"

#include <algorithm>

namespace tubepost::smtpd {

void ContentInspector::take(std::string_view content) {
  for (const char c : content) {
    if (c == '\n') {
      const bool whole = last_ == '\r';
      if (!whole) findings_.bare_lf = true;
      findings_.longest_line = std::max(findings_.longest_line, line_ - (whole ? 1 : 0));
      line_ = 0;
    } else {
      if (last_ == '\r') findings_.bare_cr = true;
      if (c == '\0') findings_.nul = true;
      if ((c & 0x80) != 0) findings_.eight_bit = true;
      ++line_;
    }
    before_last_ = last_;
    last_ = c;
  }
  findings_.octets += content.size();
}

smtp::DotReader::Findings ContentInspector::findings() const {
  auto all = findings_;
  if (last_ == '\r') all.bare_cr = true;
  all.longest_line = std::max(all.longest_line, line_);
  return all;
}

}  // namespace tubepost::smtpd

#include "imapd/progress.h"

#include <string>

#include "imap/writer.h"

namespace tubepost::imapd {
namespace {

constexpr std::chrono::seconds interval{10};
constexpr unsigned asked_between_looks = 64;

}  // namespace

bool Progress::is_due() {
  if (!due_ && ++asked_ % asked_between_looks == 0) due_ = clock_.since_boot() - told_ >= interval;
  return due_;
}

void Progress::at(std::uint64_t done, std::uint64_t goal) {
  const auto now = clock_.since_boot();
  done += before_;
  if (all_ != 0) goal = all_;
  if (now - told_ < interval || done >= goal) return;
  told_ = now;
  due_ = false;
  std::string out = "* OK [INPROGRESS (";
  // RFC 9585 4: a tag that could end the code is left out.
  tag_.find(']') == tag_.npos ? imap::append_string(out, tag_) : void(out += "NIL");
  out.append(" ").append(std::to_string(done)).append(" ").append(std::to_string(goal));
  lines_ << out << ")] Still at it\r\n";
  lines_.flush();
}

}  // namespace tubepost::imapd

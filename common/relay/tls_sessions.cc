#include "relay/tls_sessions.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/file.h"
#include "base/text.h"
#include "base/unique_fd.h"

namespace tubepost::relay {
namespace {

constexpr std::size_t value_max = 300;  // so that a line is shorter than what is written in one piece

std::string clean(std::string_view value) {
  std::string text = printable(value, value_max);
  for (char& c : text)
    if (c == '\t') c = ' ';
  return text.empty() ? "-" : text;
}

std::string value_of(std::string_view text) { return text == "-" ? std::string() : std::string(text); }

}  // namespace

std::string to_line(const TlsSession& s) {
  return clean(s.domain) + '\t' + clean(s.policy) + '\t' + clean(s.host) + '\t' + clean(s.address) + '\t' +
         clean(s.result) + '\t' + clean(s.reason) + '\n';
}

std::optional<TlsSession> parse_tls_session(std::string_view line) {
  constexpr std::size_t longest = 8 * 300;
  if (line.size() > longest) return std::nullopt;
  const auto words = split(line, '\t');
  if (words.size() != 6 || words[0] == "-" || words[0].empty()) return std::nullopt;
  if (words[1] != "tlsa" && words[1] != "sts") return std::nullopt;
  return TlsSession{value_of(words[0]), value_of(words[1]), value_of(words[2]),
                    value_of(words[3]), value_of(words[4]), value_of(words[5])};
}

std::string day_text(Timestamp time) { return to_rfc3339(time).substr(0, 10); }

Result<void> note(const std::string& folder, const TlsSession& session, Timestamp now) {
  if (auto made = make_directory(folder.substr(0, folder.rfind('/')), 0700); !made) return made;
  if (auto made = make_directory(folder, 0700); !made) return made;
  const std::string path = folder + '/' + day_text(now);
  const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!file) return Failure::temporary(path + ": " + error_text(errno));
  struct stat known {};
  if (::fstat(file.get(), &known) == 0 && static_cast<std::uint64_t>(known.st_size) > tls_day_max) return {};
  return write_all(file.get(), to_line(session));
}

}  // namespace tubepost::relay

#include "relay/tls_sessions.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "base/file.h"
#include "base/text.h"
#include "base/unique_fd.h"

namespace tubepost::relay {
namespace {

constexpr std::size_t value_max = 300;  // bytes
constexpr std::size_t fixed_words = 7;

std::string clean(std::string_view value) {
  std::string text = printable(value, value_max);
  for (char& c : text)
    if (c == '\t') c = ' ';
  return text.empty() ? "-" : text;
}

std::string value_of(std::string_view text) { return text == "-" ? std::string() : std::string(text); }

}  // namespace

std::string to_line(const TlsSession& s) {
  std::string line = clean(s.domain);
  for (const auto* value : {&s.policy, &s.host, &s.address, &s.result, &s.reason, &s.local})
    line.append("\t").append(clean(*value));
  for (std::size_t i = 0; i < std::min(policy_lines_max, s.policy_text.size()); ++i)
    line.append("\t").append(clean(s.policy_text[i]));
  return line + '\n';
}

std::optional<TlsSession> parse_tls_session(std::string_view line) {
  constexpr std::size_t words_max = fixed_words + policy_lines_max, longest = words_max * (value_max + 1);
  if (line.size() > longest) return std::nullopt;
  const auto words = split(line, '\t');
  if (words.size() < fixed_words || words.size() > words_max || words[0] == "-" || words[0].empty())
    return std::nullopt;
  if (words[1] != "tlsa" && words[1] != "sts" && words[1] != no_policy) return std::nullopt;
  TlsSession session{value_of(words[0]), value_of(words[1]), value_of(words[2]), value_of(words[3]),
                     value_of(words[4]), value_of(words[5]), value_of(words[6]), {}};
  for (std::size_t i = fixed_words; i < words.size(); ++i) session.policy_text.push_back(value_of(words[i]));
  return session;
}

std::string day_text(Timestamp time) { return to_rfc3339(time).substr(0, 10); }

namespace {

// Several processes may do so at a time: what is gone already is no error, and the rest is for who begins the next day.
void forget_old_days(const std::string& folder, Timestamp now) {
  const std::string oldest = day_text(now - tls_days_kept);
  std::error_code error, ignored;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (!name.empty() && is_digit(name.front()) && name < oldest)
      std::filesystem::remove(entry->path(), ignored);
  }
}

Result<void> begin_day(const std::string& folder, Timestamp now) {
  if (auto made = make_directory(folder.substr(0, folder.rfind('/')), 0700); !made) return made;
  if (auto made = make_directory(folder, 0700); !made) return made;
  forget_old_days(folder, now);
  return {};
}

}  // namespace

Result<void> note(const std::string& folder, const TlsSession& session, Timestamp now) {
  const std::string path = folder + '/' + day_text(now);
  const auto open = [&](int flags) {
    return UniqueFd(::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | flags, 0600));
  };
  UniqueFd file = open(0);
  if (!file && errno == ENOENT) {
    if (auto begun = begin_day(folder, now); !begun) return begun;
    file = open(O_CREAT);
  }
  if (!file) return Failure::temporary(path + ": " + error_text(errno));
  struct stat known {};
  if (::fstat(file.get(), &known) == 0 && static_cast<std::uint64_t>(known.st_size) > tls_day_max) return {};
  return write_all(file.get(), to_line(session));
}

}  // namespace tubepost::relay

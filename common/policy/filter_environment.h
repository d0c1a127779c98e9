// What a message filter knows besides the message: the envelope, in its environment and in a file. The
// environment is made of these variables and of PATH, HOME, USER, LOGNAME, SHELL, LANG, LC_ALL, TZ, TMPDIR
// and TUBEPOST_… as this process has them: nothing else that a caller may have set reaches a filter.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "policy/filter_pipeline.h"

namespace tubepost::policy {

inline constexpr std::size_t recipients_variable_max = 64 << 10;  // contracts.md: RECIPIENTS is unset above

// The file named by ENVELOPE: sender, then recipients, one a line. 0600, under a name nobody can guess, gone
// with this object.
class EnvelopeFile {
public:
  static Result<EnvelopeFile> write(const FilterEnvelope& envelope, const std::string& folder);
  EnvelopeFile(EnvelopeFile&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  EnvelopeFile& operator=(EnvelopeFile&&) = delete;
  ~EnvelopeFile();
  const std::string& path() const { return path_; }

private:
  explicit EnvelopeFile(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

using Environment = std::vector<std::pair<std::string, std::string>>;
Environment filter_environment(const FilterEnvelope& envelope, const std::string& envelope_file);
// Of this process, what every program started for a message may see.
Environment inherited_environment();

}  // namespace tubepost::policy

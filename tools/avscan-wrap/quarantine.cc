#include "avscan-wrap/quarantine.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "avscan-wrap/limits.h"
#include "avscan-wrap/workspace.h"
#include "base/file.h"
#include "base/text.h"

namespace tubepost::avscan {
namespace {

constexpr std::size_t added_in_front_max = 4096;  // Received, and what sendmail adds where it is missing

std::string lines_of(const Envelope& envelope) {
  std::string text = envelope.sender + '\n';
  for (const auto& recipient : envelope.recipients) text += recipient + '\n';
  return text;
}

std::string text_of(const Report& report, const Envelope& envelope) {
  return "time=" + report.time + "\nvirus=" + printable(report.virus) + "\nwhat=" + printable(report.what) +
         "\nclient=" + printable(envelope.client_address) + "\nuser=" + printable(envelope.auth_user) +
         "\n\n" + report.output;
}

Result<void> sync(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file || ::fsync(file.get()) != 0) return Failure::temporary(path + ": " + error_text(errno));
  return {};
}

Result<void> write_synced(const std::string& path, std::string_view content) {
  if (auto written = write_private_file(path, content); !written) return written;
  return sync(path);
}

Result<void> write_all_files(const std::string& folder, std::string_view text, const Envelope& envelope,
                             const Report& report) {
  if (auto written = write_synced(folder + "/message", text); !written) return written;
  if (auto written = write_synced(folder + "/envelope", lines_of(envelope)); !written) return written;
  if (auto written = write_synced(folder + "/report", text_of(report, envelope)); !written) return written;
  return sync(folder);
}

// The folder itself is as durable as what is put into it: the first message makes it.
Result<void> make_quarantine(const std::string& folder) {
  if (auto made = make_directory(folder, 0700); !made) return made;
  const auto parent = std::filesystem::path(folder).parent_path().string();
  return sync(parent.empty() ? "." : parent);
}

// LF and CRLF are the same here: mail changes between the two on its way.
std::string without_cr(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (const char c : text)
    if (c != '\r') plain += c;
  return plain;
}

}  // namespace

bool is_quarantine_id(std::string_view text) {
  return !text.empty() && text.size() <= 64 &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_lower(c) || is_digit(c); });
}

Result<std::string> Quarantine::keep(std::string_view text, const Envelope& envelope,
                                     const Report& report) const {
  if (auto made = make_quarantine(folder_); !made) return std::move(made).error();
  std::string id = is_quarantine_id(envelope.spool_id) ? envelope.spool_id : to_hex(random_bytes(13));
  const std::string folder = folder_ + "/new-" + to_hex(random_bytes(8));
  if (auto made = make_directory(folder, 0700); !made) return std::move(made).error();
  auto written = write_all_files(folder, text, envelope, report);
  // The same spool id twice: a filter that was asked again. The first stays.
  if (written && ::rename(folder.c_str(), (folder_ + '/' + id).c_str()) != 0 && errno != ENOTEMPTY &&
      errno != EEXIST)
    written = Failure::temporary(folder_ + '/' + id + ": " + error_text(errno));
  remove_tree(folder);
  if (written) written = sync(folder_);
  if (!written) return std::move(written).error();
  return id;
}

bool Quarantine::is_being_released(const std::string& id, std::string_view text) const {
  if (!is_quarantine_id(id) || !file_exists(folder_ + '/' + id + "/released")) return false;
  const auto kept = read_file(folder_ + '/' + id + "/message", message_max);
  if (!kept) return false;
  const std::string wanted = without_cr(*kept), given = without_cr(text);
  return given.size() <= wanted.size() + added_in_front_max && given.ends_with(wanted);
}

}  // namespace tubepost::avscan

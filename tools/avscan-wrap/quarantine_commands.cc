// avscan-wrap quarantine list|show|release|remove.
#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include "avscan-wrap/limits.h"
#include "avscan-wrap/notices.h"
#include "avscan-wrap/options.h"
#include "avscan-wrap/quarantine.h"
#include "avscan-wrap/workspace.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"

namespace tubepost::avscan {
namespace {

struct Kept {
  std::string id, time, virus, client, what, sender;
  std::vector<std::string> recipients;
};

ExitStatus complain(const std::string& text, ExitStatus status) {
  std::fprintf(stderr, "avscan-wrap: %s\n", text.c_str());
  return status;
}

Result<Kept> read_kept(const std::string& folder, const std::string& id) {
  if (!is_quarantine_id(id)) return Failure::permanent(printable(id, 80) + ": is no ID");
  const auto envelope = read_file(folder + '/' + id + "/envelope", envelope_max);
  const auto report = read_file(folder + '/' + id + "/report", output_kept * 2);
  if (!envelope || !report) return Failure::permanent(id + ": is not in quarantine");
  Kept kept{id, {}, {}, {}, {}, {}, {}};
  const auto lines = split(*envelope, '\n');
  kept.sender = lines.front();
  for (std::size_t i = 1; i < lines.size(); ++i)
    if (!lines[i].empty()) kept.recipients.emplace_back(lines[i]);
  for (const auto line : split(*report, '\n')) {
    if (line.empty()) break;
    const auto equals = line.find('=');
    const auto name = line.substr(0, equals), value = equals == line.npos ? "" : line.substr(equals + 1);
    if (name == "time") kept.time = value;
    if (name == "virus") kept.virus = value;
    if (name == "client") kept.client = value;
    if (name == "what") kept.what = value;
  }
  return kept;
}

std::vector<Kept> read_all_kept(const std::string& folder) {
  std::vector<Kept> all;
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::opendir(folder.c_str()), &::closedir);
  while (const dirent* entry = entries ? ::readdir(entries.get()) : nullptr)
    if (is_quarantine_id(entry->d_name))
      if (auto kept = read_kept(folder, entry->d_name)) all.push_back(std::move(*kept));
  std::sort(all.begin(), all.end(), [](const Kept& a, const Kept& b) { return a.time < b.time; });
  return all;
}

std::string as_json(const Kept& kept) {
  JsonObject object;
  object.text("id", kept.id);
  object.text("time", kept.time);
  object.text("virus", printable(kept.virus, 4000));
  object.text("what", printable(kept.what, 4000));
  object.text("client", printable(kept.client, 4000));
  object.text("sender", printable(kept.sender, 4000));
  std::string recipients;
  for (const auto& recipient : kept.recipients)
    recipients.append(recipients.empty() ? "" : ",").append(json_string(printable(recipient, 4000)));
  object.raw("recipients", "[" + recipients + "]");
  return object.done();
}

std::string as_columns(const Kept& kept) {
  return kept.id + '\t' + kept.time + '\t' + printable(kept.virus) + '\t' + printable(kept.sender) + '\t' +
         printable(join(kept.recipients, ","), 4000);
}

ExitStatus list(const Options& options) {
  const bool aligned = !options.json && ::isatty(STDOUT_FILENO) == 1;
  if (aligned) std::printf("%-26s %-24s %-32s %s\n", "ID", "TIME", "VIRUS", "SENDER, RECIPIENTS");
  for (const Kept& kept : read_all_kept(options.quarantine)) {
    if (aligned)
      std::printf("%-26s %-24s %-32s <%s> %s\n", kept.id.c_str(), kept.time.c_str(), kept.virus.c_str(),
                  printable(kept.sender).c_str(), printable(join(kept.recipients, " "), 4000).c_str());
    else
      std::printf("%s\n", (options.json ? as_json(kept) : as_columns(kept)).c_str());
  }
  return ExitStatus::ok;
}

ExitStatus show(const Options& options, const std::string& id) {
  if (const auto kept = read_kept(options.quarantine, id); !kept)
    return complain(kept.error().text, ExitStatus::no);
  const std::string folder = options.quarantine + '/' + id;
  for (const char* part : {"report", "envelope", "message"}) {
    const auto content = read_file(folder + '/' + part, message_max);
    if (!content) return complain(content.error().text, ExitStatus::later);
    std::printf("%s%s:\n", std::string_view(part) == "report" ? "" : "\n", part);
    std::fwrite(content->data(), 1, content->size(), stdout);
  }
  return ExitStatus::ok;
}

// While the mark is there, this message and no other passes; see Quarantine::is_being_released().
class ReleaseMark {
public:
  explicit ReleaseMark(std::string path) : path_(std::move(path)) {}
  ~ReleaseMark() { ::unlink(path_.c_str()); }
  Result<void> set() const {
    ::unlink(path_.c_str());
    return write_private_file(path_, "");
  }

private:
  std::string path_;
};

ExitStatus release(const Options& options, const std::vector<std::string>& operands) {
  auto kept = read_kept(options.quarantine, operands[0]);
  if (!kept) return complain(kept.error().text, ExitStatus::no);
  std::vector<std::string> recipients(operands.begin() + 1, operands.end());
  if (recipients.empty()) recipients = kept->recipients;
  if (recipients.empty()) return complain(kept->id + ": has no recipients; name them", ExitStatus::no);
  const std::string folder = options.quarantine + '/' + kept->id;
  const auto text = read_file(folder + "/message", message_max);
  if (!text) return complain(text.error().text, ExitStatus::later);
  const ReleaseMark mark(folder + "/released");
  if (auto set = mark.set(); !set) return complain(set.error().text, ExitStatus::later);
  auto sent = send_mail(options, kept->sender, recipients, *text, kept->id);
  if (!sent) return complain(kept->id + ": not released: " + sent.error().text, ExitStatus::later);
  remove_tree(folder);
  std::printf("%s released\n", kept->id.c_str());
  return ExitStatus::ok;
}

ExitStatus remove(const Options& options, const std::vector<std::string>& ids) {
  ExitStatus status = ExitStatus::ok;
  for (const auto& id : ids) {
    if (const auto kept = read_kept(options.quarantine, id); !kept) {
      status = complain(kept.error().text, ExitStatus::no);
      continue;
    }
    remove_tree(options.quarantine + '/' + id);
    std::printf("%s removed\n", id.c_str());
  }
  return status;
}

}  // namespace

ExitStatus run_quarantine(const Options& options) {
  switch (options.mode) {
    case Mode::list:
      return list(options);
    case Mode::show:
      return show(options, options.operands[0]);
    case Mode::release:
      return release(options, options.operands);
    default:
      return remove(options, options.operands);
  }
}

}  // namespace tubepost::avscan

#include "power_cut/record.h"

#include "base/file.h"
#include "base/text.h"
#include "spool/spool_id.h"

namespace tubepost::power_cut {
namespace {

// Names that differ from run to run or from message to message.
std::string class_of_path(std::string_view path) {
  if (path.ends_with(" (deleted)")) path.remove_suffix(10);
  std::string text;
  for (const auto part : split(path, '/')) {
    const bool is_number = part.size() == 16 && part.find_first_not_of("0123456789abcdef") == part.npos;
    const auto pid = part.find(".new.");
    if (!text.empty()) text += '/';
    text += part.starts_with('#') || spool::SpoolId::parse(part) ? "ID"
            : is_number                                          ? "ACCOUNT"
                                                                 : std::string(part.substr(0, pid));
    if (text == "home/service" || text == "home/tls") break;
  }
  return text;
}

}  // namespace

Result<std::vector<Line>> read_record(const std::string& path) {
  const auto content = read_file(path, std::size_t{1} << 30);
  if (!content) return content.error();
  std::vector<Line> lines;
  for (std::string_view rest = *content; !rest.empty();) {
    const auto end = rest.find('\n');
    if (end == rest.npos) return Failure::permanent("a line without an end");
    Line line;
    const auto words = split(rest.substr(0, end), '\t');
    const auto size = parse_number<std::size_t>(words.back());
    if (words.size() < 2 || !size || *size > rest.size() - end - 2)
      return Failure::permanent("a line that is none");
    line.word = words.front();
    line.fields.assign(words.begin() + 1, words.end() - 1);
    line.bytes = rest.substr(end + 1, *size);
    rest.remove_prefix(end + 1 + *size + 1);
    lines.push_back(std::move(line));
  }
  return lines;
}

std::string kind_of_sync(const Line& line) {
  if (line.word == "write" && line.fields[2] == "synced")
    return line.fields[3] + '|' + class_of_path(line.last()) + "|written";
  if (line.word == "sync") return line.fields[1] + '|' + class_of_path(line.last()) + "|synced";
  if (line.word == "sync-folder") return line.fields[1] + '|' + class_of_path(line.last()) + "/|synced";
  return {};
}

}  // namespace tubepost::power_cut

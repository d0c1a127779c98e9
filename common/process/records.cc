#include "process/records.h"

#include <algorithm>

#include "base/text.h"

namespace tubepost::process {
namespace {

constexpr std::size_t longest_line = 64 << 10, most_fields = 256;

Failure broken(const char* why) { return Failure::permanent(std::string("record: ") + why, {5, 6, 0}); }

// A name is written as it is: what would end it early, or the line, cannot stand in it.
bool is_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return is_printable_ascii(c) && c != '=' && c != '%' && c != ' ';
  });
}

}  // namespace

Record& Record::set(std::string_view name, std::string_view value) {
  fields_.emplace_back(name, value);
  return *this;
}

std::optional<std::string_view> Record::get(std::string_view name) const {
  for (const auto& [key, value] : fields_)
    if (key == name) return value;
  return std::nullopt;
}

std::string_view Record::get_or(std::string_view name, std::string_view otherwise) const {
  return get(name).value_or(otherwise);
}

std::string Record::to_text() const {
  std::string text;
  for (const auto& [name, value] : fields_) text += name + '=' + percent_escape(value) + '\n';
  return text += '\n';
}

void RecordReader::feed(std::string_view bytes) {
  if (consumed_ >
      longest_line) {  // what has been read need not be kept, and not be moved for every line either
    buffer_.erase(0, consumed_);
    scanned_ -= consumed_;
    consumed_ = 0;
  }
  buffer_ += bytes;
}

Result<std::optional<Record>> RecordReader::next() {
  if (failure_) return *failure_;
  for (;;) {
    const auto end = buffer_.find('\n', scanned_);
    const std::size_t length = (end == std::string::npos ? buffer_.size() : end) - consumed_;
    if (length > longest_line) return fail(broken("a line of more than 64 KiB"));
    if (end == std::string::npos) return scanned_ = buffer_.size(), std::optional<Record>();
    const std::string_view line(buffer_.data() + consumed_, length);
    if (line.empty()) {
      consumed_ = scanned_ = end + 1;
      if (partial_.empty()) continue;  // empty lines between records are nothing
      return std::optional(std::exchange(partial_, {}));
    }
    if (auto read = read_line(line); !read) return fail(std::move(read).error());
    consumed_ = scanned_ = end + 1;
  }
}

Result<void> RecordReader::read_line(std::string_view line) {
  if (partial_.fields().size() == most_fields) return broken("more than 256 fields");
  const auto equals = line.find('=');
  if (equals == std::string_view::npos || !is_name(line.substr(0, equals)))
    return broken("a line that is not name=value");
  auto value = percent_unescape(line.substr(equals + 1));
  if (!value) return broken("a broken % escape");
  partial_.set(line.substr(0, equals), *value);
  return {};
}

Failure RecordReader::fail(Failure failure) {
  failure_ = std::move(failure);
  return *failure_;
}

}  // namespace tubepost::process

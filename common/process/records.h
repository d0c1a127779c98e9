// Records between programs: name=value lines, an empty line ends a record (design.md 4). Values are %-escaped
// (%, CR, LF, NUL). Used for jobs and results between qrun and its workers; drivable by hand.
// Names are printable ASCII without blank, % and =. Limits: a line of 64 KiB, 256 fields a record; over them
// the stream is broken and the reader says so.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace tubepost::process {

class Record {
public:
  Record& set(std::string_view name, std::string_view value);  // appends
  std::optional<std::string_view> get(std::string_view name) const;
  std::string_view get_or(std::string_view name, std::string_view otherwise) const;
  bool empty() const { return fields_.empty(); }
  const std::vector<std::pair<std::string, std::string>>& fields() const { return fields_; }
  std::string to_text() const;  // with the empty line at its end

private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

// Push parser: bytes in, records out, however the bytes are cut.
class RecordReader {
public:
  void feed(std::string_view bytes);
  // The next whole record, nullopt if more bytes are needed, a Failure (65) if the stream is broken: then for
  // good.
  Result<std::optional<Record>> next();
  bool in_the_middle() const { return consumed_ < buffer_.size() || !partial_.empty(); }

private:
  Result<void> read_line(std::string_view line);
  Failure fail(Failure failure);

  std::string buffer_;
  std::size_t consumed_ = 0;  // up to here it has become records or fields of partial_
  std::size_t scanned_ = 0;   // up to here there is no further line end
  Record partial_;
  std::optional<Failure> failure_;
};

}  // namespace tubepost::process

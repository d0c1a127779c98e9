// What the last filter prints, held against the message that went in. As long as both are the same nothing is
// kept; at the first difference the sink gets what was the same, then the rest as it comes, with CRLF line
// ends. Also looks for the header that a message must have. No I/O but reading the source.
#pragma once

#include <string>
#include <string_view>

#include "policy/filter_pipeline.h"

namespace tubepost::policy {

class FilterOutput {
public:
  // Source and sink must outlive it.
  FilterOutput(const MessageSource& source, bool binary, const FilterSink& sink)
      : source_(source), binary_(binary), sink_(sink) {}

  Result<void> take(std::string_view bytes);
  Result<void> finish();  // no more comes. Temporary: it is no message, for it has no header
  bool changed() const { return changed_; }
  bool eight_bit() const { return eight_bit_; }
  std::uint64_t size() const { return size_; }  // as printed

private:
  Result<std::size_t> same_as_source(std::string_view bytes);
  Result<void> part_from_source();
  void emit(std::string_view bytes);
  void look_for_header(std::string_view bytes);

  const MessageSource& source_;
  const bool binary_;
  const FilterSink& sink_;
  std::uint64_t size_ = 0, same_ = 0;
  bool changed_ = false, eight_bit_ = false;
  char last_ = '\n';
  enum class Header { in_name, behind_name, found, none } header_ = Header::in_name;
  bool name_begun_ = false;
  std::string buffer_;  // of a source that is a file
};

}  // namespace tubepost::policy

#include "net/line_stream.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace tubepost::net {
namespace {

// While nothing is buffered. RFC 5321 4.5.3.1.4: no command without extensions is longer, and a message's commands that are
// pipelined are not either; who sends more has a larger buffer at once.
constexpr std::size_t idle_size = 512;
constexpr std::size_t idle_output_size = 1024;  // room that is kept for the next reply
constexpr std::size_t output_size = 16384;
constexpr std::size_t bulk_factor = 4;

}  // namespace

LineStream::LineStream(Stream& stream, std::size_t input_size)
    : stream_(&stream), input_size_(std::max<std::size_t>(input_size, 2)) {}

LineStream::LineEnd LineStream::find_line_end(std::size_t from) const {
  while (from < end_) {
    const void* found = std::memchr(input_.get() + from, '\n', end_ - from);
    if (!found) break;
    const auto at = static_cast<std::size_t>(static_cast<const char*>(found) - input_.get());
    const bool after_cr = at > begin_ && input_[at - 1] == '\r';
    if (after_cr) return {at - 1, at + 1};
    if (accept_lf_) return {at, at + 1};
    from = at + 1;
  }
  return {0, 0};
}

LineStream::Line LineStream::read_line(std::size_t limit) {
  if (begin_ == end_ && capacity_ > idle_size) resize_input(idle_size);  // before a wait that may be long
  std::size_t scanned = 0;  // relative to begin_: reading more may move it
  for (;;) {
    const auto [text_end, next] = find_line_end(begin_ + scanned);
    if (next != 0) {
      const std::string_view text(input_.get() + begin_, text_end - begin_);
      const auto line = text.size() > limit ? too_long(text_end) : Line{Line::Kind::ok, text};
      begin_ = next;
      return line;
    }
    scanned = end_ - begin_;
    if (scanned > limit + 1) return skip_line();  // one byte beyond the limit may be the CR
    if (!read_more(std::max(input_size_, limit + 2))) return begin_ = end_ = 0, Line{Line::Kind::end, {}};
  }
}

LineStream::Line LineStream::skip_line() {
  for (;;) {
    // A CR at the end may be the first half of the line end.
    begin_ = std::max(begin_, end_ - std::min(end_, tail_size + 1));
    if (!read_more(std::max(input_size_, 2 * tail_size))) return begin_ = end_ = 0, Line{Line::Kind::end, {}};
    if (const auto found = find_line_end(begin_); found.next != 0) {
      const auto line = too_long(found.text_end);
      begin_ = found.next;
      return line;
    }
  }
}

LineStream::Line LineStream::too_long(std::size_t text_end) const {
  const auto size = std::min(text_end - begin_, tail_size);
  return {Line::Kind::too_long, {input_.get() + text_end - size, size}};
}

std::string_view LineStream::fill() {
  if (begin_ == end_) {
    // Whoever asks for a fill expects bulk; a full buffer says that more is coming.
    const bool was_full = end_ == capacity_ && capacity_ >= input_size_;
    const std::size_t wanted = was_full ? std::min(capacity_ * 2, input_size_ * bulk_factor) : input_size_;
    begin_ = end_ = 0;
    if (capacity_ < wanted) resize_input(wanted);
    if (!read_more(capacity_)) return {};
  }
  return buffered();
}

bool LineStream::fill_more() { return read_more(input_size_ * bulk_factor); }

void LineStream::consume(std::size_t count) { begin_ += std::min(count, end_ - begin_); }

bool LineStream::has_buffered_line() const { return find_line_end(begin_).next != 0; }

void LineStream::resize_input(std::size_t size) {
  auto larger = std::make_unique_for_overwrite<char[]>(size);
  const std::size_t kept = end_ - begin_;
  if (kept > 0) std::memcpy(larger.get(), input_.get() + begin_, kept);
  input_ = std::move(larger);
  capacity_ = size;
  begin_ = 0;
  end_ = kept;
}

bool LineStream::read_more(std::size_t most) {
  if (begin_ == end_) begin_ = end_ = 0;
  if (end_ == capacity_ && begin_ > 0) {
    std::memmove(input_.get(), input_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == capacity_) {
    if (capacity_ >= most) return false;
    resize_input(std::min(most, std::max(idle_size, capacity_ * 2)));
  }
  flush();
  const std::size_t count = stream_->read({input_.get() + end_, capacity_ - end_});
  end_ += count;
  return count > 0;
}

LineStream& LineStream::operator<<(std::string_view text) {
  if (output_.size() + text.size() > output_size) flush();
  if (text.size() > output_size)
    stream_->write(text);
  else
    output_ += text;
  return *this;
}

void LineStream::flush() {
  if (output_.empty()) return;
  // Emptied in any case: what could not be written is not tried again by a goodbye after it.
  struct Emptied {
    std::string& text;
    ~Emptied() { text.capacity() > idle_output_size ? void(text = std::string()) : text.clear(); }
  } const emptied{output_};
  stream_->write(output_);
}

void LineStream::replace_stream(Stream& stream) {
  if (has_buffered_input() || !output_.empty())
    std::abort();  // RFC 3207 4.2: a bug that would be an injection
  stream_ = &stream;
}

}  // namespace tubepost::net

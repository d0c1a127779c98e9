#include "imapd/deflate_stream.h"

#include <zlib.h>

#include <algorithm>
#include <cstdlib>

namespace tubepost::imapd {
namespace {

constexpr int raw_window = -15;  // no zlib header, RFC 4978 3
constexpr int memory_level = 8;
constexpr std::size_t piece_size = 4096;

Bytef* to_bytes(const char* text) { return reinterpret_cast<Bytef*>(const_cast<char*>(text)); }

class DeflateStream final : public net::Stream {
public:
  DeflateStream(net::Stream& below, std::string begun) : below_(below), waiting_(std::move(begun)) {
    if (::deflateInit2(&out_, Z_DEFAULT_COMPRESSION, Z_DEFLATED, raw_window, memory_level,
                       Z_DEFAULT_STRATEGY) != Z_OK ||
        ::inflateInit2(&in_, raw_window) != Z_OK)
      std::abort();  // no memory
  }
  ~DeflateStream() override {
    ::deflateEnd(&out_);
    ::inflateEnd(&in_);
  }

  std::size_t read(std::span<char> into) override {
    if (into.empty()) return 0;
    for (;;) {
      if (const auto count = inflate_into(into); count > 0) return count;
      waiting_.resize(piece_size);
      waiting_.resize(below_.read(waiting_));
      if (waiting_.empty()) return 0;
    }
  }

  void write(std::string_view bytes) override {
    char piece[piece_size];
    out_.next_in = to_bytes(bytes.data());
    out_.avail_in = static_cast<uInt>(bytes.size());
    do {
      out_.next_out = to_bytes(piece);
      out_.avail_out = piece_size;
      ::deflate(&out_, Z_SYNC_FLUSH);
      below_.write({piece, piece_size - out_.avail_out});
    } while (out_.avail_out == 0);
  }

  void set_time_limit(std::chrono::milliseconds limit) override { below_.set_time_limit(limit); }
  bool wait_readable(std::chrono::milliseconds limit) override {
    return may_have_more() || below_.wait_readable(limit);
  }
  Woken wait(int other, std::chrono::milliseconds limit) override {
    return may_have_more() ? Woken::input : below_.wait(other, limit);
  }
  void interrupt() override { below_.interrupt(); }
  void close() override { below_.close(); }

private:
  bool may_have_more() const { return !waiting_.empty() || more_inside_; }

  // 0: more input is needed. Bytes that are no DEFLATE end the conversation.
  std::size_t inflate_into(std::span<char> into) {
    in_.next_in = to_bytes(waiting_.data());
    in_.avail_in = static_cast<uInt>(waiting_.size());
    in_.next_out = to_bytes(into.data());
    in_.avail_out = static_cast<uInt>(std::min<std::size_t>(into.size(), 1 << 20));
    const auto room = in_.avail_out;
    const int result = ::inflate(&in_, Z_SYNC_FLUSH);
    if (result != Z_OK && result != Z_BUF_ERROR) throw net::Disconnected();
    waiting_.erase(0, waiting_.size() - in_.avail_in);
    more_inside_ = in_.avail_out == 0;
    return room - in_.avail_out;
  }

  net::Stream& below_;
  std::string waiting_;       // read from below, not yet inflated
  bool more_inside_ = false;  // inflate() has more than there was room for
  z_stream out_{}, in_{};
};

}  // namespace

std::unique_ptr<net::Stream> make_deflate_stream(net::Stream& below, std::string begun) {
  return std::make_unique<DeflateStream>(below, std::move(begun));
}

}  // namespace tubepost::imapd

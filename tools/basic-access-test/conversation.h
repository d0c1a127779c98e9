// A connection to a server, and what is said over it, kept as evidence: "C: " and "S: " before the lines, also those
// under TLS. What is sent while it is hidden (passwords) is not kept. Bounded. Threading: one thread.
#pragma once

#include <memory>
#include <string>

#include "net/endpoint.h"
#include "net/stream.h"
#include "tls/inspection.h"

namespace tubepost::basic_access_test {

inline constexpr std::size_t record_max = 64 << 10;

class Recorder final : public net::Stream {
public:
  explicit Recorder(net::Stream& below) : below_(&below) {}  // borrowed
  void carry_on_over(net::Stream& below) { below_ = &below; }
  void note(const std::string& text);  // a line of its own: "-- TLSv1.3"
  void hide_sent(bool hide);

  std::string text() const { return text_; }
  std::size_t mark() const { return text_.size(); }
  std::string since(std::size_t mark) const { return text_.substr(std::min(mark, text_.size())); }

  std::size_t read(std::span<char> into) override;
  void write(std::string_view bytes) override;
  void set_time_limit(std::chrono::milliseconds limit) override { below_->set_time_limit(limit); }
  bool wait_readable(std::chrono::milliseconds limit) override { return below_->wait_readable(limit); }
  void interrupt() override { below_->interrupt(); }
  void close() override { below_->close(); }

private:
  void keep(std::string_view who, std::string_view bytes);
  net::Stream* below_;
  std::string text_;
  std::string_view speaker_;
  bool at_line_start_ = true, hides_ = false, told_hidden_ = false;
};

// Hides what is sent as long as it lives.
class Hidden {
public:
  explicit Hidden(Recorder& recorder) : recorder_(recorder) { recorder_.hide_sent(true); }
  ~Hidden() { recorder_.hide_sent(false); }
  Hidden(const Hidden&) = delete;
  Hidden& operator=(const Hidden&) = delete;

private:
  Recorder& recorder_;
};

class Conversation {
public:
  static Result<std::unique_ptr<Conversation>> open(const net::Endpoint& endpoint,
                                                    std::chrono::milliseconds limit);

  net::Stream& stream() { return recorder_; }
  Recorder& record() { return recorder_; }
  // Shakes hands; stream() goes on over TLS. A permanent Failure: the server refuses, or breaks off.
  Result<tls::Inspection> secure(const tls::InspectionWishes& wishes);
  bool is_secure() const { return tls_ != nullptr; }

private:
  explicit Conversation(std::unique_ptr<net::Stream> socket)
      : socket_(std::move(socket)), recorder_(*socket_) {}
  std::unique_ptr<net::Stream> socket_;
  std::unique_ptr<tls::TlsStream> tls_;
  Recorder recorder_;
};

}  // namespace tubepost::basic_access_test

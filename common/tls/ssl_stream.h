// The TlsStream of both sides. Inside tls only.
#pragma once

#include <chrono>
#include <memory>

#include "tls/context.h"
#include "tls/stream_bio.h"

namespace tubepost::tls {

class SslStream final : public TlsStream {
public:
  enum class Side { server, client };
  // `keeps` owns what the SSL points to: the contexts it may switch between, the BIO method. Shared: a reload
  // must not take them from a live connection.
  SslStream(Ssl ssl, const BIO_METHOD* method, std::shared_ptr<const void> keeps, net::Stream& below,
            std::unique_ptr<net::Stream> owned);
  ~SslStream() override;

  Result<void> shake_hands(Side side);

  std::size_t read(std::span<char> into) override;
  void write(std::string_view bytes) override;
  void set_time_limit(std::chrono::milliseconds limit) override;
  bool wait_readable(std::chrono::milliseconds limit) override;
  Woken wait(int other, std::chrono::milliseconds limit) override;
  void interrupt() override { below_->interrupt(); }
  void postpone_interrupt(bool postpone) override { below_->postpone_interrupt(postpone); }
  void close() override;
  ConnectionInfo info() const override;

private:
  Result<void> attempt();
  [[noreturn]] void fail();  // with what the stream below threw, or as a peer that is gone
  void write_piece(std::string_view bytes);

  std::shared_ptr<const void> keeps_;
  std::unique_ptr<net::Stream> owned_;
  net::Stream* below_;
  StreamLink link_;
  Ssl ssl_;  // destroyed before the link its BIO uses
  Side side_ = Side::server;
  std::chrono::milliseconds limit_{0};
  bool broken_ = false;  // OpenSSL 3, SSL_get_error(3): after a fatal error no further call but SSL_free
};

}  // namespace tubepost::tls

#include <mutex>

#include "tls/certificates.h"
#include "tls/context.h"
#include "tls/ssl_stream.h"

namespace tubepost::tls {
namespace {

using Clock = std::chrono::steady_clock;
using Set = std::shared_ptr<const Certificates>;  // shared: connections keep what they began with

constexpr auto look_at_most_every = std::chrono::seconds(1);

class ReloadingContext final : public ServerContext {
public:
  ReloadingContext(std::vector<CertificateFiles> files, Set first, std::string stamp,
                   const log::Logger& logger)
      : files_(std::move(files)), logger_(logger), current_(std::move(first)), stamp_(std::move(stamp)) {}

  Result<std::unique_ptr<TlsStream>> accept(net::Stream& below) override { return accept(below, nullptr); }
  Result<std::unique_ptr<TlsStream>> accept(std::unique_ptr<net::Stream> below) override {
    net::Stream& stream = *below;
    return accept(stream, std::move(below));
  }
  void reload() override {
    const std::lock_guard lock(mutex_);
    load(stamp_of(files_));
  }

private:
  Result<std::unique_ptr<TlsStream>> accept(net::Stream& below, std::unique_ptr<net::Stream> owned) {
    const Set set = current();
    Ssl ssl = set->new_connection();
    if (!ssl) return openssl_failure("TLS");
    auto stream =
        std::make_unique<SslStream>(std::move(ssl), set->bio_method(), set, below, std::move(owned));
    if (auto done = stream->shake_hands(SslStream::Side::server); !done) return std::move(done).error();
    return std::unique_ptr<TlsStream>(std::move(stream));
  }

  Set current() {
    const std::lock_guard lock(mutex_);
    if (Clock::now() - looked_ < look_at_most_every) return current_;
    looked_ = Clock::now();
    if (auto stamp = stamp_of(files_); stamp != stamp_) load(std::move(stamp));
    return current_;
  }

  // The stamp is remembered even of files that are no good, so that they are complained of once. It was taken
  // before they were read: what changes meanwhile is seen next time.
  void load(std::string stamp) {
    stamp_ = std::move(stamp);
    auto loaded = Certificates::load(files_);
    if (!loaded) return logger_.warning("certificate-rejected", {{"reason", loaded.error().text}});
    current_ = std::move(*loaded);
    logger_.info("certificate-loaded",
                 {{"file", files_.front().certificate}, {"certificates", files_.size()}});
  }

  const std::vector<CertificateFiles> files_;
  const log::Logger& logger_;
  std::mutex mutex_;
  Set current_;
  std::string stamp_;
  Clock::time_point looked_ = Clock::now();
};

}  // namespace

Result<std::shared_ptr<ServerContext>> ServerContext::load(std::vector<CertificateFiles> files,
                                                           const log::Logger& logger) {
  std::string stamp = stamp_of(files);
  auto first = Certificates::load(files);
  if (!first) return std::move(first).error();
  return std::shared_ptr<ServerContext>(
      std::make_shared<ReloadingContext>(std::move(files), std::move(*first), std::move(stamp), logger));
}

}  // namespace tubepost::tls

#include "tls/ssl_stream.h"

#include <climits>
#include <future>
#include <system_error>

namespace tubepost::tls {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t record_size = 16384;  // RFC 8446 5.1

// RFC 5929 4.1: the hash of the certificate's signature, but SHA-256 in place of MD5 and SHA-1.
std::string end_point_of(const X509* certificate) {
  int digest = NID_undef;
  if (!certificate ||
      X509_get_signature_info(const_cast<X509*>(certificate), &digest, nullptr, nullptr, nullptr) != 1)
    return {};
  if (digest == NID_md5 || digest == NID_sha1) digest = NID_sha256;
  const EVP_MD* hash = EVP_get_digestbynid(digest);
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (!hash || X509_digest(certificate, hash, bytes, &size) != 1)
    return {};  // Ed25519: RFC 5929 defines nothing
  return {reinterpret_cast<const char*>(bytes), size};
}

// RFC 9266 4.2. Only for TLS 1.3: with 1.2 it would take the extended master secret to be safe.
std::string exporter_of(SSL* ssl) {
  constexpr std::string_view label = "EXPORTER-Channel-Binding";
  unsigned char bytes[32];
  if (SSL_version(ssl) != TLS1_3_VERSION ||
      SSL_export_keying_material(ssl, bytes, sizeof bytes, label.data(), label.size(), bytes, 0, 1) != 1)
    return {};
  return {reinterpret_cast<const char*>(bytes), sizeof bytes};
}

// A handshake touches 20 KiB of stack, and leaves as much freed memory in its thread's malloc cache, that an
// idle session would keep for hours (measured: 42 KiB a session against 30). So it has a thread for itself,
// which ends with it: 50 us beside the 500 of the cryptography.
template <class Handshake>
auto on_a_thread_of_its_own(const Handshake& handshake) {
  try {
    return std::async(std::launch::async, handshake).get();
  } catch (const std::system_error&) {  // no thread to be had: then here
    return handshake();
  }
}

std::string verifier_of(SSL* ssl) {
  if ((SSL_get_verify_mode(ssl) & SSL_VERIFY_PEER) == 0 || SSL_get_verify_result(ssl) != X509_V_OK) return {};
  return SSL_get0_dane_authority(ssl, nullptr, nullptr) >= 0 ? "dane" : "authority";
}

}  // namespace

SslStream::SslStream(Ssl ssl, const BIO_METHOD* method, std::shared_ptr<const void> keeps, net::Stream& below,
                     std::unique_ptr<net::Stream> owned)
    : keeps_(std::move(keeps)), owned_(std::move(owned)), below_(&below), ssl_(std::move(ssl)) {
  link_.below = below_;
  BIO* bio = make_stream_bio(method, link_).release();
  SSL_set_bio(ssl_.get(), bio, bio);  // owns it, once
}

SslStream::~SslStream() = default;

Result<void> SslStream::shake_hands(Side side) {
  side_ = side;
  auto done = side == Side::server ? on_a_thread_of_its_own([this] { return attempt(); }) : attempt();
  if (done) return done;
  broken_ = true;
  link_.rethrow();
  if (link_.at_end) throw net::Disconnected();
  return done;
}

// All in one thread: OpenSSL keeps its reasons for each.
Result<void> SslStream::attempt() {
  ERR_clear_error();
  if ((side_ == Side::server ? SSL_accept(ssl_.get()) : SSL_connect(ssl_.get())) == 1) return {};
  const long verified = SSL_get_verify_result(ssl_.get());
  const bool asked = (SSL_get_verify_mode(ssl_.get()) & SSL_VERIFY_PEER) != 0;
  if (side_ == Side::server || !asked || verified == X509_V_OK) return openssl_failure("TLS handshake");
  ERR_clear_error();
  return Failure::permanent(std::string("TLS handshake: ") + X509_verify_cert_error_string(verified));
}

void SslStream::fail() {
  broken_ = true;
  ERR_clear_error();
  link_.rethrow();
  throw net::Disconnected();
}

std::size_t SslStream::read(std::span<char> into) {
  if (broken_) throw net::Disconnected();
  if (into.empty()) return 0;
  // Waiting here, and not inside SSL_read, is what lets OpenSSL go without a buffer while nothing comes.
  const milliseconds limit = limit_.count() > 0 ? limit_ : milliseconds::max();
  if (!SSL_has_pending(ssl_.get()) && !below_->wait_readable(limit)) throw net::TimedOut();
  ERR_clear_error();
  const int wanted = static_cast<int>(std::min<std::size_t>(into.size(), INT_MAX));
  const int count = SSL_read(ssl_.get(), into.data(), wanted);
  if (count > 0) return static_cast<std::size_t>(count);
  const int error = SSL_get_error(ssl_.get(), count);
  if (error == SSL_ERROR_ZERO_RETURN) return 0;  // close_notify
  if (error == SSL_ERROR_WANT_READ) link_.rethrow();
  fail();  // also an end without close_notify: somebody may have cut the conversation short
}

void SslStream::write_piece(std::string_view bytes) {
  if (broken_) throw net::Disconnected();
  ERR_clear_error();
  if (SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())) <= 0) fail();
}

void SslStream::write(std::string_view bytes) {
  if (bytes.empty()) return;
  const auto end = std::chrono::steady_clock::now() + limit_;
  for (; bytes.size() > record_size; bytes.remove_prefix(record_size)) {
    write_piece(bytes.substr(0, record_size));
    // The stream below limits each of its writes; the sum of them is limited here.
    if (limit_.count() > 0 && std::chrono::steady_clock::now() >= end) throw net::TimedOut();
  }
  write_piece(bytes);
}

void SslStream::set_time_limit(milliseconds limit) {
  limit_ = limit;
  below_->set_time_limit(limit);
}

bool SslStream::wait_readable(milliseconds limit) {
  return broken_ || SSL_has_pending(ssl_.get()) || below_->wait_readable(limit);
}

net::Stream::Woken SslStream::wait(int other, milliseconds limit) {
  return broken_ || SSL_has_pending(ssl_.get()) ? Woken::input : below_->wait(other, limit);
}

void SslStream::close() {
  if (!broken_) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());  // our close_notify; the peer's is not waited for (RFC 8446 6.1)
    ERR_clear_error();
    link_.thrown = nullptr;  // the conversation is over: a peer that is already gone has nothing to be told
    broken_ = true;
  }
  below_->close();
}

ConnectionInfo SslStream::info() const {
  SSL* ssl = ssl_.get();
  const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  const X509* certificate = side_ == Side::server ? SSL_get_certificate(ssl) : SSL_get0_peer_certificate(ssl);
  return {SSL_get_version(ssl), SSL_get_cipher_name(ssl), name ? name : "", exporter_of(ssl),
          end_point_of(certificate), side_ == Side::client ? verifier_of(ssl) : std::string()};
}

}  // namespace tubepost::tls

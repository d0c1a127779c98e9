#include "net/endpoint.h"
#include "tls/context.h"
#include "tls/ssl_stream.h"

namespace tubepost::tls {
namespace {

class OpenSslClientContext final : public ClientContext,
                                   public std::enable_shared_from_this<OpenSslClientContext> {
public:
  OpenSslClientContext(SslContext context, bool verify)
      : context_(std::move(context)), bio_method_(make_stream_bio_method()), verify_(verify) {}

  Result<std::unique_ptr<TlsStream>> connect(net::Stream& below, const std::string& host) override {
    Ssl ssl(SSL_new(context_.get()));
    if (!ssl) return openssl_failure("TLS");
    const bool is_address = net::IpAddress::parse(host).has_value();
    // RFC 6066 3: literal addresses are no host names.
    if (!host.empty() && !is_address) SSL_set_tlsext_host_name(ssl.get(), host.c_str());
    if (verify_ && !expect_name(ssl.get(), host, is_address)) return openssl_failure("TLS");
    auto stream =
        std::make_unique<SslStream>(std::move(ssl), bio_method_.get(), shared_from_this(), below, nullptr);
    if (auto done = stream->shake_hands(SslStream::Side::client); !done) return std::move(done).error();
    return std::unique_ptr<TlsStream>(std::move(stream));
  }

private:
  static bool expect_name(SSL* ssl, const std::string& host, bool is_address) {
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (is_address) return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) == 1;
    return SSL_set1_host(ssl, host.c_str()) == 1;
  }
  SslContext context_;
  BioMethod bio_method_;
  bool verify_;
};

// Only where they are asked: the system's take a tenth of a second to read.
bool load_authorities(SSL_CTX* context, const std::string& ca_file) {
  if (ca_file.empty()) return SSL_CTX_set_default_verify_paths(context) == 1;
  return SSL_CTX_load_verify_file(context, ca_file.c_str()) == 1;
}

}  // namespace

Result<std::shared_ptr<ClientContext>> ClientContext::create(const std::string& ca_file, bool verify) {
  ERR_clear_error();
  SslContext context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_verify(context.get(), verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  if (verify && !load_authorities(context.get(), ca_file)) return openssl_failure("authorities " + ca_file);
  ERR_clear_error();
  return std::shared_ptr<ClientContext>(std::make_shared<OpenSslClientContext>(std::move(context), verify));
}

}  // namespace tubepost::tls

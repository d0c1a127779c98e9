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
    PeerDemands demands;
    demands.server_name = host;
    if (verify_) demands.names = {host};
    return connect(below, demands);
  }

  Result<std::unique_ptr<TlsStream>> connect(net::Stream& below, const PeerDemands& demands) override {
    ERR_clear_error();
    Ssl ssl(SSL_new(context_.get()));
    if (!ssl) return openssl_failure("TLS");
    const bool is_address = net::IpAddress::parse(demands.server_name).has_value();
    // RFC 6066 3: literal addresses are no host names.
    if (!demands.server_name.empty() && !is_address)
      SSL_set_tlsext_host_name(ssl.get(), demands.server_name.c_str());
    if (!(demands.tlsa.empty() ? expect_names(ssl.get(), demands.names) : expect_tlsa(ssl.get(), demands)))
      return openssl_failure("TLS");
    auto stream =
        std::make_unique<SslStream>(std::move(ssl), bio_method_.get(), shared_from_this(), below, nullptr);
    if (auto done = stream->shake_hands(SslStream::Side::client); !done) return std::move(done).error();
    return std::unique_ptr<TlsStream>(std::move(stream));
  }

private:
  static bool expect_names(SSL* ssl, const std::vector<std::string>& names) {
    SSL_set_verify(ssl, names.empty() ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nullptr);
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    for (const auto& name : names) {
      const bool is_address = net::IpAddress::parse(name).has_value();
      if ((is_address ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name.c_str())
                      : SSL_add1_host(ssl, name.c_str())) != 1)
        return false;
    }
    return true;
  }

  static bool expect_tlsa(SSL* ssl, const PeerDemands& demands) {
    if (demands.names.empty() || SSL_dane_enable(ssl, demands.names.front().c_str()) != 1) return false;
    SSL_dane_set_flags(ssl, DANE_FLAG_NO_DANE_EE_NAMECHECKS);  // RFC 7672 3.1.1
    int usable = 0;
    for (const auto& tlsa : demands.tlsa) {
      if (tlsa.usage != 2 && tlsa.usage != 3) continue;  // RFC 7672 3.1.3: PKIX-TA and PKIX-EE are not for SMTP
      const auto* const data = reinterpret_cast<const unsigned char*>(tlsa.data.data());
      const int added = SSL_dane_tlsa_add(ssl, tlsa.usage, tlsa.selector, tlsa.matching, data, tlsa.data.size());
      if (added < 0) return false;
      usable += added;
    }
    ERR_clear_error();  // of what was not usable
    if (usable == 0) return SSL_set_verify(ssl, SSL_VERIFY_NONE, nullptr), true;
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    for (std::size_t i = 1; i < demands.names.size(); ++i)
      if (SSL_add1_host(ssl, demands.names[i].c_str()) != 1) return false;
    SSL_set_verify(ssl, SSL_VERIFY_PEER, nullptr);
    return true;
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
  if (SSL_CTX_dane_enable(context.get()) != 1) return openssl_failure("TLS");
  SSL_CTX_set_verify(context.get(), verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  if (verify && !load_authorities(context.get(), ca_file)) return openssl_failure("authorities " + ca_file);
  ERR_clear_error();
  return std::shared_ptr<ClientContext>(std::make_shared<OpenSslClientContext>(std::move(context), verify));
}

}  // namespace tubepost::tls

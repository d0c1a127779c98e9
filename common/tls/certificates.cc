#include "tls/certificates.h"

#include <sys/stat.h>

#include <cstring>

#include "tls/stream_bio.h"

namespace tubepost::tls {
namespace {

// RFC 9325 4.2: forward secrecy and AEAD only. TLS 1.3 has no others.
constexpr const char* ciphers_of_1_2 = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr const char* groups = "X25519:P-256:P-384";

SslContext make_context() {
  SslContext context(SSL_CTX_new(TLS_server_method()));
  SSL_CTX* c = context.get();
  SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION);  // RFC 8996
  SSL_CTX_set_options(c, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_cipher_list(c, ciphers_of_1_2);
  SSL_CTX_set1_groups_list(c, groups);
  SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);  // tickets hold the state, at the client
  SSL_CTX_set_num_tickets(c, 1);
  // A key with a passphrase is an error; OpenSSL would ask for it on the terminal.
  SSL_CTX_set_default_passwd_cb(c, [](char*, int, int, void*) { return 0; });
  return context;
}

Result<SslContext> load_one(const CertificateFiles& files) {
  ERR_clear_error();
  SslContext context = make_context();
  if (SSL_CTX_use_certificate_chain_file(context.get(), files.certificate.c_str()) != 1)
    return openssl_failure("certificate " + files.certificate);
  if (SSL_CTX_use_PrivateKey_file(context.get(), files.key.c_str(), SSL_FILETYPE_PEM) != 1)
    return openssl_failure("key " + files.key);
  if (SSL_CTX_check_private_key(context.get()) != 1)
    return openssl_failure("key " + files.key + " does not fit certificate " + files.certificate);
  return context;
}

}  // namespace

Result<std::shared_ptr<const Certificates>> Certificates::load(const std::vector<CertificateFiles>& files) {
  if (files.empty()) return Failure::permanent("no certificate is configured");
  auto loaded = std::make_shared<Certificates>();
  for (const CertificateFiles& one : files) {
    auto context = load_one(one);
    if (!context) return std::move(context).error();
    loaded->contexts_.push_back(std::move(*context));
  }
  SSL_CTX_set_tlsext_servername_callback(loaded->contexts_.front().get(), &Certificates::choose);
  SSL_CTX_set_tlsext_servername_arg(loaded->contexts_.front().get(), loaded.get());
  loaded->bio_method_ = make_stream_bio_method();
  return std::shared_ptr<const Certificates>(std::move(loaded));
}

// RFC 6066 3: a name that none of ours has is served with the first certificate; the client decides what it
// thinks of that.
int Certificates::choose(SSL* ssl, int*, void* certificates) {
  const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (!name) return SSL_TLSEXT_ERR_NOACK;
  for (const SslContext& context : static_cast<const Certificates*>(certificates)->contexts_) {
    if (X509_check_host(SSL_CTX_get0_certificate(context.get()), name, std::strlen(name), 0, nullptr) != 1)
      continue;
    SSL_set_SSL_CTX(ssl, context.get());
    return SSL_TLSEXT_ERR_OK;
  }
  return SSL_TLSEXT_ERR_OK;
}

std::string stamp_of(const std::vector<CertificateFiles>& files) {
  std::string stamp;
  const auto add = [&](const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return void(stamp += "missing;");
    for (const auto part :
         {static_cast<long long>(status.st_dev), static_cast<long long>(status.st_ino),
          static_cast<long long>(status.st_size), static_cast<long long>(status.st_ctim.tv_sec),
          static_cast<long long>(status.st_ctim.tv_nsec)})
      stamp += std::to_string(part) + ',';
  };
  for (const CertificateFiles& one : files) add(one.certificate), add(one.key);
  return stamp;
}

}  // namespace tubepost::tls

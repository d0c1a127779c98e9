// The certificates of a server as OpenSSL contexts, one each, chosen by SNI. Immutable once loaded: a reload
// makes a new set. Inside tls only.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tls/context.h"
#include "tls/openssl.h"

namespace tubepost::tls {

class Certificates {
public:
  static Result<std::shared_ptr<const Certificates>> load(const std::vector<CertificateFiles>& files);
  Ssl new_connection() const {
    return Ssl(SSL_new(contexts_.front().get()));
  }  // the first serves who names none
  const BIO_METHOD* bio_method() const { return bio_method_.get(); }

private:
  static int choose(SSL* ssl, int* alert, void* certificates);
  std::vector<SslContext> contexts_;
  BioMethod bio_method_;
};

// What tells that files have changed: device, inode, size and time of change of each.
std::string stamp_of(const std::vector<CertificateFiles>& files);

}  // namespace tubepost::tls

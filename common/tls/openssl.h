// OpenSSL's objects with owners, and its error queue as text. Inside tls only.
#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

#include "base/result.h"

namespace tubepost::tls {

template <auto function>
struct FreeBy {
  template <class T>
  void operator()(T* object) const {
    function(object);
  }
};
template <class T, auto function>
using Owned = std::unique_ptr<T, FreeBy<function>>;

using SslContext = Owned<SSL_CTX, SSL_CTX_free>;
using Ssl = Owned<SSL, SSL_free>;
using BioMethod = Owned<BIO_METHOD, BIO_meth_free>;
using Bio = Owned<BIO, BIO_free>;
using Certificate = Owned<X509, X509_free>;
using PrivateKey = Owned<EVP_PKEY, EVP_PKEY_free>;

// The oldest reason in this thread's error queue, which is then empty: "no shared cipher".
std::string take_reason();
// "what: reason". Whether to try again is for the peer's or the operator's next move: permanent.
Failure openssl_failure(const std::string& what);

}  // namespace tubepost::tls

// An OpenSSL BIO over a net::Stream. Exceptions never cross OpenSSL's C frames: they wait in the link and are
// thrown again by whoever called OpenSSL. Inside tls only.
#pragma once

#include <exception>

#include "net/stream.h"
#include "tls/openssl.h"

namespace tubepost::tls {

struct StreamLink {
  net::Stream* below = nullptr;
  std::exception_ptr thrown;
  bool at_end = false;  // the peer closed, with or without saying so

  void rethrow() {
    if (thrown) std::rethrow_exception(std::exchange(thrown, nullptr));
  }
};

BioMethod make_stream_bio_method();
// `link` must outlive the BIO.
Bio make_stream_bio(const BIO_METHOD* method, StreamLink& link);

}  // namespace tubepost::tls

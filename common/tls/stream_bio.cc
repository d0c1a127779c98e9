#include "tls/stream_bio.h"

#include <algorithm>
#include <climits>

namespace tubepost::tls {
namespace {

StreamLink& link_of(BIO* bio) { return *static_cast<StreamLink*>(BIO_get_data(bio)); }

int read_from_stream(BIO* bio, char* into, int size) noexcept {
  StreamLink& link = link_of(bio);
  BIO_clear_retry_flags(bio);
  if (link.thrown || link.at_end || size <= 0) return link.thrown ? -1 : 0;
  try {
    const std::size_t count = link.below->read({into, static_cast<std::size_t>(size)});
    link.at_end = count == 0;
    return static_cast<int>(count);
  } catch (...) {
    // "Try again" keeps OpenSSL's connection whole: after a timeout or an interrupt a goodbye can still be
    // written.
    BIO_set_retry_read(bio);
    link.thrown = std::current_exception();
    return -1;
  }
}

int write_to_stream(BIO* bio, const char* bytes, int size) noexcept {
  StreamLink& link = link_of(bio);
  if (link.thrown || size <= 0) return link.thrown ? -1 : 0;
  try {
    link.below->write({bytes, static_cast<std::size_t>(size)});
    return size;
  } catch (...) {
    link.thrown = std::current_exception();
    return -1;
  }
}

long control(BIO* bio, int command, long, void*) noexcept {
  if (command == BIO_CTRL_FLUSH) return 1;  // what is written has been sent
  if (command == BIO_CTRL_EOF) return link_of(bio).at_end ? 1 : 0;
  return 0;
}

}  // namespace

BioMethod make_stream_bio_method() {
  BioMethod method(BIO_meth_new(BIO_TYPE_SOURCE_SINK, "stream"));
  BIO_meth_set_read(method.get(), &read_from_stream);
  BIO_meth_set_write(method.get(), &write_to_stream);
  BIO_meth_set_ctrl(method.get(), &control);
  return method;
}

Bio make_stream_bio(const BIO_METHOD* method, StreamLink& link) {
  Bio bio(BIO_new(method));
  if (!bio) return bio;
  BIO_set_data(bio.get(), &link);
  BIO_set_init(bio.get(), 1);
  return bio;
}

}  // namespace tubepost::tls

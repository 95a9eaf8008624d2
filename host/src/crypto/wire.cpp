#include "crypto/wire.hpp"

#include <openssl/bio.h>

#include <algorithm>
#include <cstring>

namespace virgo::crypto {
namespace {

Wire& wire_of(BIO* bio) {
  return *static_cast<Wire*>(BIO_get_data(bio));
}

int read_wire(BIO* bio, char* to, std::size_t size, std::size_t* done) noexcept {
  BIO_clear_retry_flags(bio);
  std::span<const char>& in = wire_of(bio).in;
  *done = std::min(size, in.size());
  if (*done == 0) {
    // Dry is never the end: only end_of_stream() can tell.
    BIO_set_retry_read(bio);
    return 0;
  }
  std::memcpy(to, in.data(), *done);
  in = in.subspan(*done);
  return 1;
}

int write_wire(BIO* bio, const char* from, std::size_t size, std::size_t* done) noexcept {
  BIO_clear_retry_flags(bio);
  wire_of(bio).out.append(from, size);
  *done = size;
  return 1;
}

long control_wire(BIO*, int command, long, void*) noexcept {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

}  // namespace

bio_method_st* new_wire_method() {
  static const int type = BIO_get_new_index() | BIO_TYPE_SOURCE_SINK;
  BIO_METHOD* method = BIO_meth_new(type, "virgo wire");
  if (method == nullptr) return nullptr;
  BIO_meth_set_read_ex(method, read_wire);
  BIO_meth_set_write_ex(method, write_wire);
  BIO_meth_set_ctrl(method, control_wire);
  return method;
}

bio_st* new_wire_bio(const bio_method_st* method, Wire& wire) {
  BIO* bio = BIO_new(method);
  if (bio == nullptr) return nullptr;
  BIO_set_data(bio, &wire);
  BIO_set_init(bio, 1);
  return bio;
}

}  // namespace virgo::crypto

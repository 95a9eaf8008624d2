// The memory a TLS session stands on instead of a socket: a BIO that reads from
// the span being fed and writes to a string. Unlike a pair of memory BIOs it
// copies nothing on the way in and keeps nothing that was taken out.
// Internal to crypto/.
#pragma once

#include <span>
#include <string>

struct bio_st;
struct bio_method_st;

namespace virgo::crypto {

struct Wire {
  std::span<const char> in;  // what is left of the span being fed
  std::string out;           // ciphertext that waits to be sent
};

// Null when out of memory. Free with BIO_meth_free, after the last BIO made of it.
bio_method_st* new_wire_method();

// A BIO on `wire`, which must outlive it. Null when out of memory.
bio_st* new_wire_bio(const bio_method_st* method, Wire& wire);

}  // namespace virgo::crypto

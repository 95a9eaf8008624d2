// Result<T>: a value, or an Error with a code and a sentence for a person.
//
// Errors travel up as values; each layer may put what it was doing in front
// (`context`). Exceptions of third-party libraries are caught in the one folder
// that uses the library and become an Error there.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>

namespace virgo {

enum class Errc : std::uint8_t {
  failed,       // anything without a code of its own
  invalid,      // the input is wrong: configuration, argument, message
  not_found,    // a file, name or thing does not exist
  denied,       // permission, ownership, authentication
  io,           // the operating system refused or failed
  timeout,      // a deadline passed
  cancelled,    // stopped on purpose
  limit,        // a bound on count, bytes, depth or time was reached
  unsupported,  // this build or host cannot do it
  closed,       // the other side ended the connection
};

// "invalid", "not_found", ...
const char* errc_name(Errc code);

struct Error {
  Errc code = Errc::failed;
  std::string message;

  // "loading cpu.so: no such file" from "no such file".
  Error context(const std::string& what) const { return {code, what + ": " + message}; }
};

// Holds exactly one of T and Error. Reading the wrong one is a programming
// error and aborts.
template <class T>
class [[nodiscard]] Result {
 public:
  // Implicit on purpose, so that functions return either as it is.
  // NOLINTNEXTLINE(google-explicit-constructor)
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  // NOLINTNEXTLINE(google-explicit-constructor)
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & { return *checked(std::get_if<0>(&state_)); }
  const T& value() const& { return *checked(std::get_if<0>(&state_)); }
  T&& value() && { return std::move(*checked(std::get_if<0>(&state_))); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  const Error& error() const { return *checked(std::get_if<1>(&state_)); }

 private:
  template <class P>
  static P* checked(P* p) {
    if (p == nullptr) __builtin_trap();
    return p;
  }
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  // NOLINTNEXTLINE(google-explicit-constructor)
  Result(Error error) : error_(std::move(error)), ok_(false) {}

  bool ok() const { return ok_; }
  explicit operator bool() const { return ok_; }
  const Error& error() const {
    if (ok_) __builtin_trap();
    return error_;
  }

 private:
  Error error_;
  bool ok_ = true;
};

}  // namespace virgo

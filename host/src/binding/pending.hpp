// What a script waits for and has open meanwhile, such as a connection that is being made:
// it counts among what its run has open, and goes with the wait. Loop thread only.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "binding/scope.hpp"
#include "binding/strand.hpp"

namespace virgo::binding {

template <class Operation>
class Pending final : public Resource {
 public:
  Pending(const char* kind, std::string description, std::unique_ptr<Operation> operation)
      : kind_(kind), description_(std::move(description)), operation_(std::move(operation)) {}
  const char* kind() const override { return kind_; }
  std::string description() const override { return description_; }

 private:
  const char* kind_;
  std::string description_;
  std::unique_ptr<Operation> operation_;
};

// An operation of several steps, one after the other.
struct Steps {
  std::shared_ptr<void> current;
};

// For Strand::wait_for: the operation ends when the last copy does. It may hold `bytes`.
template <class Operation>
std::shared_ptr<void> hold(Strand& strand, const char* kind, std::string description,
                           std::unique_ptr<Operation> operation, std::size_t bytes = 0) {
  struct InScope {
    Scope& scope;
    std::uint64_t number;
    Reservation held;
    ~InScope() { scope.take(number); }
  };
  auto pending =
      std::make_unique<Pending<Operation>>(kind, std::move(description), std::move(operation));
  Scope& scope = strand.scope();
  return std::shared_ptr<InScope>(
      new InScope{scope, scope.add(std::move(pending)), {scope, bytes}});
}

// How a run ends that does nothing about the error.
inline const char* status_of(const Error& error) {
  switch (error.code) {
    case Errc::timeout:
      return "timeout";
    case Errc::io:
    case Errc::not_found:
    case Errc::closed:
      return "unreachable";
    default:
      return "failed";
  }
}

}  // namespace virgo::binding

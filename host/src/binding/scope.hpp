// Scope: what a run (or a task) has opened. It is closed when that ends, whatever
// way it ends; scripts hold handles, which know it when they outlive their run.
// Loop thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace virgo::binding {

// Something that is open. Destroying it closes it at once, and nothing calls back
// afterwards.
class Resource {
 public:
  virtual ~Resource() = default;
  virtual const char* kind() const = 0;         // "tcp", "udp", "process"
  virtual std::string description() const = 0;  // "127.0.0.1:6379"
};

class Scope {
 public:
  // `id` is never used again in its context; at most `max` are open at a time, and what is
  // under way holds at most `max_bytes` together.
  Scope(std::uint64_t id, std::size_t max, std::size_t max_bytes)
      : id_(id), max_(max), max_bytes_(max_bytes) {}
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

  std::uint64_t id() const { return id_; }
  std::size_t max() const { return max_; }
  bool is_full() const { return open_.size() >= max_; }
  std::size_t size() const { return open_.size(); }
  std::size_t max_bytes() const { return max_bytes_; }
  bool has_room(std::size_t bytes) const {
    return held_ <= max_bytes_ && bytes <= max_bytes_ - held_;
  }

  // Returns its number within the scope.
  std::uint64_t add(std::unique_ptr<Resource> resource);
  // Null when it was closed.
  Resource* find(std::uint64_t number) const;
  // Takes it out, to be destroyed or finished by the caller; null if it is gone.
  std::unique_ptr<Resource> take(std::uint64_t number);

 private:
  friend class Reservation;
  struct Entry {
    std::uint64_t number;
    std::unique_ptr<Resource> resource;
  };
  const std::uint64_t id_;
  const std::size_t max_;
  const std::size_t max_bytes_;
  std::size_t held_ = 0;
  std::uint64_t last_ = 0;
  std::vector<Entry> open_;
};

// What something under way may hold outside of the script's memory: what is still to be
// sent, or what a server may answer. Ends before its scope.
class Reservation {
 public:
  Reservation(Scope& scope, std::size_t bytes) : scope_(scope), bytes_(bytes) {
    scope_.held_ += bytes_;
  }
  ~Reservation() { scope_.held_ -= bytes_; }
  Reservation(const Reservation&) = delete;
  Reservation& operator=(const Reservation&) = delete;

 private:
  Scope& scope_;
  const std::size_t bytes_;
};

}  // namespace virgo::binding

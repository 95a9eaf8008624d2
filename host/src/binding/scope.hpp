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
  // `id` is never used again in its context; at most `max` are open at a time.
  Scope(std::uint64_t id, std::size_t max) : id_(id), max_(max) {}
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

  std::uint64_t id() const { return id_; }
  std::size_t max() const { return max_; }
  bool is_full() const { return open_.size() >= max_; }
  std::size_t size() const { return open_.size(); }

  // Returns its number within the scope.
  std::uint64_t add(std::unique_ptr<Resource> resource);
  // Null when it was closed.
  Resource* find(std::uint64_t number) const;
  // Takes it out, to be destroyed or finished by the caller; null if it is gone.
  std::unique_ptr<Resource> take(std::uint64_t number);

 private:
  struct Entry {
    std::uint64_t number;
    std::unique_ptr<Resource> resource;
  };
  const std::uint64_t id_;
  const std::size_t max_;
  std::uint64_t last_ = 0;
  std::vector<Entry> open_;
};

}  // namespace virgo::binding

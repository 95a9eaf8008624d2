// What a parse fills before there is a tree: a flat table in which an alias is
// one more reference to a row. Internal to config/. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/format.hpp"
#include "config/load.hpp"

namespace virgo::config {

inline constexpr std::uint32_t kNone = UINT32_MAX;

// Ends the parse; the problem is recorded already.
struct Stop {};

struct Place {
  int line = 0;
  int column = 0;
};

struct Reference {
  std::uint32_t row = kNone;
  Place where;
  bool alias = false;
};

struct RawNode {
  Node node;  // without items and positions
  Place where;
  bool open = false;  // a collection whose end has not come yet
  std::vector<Reference> items;
  std::vector<Place> key_places;
};

class Notes {
 public:
  explicit Notes(std::shared_ptr<const std::string> file) : file_(std::move(file)) {}
  Position position(Place place) const { return {file_, place.line, place.column}; }
  void add(Place place, std::string text) {
    problems.push_back({position(place), "", std::move(text)});
  }
  [[noreturn]] void stop(Place place, std::string text) {
    add(place, std::move(text));
    throw Stop{};
  }
  Problems problems;

 private:
  std::shared_ptr<const std::string> file_;
};

// Bytes that aliases and ${...} add to what was written.
class Growth {
 public:
  Growth(Notes& notes, std::uint64_t max) : notes_(notes), max_(max) {}
  void add(std::uint64_t bytes, Place where) {
    bytes_ += bytes;
    if (bytes_ > max_)
      notes_.stop(where,
                  format("aliases and ${{...}} add more than {} bytes (limit 'bytes')", max_));
  }

 private:
  Notes& notes_;
  std::uint64_t max_;
  std::uint64_t bytes_ = 0;
};

// Copies the tree out of the table; an alias becomes a copy of what it names.
// Throws Stop when that goes beyond a limit, blaming the innermost alias.
Node expand(const std::vector<RawNode>& table, const Reference& root, Notes& notes, Growth& growth,
            const ParseLimits& limits);

}  // namespace virgo::config

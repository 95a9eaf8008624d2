// Rows and columns for people: aligned on a terminal, or as Markdown. What stands
// in the cells may come from a plugin, so control characters are written as \xNN.
// Not thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace virgo::cli {

class TextTable {
 public:
  struct Column {
    const char* title;
    bool right = false;  // aligned to the right
  };
  explicit TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // As many cells as there are columns.
  void add(std::vector<std::string> cells);
  bool empty() const { return rows_.empty(); }

  // A line each, beginning with `indent`; titles in capitals.
  std::string text(std::string_view indent = "") const;
  // With a line of titles, as they were given.
  std::string markdown() const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

// `text` on one line: control characters as \xNN.
std::string one_line(std::string_view text);
// The same as inline code of Markdown; "" stays "".
std::string markdown_code(const std::string& text);

}  // namespace virgo::cli

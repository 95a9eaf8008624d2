#include "cli/text_table.hpp"

#include <algorithm>
#include <cctype>

#include "base/format.hpp"

namespace virgo::cli {
namespace {

// Characters, of UTF-8 text.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string capitals(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

}  // namespace

std::string one_line(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f)
      out += format("\\x{:02x}", byte);
    else
      out += c;
  }
  return out;
}

std::string markdown_code(const std::string& text) {
  return text.empty() ? "" : "`" + text + "`";
}

void TextTable::add(std::vector<std::string> cells) {
  for (std::string& cell : cells) cell = one_line(cell);
  cells.resize(columns_.size());
  rows_.push_back(std::move(cells));
}

std::string TextTable::text(std::string_view indent) const {
  std::vector<std::vector<std::string>> lines(1);
  for (const Column& c : columns_) lines[0].push_back(capitals(c.title));
  lines.insert(lines.end(), rows_.begin(), rows_.end());
  std::vector<std::size_t> widths(columns_.size());
  for (const auto& line : lines)
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], width(line[i]));

  std::string out;
  for (const auto& line : lines) {
    std::string row(indent);
    for (std::size_t i = 0; i < line.size(); ++i) {
      const std::string space(widths[i] - width(line[i]), ' ');
      row += (i > 0 ? "  " : "") + (columns_[i].right ? space + line[i] : line[i] + space);
    }
    row.erase(row.find_last_not_of(' ') + 1);
    out += row + "\n";
  }
  return out;
}

std::string TextTable::markdown() const {
  std::string out = "|";
  for (const Column& c : columns_) out += format(" {} |", c.title);
  out += "\n|";
  for (const Column& c : columns_) out += c.right ? "---:|" : "---|";
  out += "\n";
  for (const auto& row : rows_) {
    out += "|";
    for (const std::string& cell : row) {
      std::string safe;
      for (const char c : cell) safe += c == '|' ? std::string("\\|") : std::string(1, c);
      out += safe.empty() ? " |" : format(" {} |", safe);
    }
    out += "\n";
  }
  return out;
}

}  // namespace virgo::cli

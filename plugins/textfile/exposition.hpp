// The text format of Prometheus: "# TYPE", "# HELP" and series, a line each.
//
//   # TYPE backup_size_bytes gauge
//   backup_size_bytes{set="home",host="a\"b"} 1.5e+09
#pragma once

#include <shared/slice.hpp>
#include <shared/text.hpp>

namespace plugin {

constexpr unsigned kMostLabels = 16;
constexpr size_t kMostText = 1024;  // of a name, or of a label's value

struct Series {
  std::string_view name;
  struct Label {
    std::string_view name;
    std::string_view value;
  } labels[kMostLabels];
  unsigned label_count = 0;
  bool counter = false;  // else it goes up and down, or nobody knows
  bool finite = false;   // NaN and the infinities are no values
  double value = 0;

  const std::string_view* find(std::string_view label) const {
    for (unsigned i = 0; i < label_count; ++i)
      if (labels[i].name == label) return &labels[i].value;
    return nullptr;
  }
};

class Exposition {
 public:
  explicit Exposition(std::string_view text) : rest_(text) {}

  // The next series; false at the end, and at a line that is wrong, which error() then
  // explains. What `out` has lives until the next call.
  bool next(Series* out) {
    while (!rest_.empty() && error_ == nullptr) {
      ++line_number_;
      std::string_view line;
      if (!take_line(rest_, &line)) return fail("the last line has no end, it may be half a line");
      skip_blanks(line);
      if (line.empty()) continue;
      if (line.front() != '#') return read_series(line, out);
      line.remove_prefix(1);
      if (!read_comment(line)) return false;
    }
    return false;
  }
  const char* error() const { return error_; }
  uint64_t line() const { return line_number_; }

 private:
  enum class Type : uint8_t { untyped, counter, gauge, histogram, summary };

  bool fail(const char* why) {
    error_ = why;
    return false;
  }
  static void skip_blanks(std::string_view& text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  }
  // Up to the next blank.
  static std::string_view take_token(std::string_view& text) {
    skip_blanks(text);
    size_t n = 0;
    while (n < text.size() && text[n] != ' ' && text[n] != '\t') ++n;
    const std::string_view token = slice(text, 0, n);
    text.remove_prefix(n);
    return token;
  }
  static std::string_view take_name(std::string_view& text, bool of_metric) {
    size_t n = 0;
    for (; n < text.size(); ++n) {
      const char c = text[n];
      const bool letter =
          (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (of_metric && c == ':');
      if (!letter && (n == 0 || c < '0' || c > '9')) break;
    }
    const std::string_view name = slice(text, 0, n);
    text.remove_prefix(n);
    return name;
  }
  static bool same_word(std::string_view word, std::string_view lower) {
    if (word.size() != lower.size()) return false;
    for (size_t i = 0; i < word.size(); ++i)
      if ((word[i] | 0x20) != lower[i]) return false;
    return true;
  }

  // "HELP name text", "TYPE name type", or a comment.
  bool read_comment(std::string_view line) {
    if (take_token(line) != "TYPE") return true;
    skip_blanks(line);
    std::string_view name = take_name(line, true);
    if (name.empty()) return fail("# TYPE without the name of a metric");
    const std::string_view word = take_token(line);
    skip_blanks(line);
    static constexpr std::string_view kWords[] = {"untyped", "counter", "gauge", "histogram",
                                                  "summary"};
    for (unsigned i = 0; i < 5; ++i)
      if (same_word(word, kWords[i]) && line.empty()) {
        family_ = name;
        type_ = static_cast<Type>(i);
        return true;
      }
    return fail("# TYPE of a type that is none");
  }

  bool is_counter(std::string_view name) const {
    if (family_.empty() || !starts_with(name, family_)) return false;
    const std::string_view end = slice(name, family_.size());
    if (type_ == Type::counter) return end.empty();
    const bool sums = end == "_sum" || end == "_count";
    return (type_ == Type::histogram && (sums || end == "_bucket")) ||
           (type_ == Type::summary && sums);
  }

  bool read_series(std::string_view line, Series* out) {
    out->name = take_name(line, true);
    if (out->name.empty()) return fail("neither a metric nor a comment");
    if (out->name.size() > kMostText) return fail("a name of more than 1024 bytes");
    out->label_count = 0;
    used_ = 0;
    skip_blanks(line);
    if (!line.empty() && line.front() == '{') {
      line.remove_prefix(1);
      if (!read_labels(line, out)) return false;
    } else if (!line.empty() && line.data() == out->name.data() + out->name.size()) {
      return fail("a name with characters that names do not have");
    }
    const std::string_view value = take_token(line);
    if (value.empty()) return fail("a series without a value");
    if (!read_value(value, out)) return fail("a value that is no number");
    skip_blanks(line);
    int64_t time = 0;
    if (!line.empty())
      return fail(to_i64(take_token(line), &time) ? "time stamps are not supported"
                                                  : "something after the value");
    out->counter = is_counter(out->name);
    return true;
  }

  static bool read_value(std::string_view word, Series* out) {
    std::string_view plain = word;
    if (plain.front() == '+' || plain.front() == '-') plain.remove_prefix(1);
    out->finite =
        !same_word(plain, "inf") && !same_word(plain, "infinity") && !same_word(word, "nan");
    out->value = 0;
    return !out->finite || to_f64(word, &out->value);
  }

  // After "{", up to and with "}".
  bool read_labels(std::string_view& line, Series* out) {
    for (;;) {
      skip_blanks(line);
      if (!line.empty() && line.front() == '}') break;
      if (out->label_count == kMostLabels) return fail("more than 16 labels");
      const std::string_view name = take_name(line, false);
      if (name.empty() || name == "__name__") return fail("a label without a proper name");
      if (name.size() > kMostText) return fail("a name of more than 1024 bytes");
      if (out->find(name) != nullptr) return fail("two labels of the same name");
      skip_blanks(line);
      if (line.empty() || line.front() != '=') return fail("a label without =");
      line.remove_prefix(1);
      skip_blanks(line);
      std::string_view value;
      if (!read_quoted(line, &value)) return false;
      out->labels[out->label_count++] = {name, value};
      skip_blanks(line);
      if (line.empty() || (line.front() != ',' && line.front() != '}'))
        return fail("labels that do not end with }");
      if (line.front() == ',') line.remove_prefix(1);
    }
    line.remove_prefix(1);
    return true;
  }

  // Text between quotes, in which \\ \" and \n stand for others.
  bool read_quoted(std::string_view& line, std::string_view* out) {
    if (line.empty() || line.front() != '"') return fail("a label without quotes");
    char* const start = values_ + used_;
    size_t n = 0;
    for (size_t i = 1; i < line.size(); ++i) {
      char c = line[i];
      if (c == '"') {
        *out = {start, n};
        used_ += n;
        line.remove_prefix(i + 1);
        return true;
      }
      if (c == '\\') {
        const char next = i + 1 < line.size() ? line[++i] : '\0';
        if (next != '\\' && next != '"' && next != 'n') return fail("an escape that is none");
        c = next == 'n' ? '\n' : next;
      }
      if (n == kMostText) return fail("a label of more than 1024 bytes");
      start[n++] = c;
    }
    return fail("a label without its second quote");
  }

  std::string_view rest_;
  const char* error_ = nullptr;
  uint64_t line_number_ = 0;
  std::string_view family_;  // of the last # TYPE
  Type type_ = Type::untyped;
  size_t used_ = 0;
  char values_[kMostLabels * kMostText];
};

}  // namespace plugin

// Tape: a JSON text as a flat list of tokens, for those who build their own values
// from it and want each array's and object's size before its first element.
//
// Strings without escapes stay in the text that was parsed, so a tape is good only
// as long as that text. Not thread-safe; may be used again and again.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace virgo::json {

struct Token {
  enum class Type : std::uint8_t {
    null,
    yes,
    no,
    i64,
    u64,  // above the range of i64
    f64,
    text,     // in the parsed text
    escaped,  // had escapes: in the tape
    array,    // `size` values follow
    object,   // `size` pairs follow: a text or escaped, then its value
  };
  Type type;
  std::uint32_t size;  // of a text in bytes, of an array or object
  union {
    std::int64_t i64;
    std::uint64_t u64;
    double f64;
    std::uint64_t offset;  // of a text
  };
};

struct TapeOptions {
  std::size_t depth = 32;
  std::size_t values = static_cast<std::size_t>(-1);  // of any kind, together
  // /* */ and // count as white space; bytes that are not UTF-8 may stand in strings.
  bool lenient = false;
};

class Tape {
 public:
  // Parses the document at the front of `text`; what follows it is not looked at.
  // False: what() and end() say what is wrong and where.
  bool parse(std::string_view text, const TapeOptions& options);
  // The first byte behind the document, or the one that is wrong.
  std::size_t end() const { return end_; }
  const std::string& what() const { return what_; }

  const Token* begin() const { return tokens_.data(); }
  std::string_view text(const Token& token) const {
    const char* from = token.type == Token::Type::text ? source_.data() : escaped_.data();
    return {from + token.offset, token.size};
  }
  // Gives back the memory above `bytes`.
  void shrink(std::size_t bytes);

 private:
  bool parse_strictly(std::string_view text, const TapeOptions& options);

  friend class TapeBuilder;
  std::vector<Token> tokens_;
  std::vector<std::uint32_t> open_;  // places in tokens_ of the arrays and objects not closed
  std::string escaped_;
  std::string without_comments_;
  std::string_view source_;  // what was parsed, or without_comments_
  std::size_t end_ = 0;
  std::string what_;
};

}  // namespace virgo::json

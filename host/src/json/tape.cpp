#include "json/tape.hpp"

#include <boost/json/basic_parser_impl.hpp>

#include <charconv>
#include <limits>

#include "base/format.hpp"

namespace virgo::json {

namespace bj = boost::json;
using Type = Token::Type;

class TapeBuilder {
 public:
  // What basic_parser requires of its handler.
  static constexpr std::size_t max_object_size = std::numeric_limits<std::uint32_t>::max();
  static constexpr std::size_t max_array_size = std::numeric_limits<std::uint32_t>::max();
  static constexpr std::size_t max_key_size = std::numeric_limits<std::uint32_t>::max();
  static constexpr std::size_t max_string_size = std::numeric_limits<std::uint32_t>::max();

  Tape* tape = nullptr;
  std::size_t left = 0;  // values that may still come
  bool too_many = false;

  bool on_document_begin(bj::error_code&) { return true; }
  bool on_document_end(bj::error_code&) { return true; }
  bool on_object_begin(bj::error_code& ec) { return open(Type::object, ec); }
  bool on_object_end(std::size_t n, bj::error_code&) { return close(n); }
  bool on_array_begin(bj::error_code& ec) { return open(Type::array, ec); }
  bool on_array_end(std::size_t n, bj::error_code&) { return close(n); }
  bool on_key_part(bj::string_view part, std::size_t, bj::error_code&) { return collect(part); }
  bool on_key(bj::string_view part, std::size_t, bj::error_code&) {
    add_text(part);
    return true;
  }
  bool on_string_part(bj::string_view part, std::size_t, bj::error_code&) { return collect(part); }
  bool on_string(bj::string_view part, std::size_t, bj::error_code& ec) {
    if (!count(ec)) return false;
    add_text(part);
    return true;
  }
  bool on_number_part(bj::string_view part, bj::error_code&) {
    if (number_ == nullptr) number_ = part.data();
    return true;
  }
  bool on_int64(std::int64_t i, bj::string_view part, bj::error_code& ec) {
    // JSON's -0 is a floating-point number.
    if (i == 0 && number(part).front() == '-') return on_double(-0.0, part, ec);
    number_ = nullptr;
    Token* t = add(Type::i64, ec);
    if (t != nullptr) t->i64 = i;
    return t != nullptr;
  }
  bool on_uint64(std::uint64_t u, bj::string_view part, bj::error_code& ec) {
    if (u <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
      return on_int64(static_cast<std::int64_t>(u), part, ec);
    number_ = nullptr;
    Token* t = add(Type::u64, ec);
    if (t != nullptr) t->u64 = u;
    return t != nullptr;
  }
  bool on_double(double d, bj::string_view part, bj::error_code& ec) {
    const std::string_view text = number(part);
    number_ = nullptr;
    Token* t = add(Type::f64, ec);
    if (t == nullptr) return false;
    t->f64 = d;
    // The parser's own conversion may be off by one in the last place.
    std::from_chars(text.data(), text.data() + text.size(), t->f64);
    return true;
  }
  bool on_bool(bool b, bj::error_code& ec) { return add(b ? Type::yes : Type::no, ec) != nullptr; }
  bool on_null(bj::error_code& ec) { return add(Type::null, ec) != nullptr; }
  bool on_comment_part(bj::string_view, bj::error_code&) { return true; }
  bool on_comment(bj::string_view, bj::error_code&) { return true; }

 private:
  // The whole number that ends with `part`: the text is parsed in one piece.
  std::string_view number(bj::string_view part) const {
    const char* from = number_ == nullptr ? part.data() : number_;
    return {from, static_cast<std::size_t>(part.data() + part.size() - from)};
  }
  bool collect(bj::string_view part) {
    if (!collecting_) text_begin_ = tape->escaped_.size();
    collecting_ = true;
    tape->escaped_.append(part.data(), part.size());
    return true;
  }
  void add_text(bj::string_view part) {
    const std::string_view source = tape->source_;
    Token t{};
    if (!collecting_ && part.data() >= source.data() &&
        part.data() + part.size() <= source.data() + source.size()) {
      t.type = Type::text;
      t.size = static_cast<std::uint32_t>(part.size());
      t.offset = static_cast<std::uint64_t>(part.data() - source.data());
    } else {
      collect(part);
      t.type = Type::escaped;
      t.size = static_cast<std::uint32_t>(tape->escaped_.size() - text_begin_);
      t.offset = text_begin_;
    }
    collecting_ = false;
    tape->tokens_.push_back(t);
  }
  bool count(bj::error_code& ec) {
    if (left-- > 0) return true;
    left = 0;
    too_many = true;
    ec = bj::error::array_too_large;
    return false;
  }
  Token* add(Type type, bj::error_code& ec) {
    if (!count(ec)) return nullptr;
    Token& t = tape->tokens_.emplace_back();
    t.type = type;
    return &t;
  }
  bool open(Type type, bj::error_code& ec) {
    tape->open_.push_back(static_cast<std::uint32_t>(tape->tokens_.size()));
    return add(type, ec) != nullptr;
  }
  bool close(std::size_t n) {
    tape->tokens_[tape->open_.back()].size = static_cast<std::uint32_t>(n);
    tape->open_.pop_back();
    return true;
  }

  bool collecting_ = false;  // a text comes in parts, into the tape
  std::size_t text_begin_ = 0;
  const char* number_ = nullptr;  // where a number that comes in parts began
};

namespace {

// `text` with spaces in place of its comments; an unfinished one stays. The parser's
// own way with comments loses the place of an error.
std::string without_comments(std::string_view text) {
  std::string out(text);
  bool in_string = false;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (in_string && out[i] == '\\') {
      ++i;
    } else if (out[i] == '"') {
      in_string = !in_string;
    } else if (!in_string && out[i] == '/' && i + 1 < out.size()) {
      const bool line = out[i + 1] == '/';
      if (!line && out[i + 1] != '*') continue;
      std::size_t end = line ? out.find('\n', i) : out.find("*/", i + 2);
      if (end == std::string::npos && !line) break;
      end = end == std::string::npos ? out.size() : line ? end : end + 2;
      for (; i < end; ++i)
        if (out[i] != '\n') out[i] = ' ';
      --i;
    }
  }
  return out;
}

}  // namespace

bool Tape::parse(std::string_view text, const TapeOptions& options) {
  bool good = parse_strictly(text, options);
  if (good || !options.lenient || end_ >= text.size() || text[end_] != '/') return good;
  without_comments_ = without_comments(text);
  return parse_strictly(without_comments_, options);
}

bool Tape::parse_strictly(std::string_view text, const TapeOptions& options) {
  tokens_.clear();
  open_.clear();
  escaped_.clear();
  what_.clear();
  source_ = text;
  end_ = 0;
  try {
    bj::parse_options rules;
    rules.max_depth = options.depth;
    rules.allow_invalid_utf8 = options.lenient;
    bj::basic_parser<TapeBuilder> parser(rules);
    TapeBuilder& builder = parser.handler();
    builder.tape = this;
    builder.left = options.values;
    bj::error_code ec;
    end_ = parser.write_some(false, text.data(), text.size(), ec);
    if (end_ > text.size()) end_ = text.size();
    if (!ec && parser.done()) return true;
    if (builder.too_many)
      what_ = format("more than {} values", options.values);
    else if (ec == bj::error::too_deep)
      what_ = format("nested deeper than {}", options.depth);
    else if (!ec || ec == bj::error::incomplete)
      what_ = "the text ends too early";
    else
      what_ = ec.message();
  } catch (const std::exception& e) {
    what_ = format("cannot parse JSON: {}", e.what());
  }
  return false;
}

void Tape::shrink(std::size_t bytes) {
  if (tokens_.capacity() * sizeof(Token) > bytes) std::vector<Token>().swap(tokens_);
  if (escaped_.capacity() > bytes) std::string().swap(escaped_);
  if (without_comments_.capacity() > bytes) std::string().swap(without_comments_);
}

}  // namespace virgo::json

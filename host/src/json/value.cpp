// Boost.JSON's event parser builds our own tree: its own keeps neither the text
// of numbers nor a bound on their count, and its headers stay in this file.
#include "json/value.hpp"

#include <boost/json/basic_parser_impl.hpp>

#include <charconv>

#include "base/format.hpp"
#include "json/writer.hpp"

namespace virgo::json {
namespace {

namespace bj = boost::json;

class TreeBuilder {
 public:
  // What basic_parser requires of its handler.
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

  std::size_t left = 0;  // values that may still come
  Value root;

  bool on_document_begin(bj::error_code&) { return true; }
  bool on_document_end(bj::error_code&) { return true; }
  bool on_object_begin(bj::error_code& ec) { return open(Kind::object, ec); }
  bool on_object_end(std::size_t, bj::error_code&) { return close(); }
  bool on_array_begin(bj::error_code& ec) { return open(Kind::array, ec); }
  bool on_array_end(std::size_t, bj::error_code&) { return close(); }

  bool on_key_part(bj::string_view part, std::size_t, bj::error_code&) { return collect(part); }
  bool on_key(bj::string_view part, std::size_t, bj::error_code&) {
    collect(part);
    stack_.back()->keys.push_back(std::move(text_));
    text_.clear();
    return true;
  }
  bool on_string_part(bj::string_view part, std::size_t, bj::error_code&) { return collect(part); }
  bool on_string(bj::string_view part, std::size_t, bj::error_code& ec) {
    collect(part);
    Value* v = add(Kind::string, ec);
    if (v != nullptr) v->text = std::move(text_);
    text_.clear();
    return v != nullptr;
  }
  bool on_number_part(bj::string_view part, bj::error_code&) { return collect(part); }
  bool on_int64(std::int64_t i, bj::string_view part, bj::error_code& ec) {
    return number(part, static_cast<double>(i), true, i, ec);
  }
  bool on_uint64(std::uint64_t u, bj::string_view part, bj::error_code& ec) {
    return number(part, static_cast<double>(u), false, 0, ec);
  }
  bool on_double(double d, bj::string_view part, bj::error_code& ec) {
    return number(part, d, false, 0, ec);
  }
  bool on_bool(bool b, bj::error_code& ec) {
    Value* v = add(Kind::boolean, ec);
    if (v != nullptr) v->boolean = b;
    return v != nullptr;
  }
  bool on_null(bj::error_code& ec) { return add(Kind::null, ec) != nullptr; }
  bool on_comment_part(bj::string_view, bj::error_code&) { return true; }
  bool on_comment(bj::string_view, bj::error_code&) { return true; }

  bool too_many() const { return too_many_; }

 private:
  bool collect(bj::string_view part) {
    text_.append(part.data(), part.size());
    return true;
  }
  Value* add(Kind kind, bj::error_code& ec) {
    if (left == 0) {
      too_many_ = true;
      ec = bj::error::array_too_large;
      return nullptr;
    }
    --left;
    Value* v = &root;
    if (!stack_.empty()) v = &stack_.back()->items.emplace_back();
    v->kind = kind;
    return v;
  }
  bool open(Kind kind, bj::error_code& ec) {
    Value* v = add(kind, ec);
    if (v == nullptr) return false;
    // A parent's vector does not grow while a child of it is open, so the
    // pointers on the stack stay good.
    stack_.push_back(v);
    return true;
  }
  bool close() {
    stack_.pop_back();
    return true;
  }
  bool number(bj::string_view part, double d, bool integer, std::int64_t i, bj::error_code& ec) {
    collect(part);
    Value* v = add(Kind::number, ec);
    if (v == nullptr) return false;
    v->number = d;
    v->integer = integer;
    v->i64 = i;
    v->text = std::move(text_);
    // The parser's own conversion may be off by one in the last place.
    if (!integer) std::from_chars(v->text.data(), v->text.data() + v->text.size(), v->number);
    text_.clear();
    return true;
  }

  std::vector<Value*> stack_;
  std::string text_;
  bool too_many_ = false;
};

void write(Writer& out, const Value& value) {
  switch (value.kind) {
    case Kind::null:
      out.null();
      break;
    case Kind::boolean:
      out.boolean(value.boolean);
      break;
    case Kind::number:
      out.raw(value.text);
      break;
    case Kind::string:
      out.string(value.text);
      break;
    case Kind::array:
      out.begin_array();
      for (const Value& v : value.items) write(out, v);
      out.end_array();
      break;
    case Kind::object:
      out.begin_object();
      for (std::size_t i = 0; i < value.items.size(); ++i) {
        out.key(value.keys[i]);
        write(out, value.items[i]);
      }
      out.end_object();
      break;
  }
}

}  // namespace

const Value* Value::find(std::string_view key) const {
  for (std::size_t i = keys.size(); i > 0; --i)
    if (keys[i - 1] == key) return &items[i - 1];
  return nullptr;
}

Result<Value> parse(std::string_view text, const ParseLimits& limits) {
  try {
    bj::parse_options options;
    options.max_depth = limits.depth;
    bj::basic_parser<TreeBuilder> parser(options);
    parser.handler().left = limits.values;
    bj::error_code ec;
    const std::size_t used = parser.write_some(false, text.data(), text.size(), ec);
    if (!ec && used < text.size()) ec = bj::error::extra_data;
    if (!ec && !parser.done()) ec = bj::error::incomplete;
    if (!ec) return std::move(parser.handler().root);
    if (parser.handler().too_many())
      return Error{Errc::limit, format("more than {} values (at byte {})", limits.values, used)};
    const bool deep = ec == bj::error::too_deep;
    return Error{deep ? Errc::limit : Errc::invalid,
                 deep ? format("nested deeper than {} (at byte {})", limits.depth, used)
                      : format("not JSON: {} (at byte {})", ec.message(), used)};
  } catch (const std::exception& e) {
    return Error{Errc::failed, format("cannot parse JSON: {}", e.what())};
  }
}

std::string to_json(const Value& value) {
  std::string text;
  Writer out(text);
  write(out, value);
  return text;
}

}  // namespace virgo::json

#include "endpoint/message.hpp"

#include <algorithm>
#include <climits>

#include "base/format.hpp"
#include "base/text.hpp"
#include "json/writer.hpp"

namespace virgo::endpoint {
namespace {

// An id is echoed: a peer must not make us keep and send back long ones.
constexpr std::size_t kMaxId = 256;

int error_code(const json::Value* code) {
  if (code == nullptr || !code->integer) return 0;
  return static_cast<int>(std::clamp<std::int64_t>(code->i64, INT_MIN, INT_MAX));
}

std::string text_member(const json::Value& object, std::string_view key) {
  const json::Value* v = object.find(key);
  return v != nullptr && v->kind == json::Kind::string ? v->text : "";
}

// null, absent and (from Lua encoders of old) [] all say "no error".
bool is_error(const json::Value* v) {
  return v != nullptr && v->kind == json::Kind::object;
}

void write_head(json::Writer& out, const Names& names) {
  out.begin_object();
  out.key("v");
  out.string("1");
  out.key("source");
  out.string(names.source);
  out.key("target");
  out.string(names.target);
}

std::string finish_line(json::Writer& out, std::string& line) {
  out.end_object();
  line += '\n';
  return std::move(line);
}

}  // namespace

Result<Message> parse_message(std::string_view line) {
  auto parsed = json::parse(line);
  if (!parsed)
    return Error{parsed.error().code,
                 format("{}: \"{}\"", parsed.error().message, printable(line, 60))};
  json::Value& root = *parsed;
  if (root.kind != json::Kind::object) return Error{Errc::invalid, "not a JSON object"};
  if (text_member(root, "v") != "1")
    return Error{Errc::invalid, "protocol version is not \"1\" (member v)"};

  Message message;
  const json::Value* id = root.find("id");
  if (id == nullptr || (id->kind != json::Kind::number && id->kind != json::Kind::string))
    return Error{Errc::invalid, "no id, or one that is neither a number nor a string"};
  if (id->text.size() > kMaxId)
    return Error{Errc::limit, format("an id of more than {} bytes", kMaxId)};
  message.id = *id;
  message.source = text_member(root, "source");
  message.target = text_member(root, "target");
  message.method = text_member(root, "method");
  message.is_request = root.find("method") != nullptr;
  if (message.is_request && message.method.empty())
    return Error{Errc::invalid, "method is not a string"};

  const json::Value* body = root.find(message.is_request ? "params" : "result");
  if (body != nullptr) message.body = *body;
  const json::Value* error = root.find("error");
  if (!message.is_request && is_error(error)) {
    message.failed = true;
    message.error.message = text_member(*error, "message");
    message.error.type = text_member(*error, "type");
    message.error.code = error_code(error->find("code"));
  }
  return message;
}

std::string request_line(const Names& names, std::uint64_t id, std::string_view method,
                         std::string_view params) {
  std::string line;
  json::Writer out(line);
  write_head(out, names);
  out.key("id");
  out.integer(id);
  out.key("method");
  out.string(method);
  out.key("params");
  out.raw(params.empty() ? "{}" : params);
  return finish_line(out, line);
}

std::string response_line(const Names& names, const json::Value& id, std::string_view result) {
  std::string line;
  json::Writer out(line);
  write_head(out, names);
  out.key("id");
  out.raw(json::to_json(id));
  out.key("result");
  out.raw(result.empty() ? "{}" : result);
  return finish_line(out, line);
}

std::string error_line(const Names& names, const json::Value& id, const RemoteError& error) {
  std::string line;
  json::Writer out(line);
  write_head(out, names);
  out.key("id");
  out.raw(json::to_json(id));
  out.key("error");
  out.begin_object();
  out.key("code");
  out.integer(static_cast<std::int64_t>(error.code));
  if (!error.type.empty()) {
    out.key("type");
    out.string(error.type);
  }
  out.key("message");
  out.string(error.message);
  out.end_object();
  return finish_line(out, line);
}

}  // namespace virgo::endpoint

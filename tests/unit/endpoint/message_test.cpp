#include "endpoint/message.hpp"

#include <gtest/gtest.h>

#include <climits>

namespace virgo::endpoint {
namespace {

Message parsed(std::string_view line) {
  auto m = parse_message(line);
  EXPECT_TRUE(m.ok()) << line << ": " << (m.ok() ? "" : m.error().message);
  return m.ok() ? *m : Message{};
}

std::string refusal(std::string_view line) {
  const auto m = parse_message(line);
  return m.ok() ? "" : m.error().message;
}

TEST(ParseMessage, Requests) {
  const Message m = parsed(
      R"({"v":"1","id":7,"source":"endpoint","target":"web-1","method":"agent.info","params":{"a":1}})");
  EXPECT_TRUE(m.is_request);
  EXPECT_FALSE(m.failed);
  EXPECT_EQ(m.id.i64, 7);
  EXPECT_EQ(m.source, "endpoint");
  EXPECT_EQ(m.target, "web-1");
  EXPECT_EQ(m.method, "agent.info");
  EXPECT_EQ(json::to_json(m.body), R"({"a":1})");
}

TEST(ParseMessage, NoParamsInAnyWayOfSayingSo) {
  for (const char* params : {"", R"(,"params":null)", R"(,"params":{})", R"(,"params":[])"}) {
    const Message m = parsed(std::string(R"({"v":"1","id":"x","method":"m")") + params + "}");
    EXPECT_TRUE(m.body.items.empty());
  }
}

TEST(ParseMessage, Results) {
  const Message m = parsed(R"({"v":"1","id":"17","result":{"acked":4712}})");
  EXPECT_FALSE(m.is_request);
  EXPECT_FALSE(m.failed);
  EXPECT_EQ(m.id.text, "17");
  EXPECT_EQ(m.body.find("acked")->i64, 4712);
  EXPECT_FALSE(parsed(R"({"v":"1","id":1})").failed);
  EXPECT_FALSE(parsed(R"({"v":"1","id":1,"result":0,"error":null})").failed);
  EXPECT_FALSE(parsed(R"({"v":"1","id":1,"result":0,"error":[]})").failed);
}

TEST(ParseMessage, Errors) {
  const Message m = parsed(
      R"({"v":"1","id":1,"error":{"code":401,"type":"denied","message":"no such token"},"result":null})");
  EXPECT_TRUE(m.failed);
  EXPECT_EQ(m.error.code, 401);
  EXPECT_EQ(m.error.type, "denied");
  EXPECT_EQ(m.error.message, "no such token");
  const Message bare = parsed(R"({"v":"1","id":1,"error":{}})");
  EXPECT_TRUE(bare.failed);
  EXPECT_EQ(bare.error.code, 0);
  EXPECT_EQ(bare.error.message, "");
  const Message odd = parsed(R"({"v":"1","id":1,"error":{"code":"x","type":5,"message":[]}})");
  EXPECT_EQ(odd.error.code, 0);
  EXPECT_EQ(odd.error.type, "");
}

TEST(ParseMessage, CodesOutOfRangeStayTelling) {
  EXPECT_EQ(parsed(R"({"v":"1","id":1,"error":{"code":99999999999}})").error.code, INT_MAX);
  EXPECT_EQ(parsed(R"({"v":"1","id":1,"error":{"code":-99999999999}})").error.code, INT_MIN);
}

TEST(ParseMessage, RefusesTheRestAndSaysWhy) {
  EXPECT_NE(refusal("GET / HTTP/1.1").find("\"GET / HTTP/1.1\""), std::string::npos);
  EXPECT_NE(refusal("\x16\x03\x01").find("\\x16\\x03\\x01"), std::string::npos);
  EXPECT_EQ(refusal("[]"), "not a JSON object");
  EXPECT_EQ(refusal("1"), "not a JSON object");
  EXPECT_EQ(refusal("{}"), "protocol version is not \"1\" (member v)");
  EXPECT_EQ(refusal(R"({"v":1,"id":1})"), "protocol version is not \"1\" (member v)");
  EXPECT_EQ(refusal(R"({"v":"2","id":1})"), "protocol version is not \"1\" (member v)");
  const std::string no_id = "no id, or one that is neither a number nor a string";
  EXPECT_EQ(refusal(R"({"v":"1","method":"m"})"), no_id);
  for (const char* id : {"null", "true", "{}", "[]"})
    EXPECT_EQ(refusal(std::string(R"({"v":"1","id":)") + id + "}"), no_id);
  EXPECT_EQ(refusal(R"({"v":"1","id":1,"method":5})"), "method is not a string");
  EXPECT_EQ(refusal(R"({"v":"1","id":1,"method":""})"), "method is not a string");
}

TEST(ParseMessage, QuotesOnlyTheStartOfALongLine) {
  EXPECT_LT(refusal(std::string(1'000'000, 'x')).size(), 200u);
}

TEST(ParseMessage, IdsHaveALimit) {
  const std::string fits(256, 'i');
  EXPECT_EQ(parsed("{\"v\":\"1\",\"id\":\"" + fits + "\"}").id.text, fits);
  EXPECT_EQ(refusal("{\"v\":\"1\",\"id\":\"" + fits + "i\"}"), "an id of more than 256 bytes");
  EXPECT_EQ(refusal("{\"v\":\"1\",\"id\":1" + std::string(256, '0') + "}"),
            "an id of more than 256 bytes");
}

TEST(Lines, RoundTrip) {
  const Names names{"web-1 \"quoted\"", "endpoint"};
  const std::string request = request_line(names, 7, "batch.post", R"({"a":[1,2]})");
  EXPECT_EQ(request.back(), '\n');
  EXPECT_EQ(request.find('\n'), request.size() - 1);
  const Message m = parsed(request.substr(0, request.size() - 1));
  EXPECT_TRUE(m.is_request);
  EXPECT_EQ(m.source, names.source);
  EXPECT_EQ(m.target, "endpoint");
  EXPECT_EQ(m.method, "batch.post");
  EXPECT_EQ(json::to_json(m.body), R"({"a":[1,2]})");

  const std::string response = response_line(names, m.id, R"({"acked":5})");
  EXPECT_EQ(json::to_json(parsed(response).body), R"({"acked":5})");
  const Message e = parsed(error_line(names, m.id, {404, "", "unknown \"method\"\n"}));
  EXPECT_TRUE(e.failed);
  EXPECT_EQ(e.error.code, 404);
  EXPECT_EQ(e.error.type, "");
  EXPECT_EQ(e.error.message, "unknown \"method\"\n");
}

TEST(Lines, NothingIsAnEmptyObject) {
  EXPECT_NE(request_line({"a", "b"}, 0, "m", "").find("\"params\":{}"), std::string::npos);
  json::Value id;
  id.kind = json::Kind::number;
  id.text = "0";
  EXPECT_NE(response_line({"a", "b"}, id, "").find("\"result\":{}"), std::string::npos);
}

TEST(Lines, IdsAreEchoedAsTheyWereWritten) {
  for (const char* id : {"0", "\"0\"", "-5", "1.0", "1e2", "18446744073709551616", "\"\\u0000\""}) {
    const Message m = parsed(std::string(R"({"v":"1","method":"m","id":)") + id + "}");
    EXPECT_NE(response_line({"a", "b"}, m.id, "").find(std::string("\"id\":") + id + ","),
              std::string::npos)
        << id;
  }
}

}  // namespace
}  // namespace virgo::endpoint

#include "unit/http/conformance.hpp"

#include <gtest/gtest.h>

#include <set>

#include "unit/http/recording.hpp"

namespace virgo::http {
namespace {

using conformance::Outcome;
using conformance::RequestCase;
using conformance::ResponseCase;

void check_request_case(const RequestCase& one) {
  SCOPED_TRACE(one.name + ", section " + one.section);
  const ServerOptions options;
  std::string first_fields;
  for_each_split(one.raw, [&](const std::vector<std::string_view>& pieces) {
    RecordingServer server(options);
    for (const std::string_view piece : pieces) server.feed(piece);
    ASSERT_EQ(server.requests.size(), one.accepted.size());
    std::string fields;
    for (std::size_t i = 0; i < one.accepted.size(); ++i) {
      EXPECT_EQ(server.requests[i].start, one.accepted[i].method + " " + one.accepted[i].target);
      EXPECT_EQ(server.requests[i].body, one.accepted[i].body);
      EXPECT_EQ(server.requests[i].complete, one.refused == 0 || i + 1 < one.accepted.size());
      fields += server.requests[i].fields + server.requests[i].trailers;
    }
    if (pieces.size() == 1) first_fields = fields;
    EXPECT_EQ(fields, first_fields);
    ASSERT_EQ(server.refusals.size(), one.refused == 0 ? 0u : 1u);
    if (one.refused == 0) return;
    EXPECT_EQ(server.refusals[0].status, one.refused) << server.refusals[0].why;
    EXPECT_TRUE(server.session.wants_close());
    EXPECT_NE(server.output.find("HTTP/1.1 " + std::to_string(one.refused) + " "),
              std::string::npos);
    EXPECT_NE(server.output.find("Connection: close\r\n"), std::string::npos);
  });
}

TEST(Conformance, RequestsAreTakenOrRefused) {
  for (const RequestCase& one : conformance::request_cases()) check_request_case(one);
}

Outcome outcome_of(const RecordingClient& client) {
  if (!client.errors.empty()) return Outcome::failed;
  if (client.session.upgraded()) return Outcome::upgraded;
  if (client.session.busy()) return Outcome::waiting;
  return client.session.reusable() ? Outcome::kept : Outcome::closed;
}

void check_response_case(const ResponseCase& one) {
  SCOPED_TRACE(one.name + ", section " + one.section);
  const Limits limits;
  std::string first_fields;
  for_each_split(one.raw, [&](const std::vector<std::string_view>& pieces) {
    RecordingClient client(limits);
    const Header upgrade[] = {{"Connection", "Upgrade"}, {"Upgrade", "foo"}};
    ClientSession::Request request;
    request.method = one.method;
    request.target = one.method == "CONNECT" ? "h:1" : "/";
    request.host = "h";
    request.headers = upgrade;
    ASSERT_TRUE(client.session.request(request, {}).ok());
    for (const std::string_view piece : pieces) client.session.feed(piece);
    if (one.eof) client.session.end_of_stream();
    EXPECT_EQ(outcome_of(client), one.outcome)
        << (client.errors.empty() ? "" : client.errors[0].message);
    EXPECT_EQ(client.session.reusable(), one.outcome == Outcome::kept);
    EXPECT_EQ(client.interim.size(), static_cast<std::size_t>(one.interim));
    EXPECT_LE(client.errors.size(), 1u);
    EXPECT_EQ(client.session.take_rest(), one.rest);
    ASSERT_EQ(client.responses.size(), one.status == 0 ? 0u : 1u);
    if (one.status == 0) return;
    EXPECT_TRUE(client.responses[0].start.starts_with(std::to_string(one.status)));
    EXPECT_EQ(client.responses[0].body, one.body);
    const std::string fields = client.responses[0].fields + client.responses[0].trailers;
    if (pieces.size() == 1) first_fields = fields;
    EXPECT_EQ(fields, first_fields);
  });
}

TEST(Conformance, ResponsesAreTakenOrRefused) {
  for (const ResponseCase& one : conformance::response_cases()) check_response_case(one);
}

TEST(Conformance, TheCasesAreManyAndHaveNamesOfTheirOwn) {
  std::set<std::string> names;
  for (const RequestCase& one : conformance::request_cases())
    EXPECT_TRUE(names.insert(one.name).second) << one.name;
  EXPECT_GE(names.size(), 120u);
  names.clear();
  for (const ResponseCase& one : conformance::response_cases())
    EXPECT_TRUE(names.insert(one.name).second) << one.name;
  EXPECT_GE(names.size(), 60u);
}

}  // namespace
}  // namespace virgo::http

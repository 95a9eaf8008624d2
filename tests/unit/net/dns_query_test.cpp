#include "net/dns_query.hpp"

#include "net/listener.hpp"
#include "unit/loop_fixture.hpp"
#include "unit/net/dns_bytes.hpp"
#include "uv/udp.hpp"

namespace virgo::net {
namespace {

using namespace testing;
using namespace std::chrono_literals;

const std::string kAddress = dns_record(to_question(), 1, "\x7f\x01\x01\x01");

class DnsQueryTest : public virgo::testing::LoopTest {
 protected:
  // Gives the replies to a query, none or several.
  using Play = std::function<std::vector<std::string>(std::string_view query)>;

  void SetUp() override { open_udp(); }
  void open_udp() {
    udp = std::make_unique<uv::Udp>(
        loop, uv::Udp::Handlers{.received =
                                    [this](std::string_view bytes, const sockaddr* from) {
                                      ++asked;
                                      last = bytes;
                                      if (!play) return;
                                      for (const std::string& reply : play(bytes))
                                        EXPECT_TRUE(udp->send(reply, from).ok());
                                    },
                                .failed = nullptr});
    ASSERT_TRUE(udp->bind("127.0.0.1", 0).ok());
    ASSERT_TRUE(udp->receive_start().ok());
    const sockaddr_storage address = udp->local_address();
    port = uv::port_of(reinterpret_cast<const sockaddr*>(&address));
  }
  void TearDown() override {
    query.reset();
    peers.clear();
    listener.reset();
    udp.reset();
    LoopTest::TearDown();
  }
  void serve_tcp(const std::function<std::string(std::string_view)>& reply) {
    // Another program may have the TCP port of that number.
    for (int tries = 0; tries < 50 && listener == nullptr; ++tries) {
      if (tries > 0) open_udp();
      listen_tcp(reply);
    }
    ASSERT_NE(listener, nullptr);
  }
  void listen_tcp(const std::function<std::string(std::string_view)>& reply) {
    ListenOptions options;
    options.host = "127.0.0.1";
    options.port = port;
    auto opened =
        Listener::open(loop, options,
                       {[this, reply](std::unique_ptr<Connection> c) {
                          peers.push_back(std::move(c));
                          Connection& peer = *peers.back();
                          peer.set_handlers({.data =
                                                 [&peer, reply](std::string_view bytes) {
                                                   (void)peer.write(reply(bytes.substr(2)));
                                                 },
                                             .closed = [](const Error&) {},
                                             .drained = nullptr});
                        },
                        {}});
    if (opened.ok()) listener = std::move(opened).value();
  }
  static std::string framed(const std::string& message) {
    return u16(static_cast<unsigned>(message.size())) + message;
  }
  DnsQuestion question() const {
    DnsQuestion q;
    q.name = "a.example";
    q.servers = {"127.0.0.1"};
    q.port = port;
    return q;
  }
  Result<DnsAnswer> ask(DnsQuestion q) {
    std::optional<Result<DnsAnswer>> out;
    query = std::make_unique<DnsQuery>(loop, std::move(q),
                                       [&](Result<DnsAnswer> r) { out.emplace(std::move(r)); });
    EXPECT_FALSE(out.has_value()) << "called from the constructor";
    run_until([&] { return out.has_value(); });
    return out ? std::move(*out) : Error{};
  }
  std::string failure(DnsQuestion q) {
    const auto r = ask(std::move(q));
    if (r) return "";
    code = r.error().code;
    return r.error().message;
  }
  std::string server() const { return "127.0.0.1:" + std::to_string(port); }

  std::unique_ptr<uv::Udp> udp;
  std::unique_ptr<Listener> listener;
  std::vector<std::unique_ptr<Connection>> peers;
  std::unique_ptr<DnsQuery> query;
  Play play;
  int asked = 0;
  std::string last;
  std::uint16_t port = 0;
  Errc code = Errc::failed;
};

TEST_F(DnsQueryTest, AsksAndIsAnswered) {
  play = [](std::string_view q) {
    return std::vector{dns_response(q, kResponse | kAuthoritative, 1, kAddress)};
  };
  const auto r = ask(question());
  ASSERT_TRUE(r.ok()) << r.error().message;
  EXPECT_EQ(r->message.answers.at(0).text, "127.1.1.1");
  EXPECT_TRUE(r->message.authoritative);
  EXPECT_EQ(r->server, server());
  EXPECT_FALSE(r->tcp);
  EXPECT_GT(r->took.count(), 0);
  const std::string first = last.substr(0, 2);
  int same = 0;
  for (int i = 0; i < 8; ++i) {
    ASSERT_TRUE(ask(question()).ok());
    same += last.substr(0, 2) == first ? 1 : 0;
  }
  EXPECT_LT(same, 4) << "identifiers are not random";
}

TEST_F(DnsQueryTest, AnErrorOfTheServerIsAnAnswer) {
  for (const unsigned rcode : {1u, 2u, 3u, 5u}) {
    play = [rcode](std::string_view q) {
      return std::vector{dns_response(q, kResponse | rcode, 0, "")};
    };
    const auto r = ask(question());
    ASSERT_TRUE(r.ok());
    EXPECT_EQ(r->message.rcode, rcode);
  }
  // FORMERR without the question.
  play = [](std::string_view q) {
    return std::vector{std::string(q.substr(0, 2)) + u16(kResponse | 1) + std::string(8, '\0')};
  };
  EXPECT_EQ(ask(question())->message.rcode, 1);
}

TEST_F(DnsQueryTest, WhatDoesNotAnswerTheQuestionIsPassedOver) {
  play = [](std::string_view q) {
    const std::string right = dns_response(q, kResponse, 1, kAddress);
    std::string other_id = right;
    other_id[0] = static_cast<char>(other_id[0] ^ 1);
    std::string other_name = right;
    other_name[13] = 'b';
    std::string other_type = right;
    other_type[24] = 28;
    const std::string no_response = dns_response(q, 0x0100, 0, "");
    const std::string no_question =
        std::string(q.substr(0, 2)) + u16(kResponse) + std::string(8, '\0');
    return std::vector<std::string>{"",         "x",         other_id,    other_name,
                                    other_type, no_response, no_question, right};
  };
  const auto r = ask(question());
  ASSERT_TRUE(r.ok()) << r.error().message;
  EXPECT_EQ(r->message.answers.at(0).text, "127.1.1.1");
  EXPECT_EQ(asked, 1);
}

TEST_F(DnsQueryTest, OthersThanTheServerAreNotHeard) {
  // Somebody who has seen the query answers it from another port.
  uv::Udp other(loop, {});
  ASSERT_TRUE(other.bind("127.0.0.1", 0).ok());
  bool forged = false;
  udp = nullptr;
  udp = std::make_unique<uv::Udp>(
      loop, uv::Udp::Handlers{.received =
                                  [&](std::string_view q, const sockaddr* from) {
                                    forged =
                                        other.send(dns_response(q, kResponse, 0, ""), from).ok();
                                    (void)udp->send(dns_response(q, kResponse, 1, kAddress), from);
                                  },
                              .failed = nullptr});
  ASSERT_TRUE(udp->bind("127.0.0.1", port).ok());
  ASSERT_TRUE(udp->receive_start().ok());
  const auto r = ask(question());
  ASSERT_TRUE(r.ok()) << r.error().message;
  EXPECT_TRUE(forged);
  EXPECT_EQ(r->message.answers.size(), 1u);
}

TEST_F(DnsQueryTest, TheCaseOfTheNameMayChange) {
  play = [](std::string_view q) {
    std::string reply = dns_response(q, kResponse, 1, kAddress);
    reply[13] = 'A';
    return std::vector{reply};
  };
  EXPECT_TRUE(ask(question()).ok());
}

TEST_F(DnsQueryTest, ADamagedAnswerIsAnError) {
  play = [](std::string_view q) { return std::vector{dns_response(q, kResponse, 2, kAddress)}; };
  EXPECT_EQ(failure(question()),
            "DNS A a.example: " + server() + ": the DNS message is damaged: it ends too early");
  EXPECT_EQ(code, Errc::invalid);
}

TEST_F(DnsQueryTest, AsksAgainWhenNothingComes) {
  play = [this](std::string_view q) {
    return asked < 3 ? std::vector<std::string>() : std::vector{dns_response(q, kResponse, 0, "")};
  };
  DnsQuestion q = question();
  q.timeout = 3s;  // asked for every second
  ASSERT_TRUE(ask(q).ok());
  EXPECT_EQ(asked, 3);
}

TEST_F(DnsQueryTest, EndsWhenTimeIsUp) {
  DnsQuestion q = question();
  q.timeout = 60ms;
  EXPECT_EQ(failure(q), "DNS A a.example: no answer from " + server() + " within 60ms");
  EXPECT_EQ(code, Errc::timeout);
  EXPECT_GE(asked, 1);
  EXPECT_LE(asked, 3);
}

TEST_F(DnsQueryTest, TheNextServerIsAskedAtOnceWhenOneRefuses) {
  play = [](std::string_view q) { return std::vector{dns_response(q, kResponse, 0, "")}; };
  DnsQuestion q = question();
  q.servers = {"127.0.0.2", "127.0.0.1"};  // nobody listens at the first
  q.timeout = 30s;
  const auto r = ask(q);
  ASSERT_TRUE(r.ok()) << r.error().message;
  EXPECT_EQ(r->server, server());
  EXPECT_LT(r->took, 2s);
  q.servers = {"127.0.0.2", "127.0.0.3"};
  EXPECT_NE(failure(q).find("connection refused"), std::string::npos);
}

TEST_F(DnsQueryTest, TheLastServerIsAskedAgainAlthoughOthersRefuse) {
  play = [this](std::string_view q) {
    return asked < 3 ? std::vector<std::string>() : std::vector{dns_response(q, kResponse, 0, "")};
  };
  DnsQuestion q = question();
  q.servers = {"127.0.0.2", "127.0.0.3", "127.0.0.1"};
  q.timeout = 3s;  // asked for every second
  const auto r = ask(q);
  ASSERT_TRUE(r.ok()) << r.error().message;
  EXPECT_EQ(asked, 3);
}

TEST_F(DnsQueryTest, TheNextServerIsAskedWhenOneDoesNotServeTcp) {
  serve_tcp([](std::string_view q) { return framed(dns_response(q, kResponse, 1, kAddress)); });
  DnsQuestion q = question();
  q.servers = {"127.0.0.2", "127.0.0.1"};
  q.tcp = true;
  const auto r = ask(q);
  ASSERT_TRUE(r.ok()) << r.error().message;
  EXPECT_EQ(r->server, server());
  q.servers = {"127.0.0.2", "127.0.0.3"};
  EXPECT_EQ(failure(q).find("DNS A a.example: 127.0.0.3:"), 0u);
}

TEST_F(DnsQueryTest, ATruncatedAnswerWithoutTcp) {
  play = [](std::string_view q) {
    return std::vector{dns_response(q, kResponse | kTruncated, 0, "")};
  };
  EXPECT_EQ(failure(question()), "DNS A a.example: the answer is too long for UDP, and by TCP: " +
                                     server() + ": connection refused");
  // Nor does one that hangs up before it has answered.
  serve_tcp([this](std::string_view) {
    loop.post([this] { peers.clear(); });
    return std::string(1, '\0');
  });
  EXPECT_EQ(
      failure(question())
          .find("DNS A a.example: the answer is too long for UDP, and by TCP: " + server() + ": "),
      0u);
}

TEST_F(DnsQueryTest, ATruncatedAnswerIsAskedForByTcp) {
  play = [](std::string_view q) {
    return std::vector{dns_response(q, kResponse | kTruncated, 0, "")};
  };
  serve_tcp([](std::string_view q) {
    std::string many;
    for (int i = 0; i < 1000; ++i) many += kAddress;
    return framed(dns_response(q, kResponse, 1000, many));
  });
  const auto r = ask(question());
  ASSERT_TRUE(r.ok()) << r.error().message;
  EXPECT_TRUE(r->tcp);
  EXPECT_EQ(r->message.answers.size(), 1000u);
  asked = 0;
  DnsQuestion q = question();
  q.tcp = true;
  ASSERT_TRUE(ask(q).ok());
  EXPECT_EQ(asked, 0);
}

TEST_F(DnsQueryTest, BadAnswersByTcp) {
  DnsQuestion q = question();
  q.tcp = true;
  EXPECT_NE(failure(q).find("connection refused"), std::string::npos);
  std::string mode = "short";
  serve_tcp([&](std::string_view query_bytes) {
    if (mode == "short") return framed("xyz");
    if (mode == "other")
      return framed("zz" + dns_response(query_bytes, kResponse, 0, "").substr(2));
    return framed(dns_response(query_bytes, kResponse, 0, "")).substr(0, 9);
  });
  q.port = port;
  EXPECT_NE(failure(q).find("is damaged"), std::string::npos);
  mode = "other";
  EXPECT_NE(failure(q).find("a question that was not asked"), std::string::npos);
  mode = "half";
  q.timeout = 60ms;
  EXPECT_NE(failure(q).find("no answer from"), std::string::npos);
}

TEST_F(DnsQueryTest, BadQuestions) {
  DnsQuestion q = question();
  q.name = "a..b";
  EXPECT_EQ(failure(q), "DNS A a..b: 'a..b' is no DNS name: it has an empty label");
  q = question();
  q.servers = {"dns.example"};
  EXPECT_EQ(failure(q), "DNS A a.example: the DNS server 'dns.example' is no IP address");
  q.servers.clear();
  EXPECT_EQ(failure(q), "DNS A a.example: no DNS server is given");
}

TEST_F(DnsQueryTest, MayBeGivenUpAtAnyTime) {
  play = [](std::string_view q) {
    return std::vector{dns_response(q, kResponse | kTruncated, 0, "")};
  };
  serve_tcp([](std::string_view) { return std::string(); });
  for (int turns = 0; turns < 8; ++turns) {
    auto asking = std::make_unique<DnsQuery>(loop, question(), [](const auto&) { FAIL(); });
    turn(turns);
    asking.reset();
    turn(3);
  }
}

TEST(DnsServersTest, ThoseOfResolvConf) {
  using List = std::vector<std::string>;
  EXPECT_EQ(dns_servers_in(""), List{"127.0.0.1"});
  EXPECT_EQ(dns_servers_in("# nameserver 1.1.1.1\nsearch x\nnameserver\t192.0.2.1  # own\n"
                           "nameserver ::1\nnameserver nonsense\nnameservers 1.2.3.4\nnameserver"),
            (List{"192.0.2.1", "::1"}));
  EXPECT_EQ(dns_servers_in("nameserver 1.1.1.1\r\nnameserver 1.1.1.2\nnameserver 1.1.1.3\n"
                           "nameserver 1.1.1.4"),
            (List{"1.1.1.1", "1.1.1.2", "1.1.1.3"}));
}

}  // namespace
}  // namespace virgo::net

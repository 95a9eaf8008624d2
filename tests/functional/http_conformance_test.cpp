// The table of tests/unit/http/conformance.hpp, sent to the server of `virgo lua` over a
// socket; and to Node's, to see where two servers would disagree on what was asked.
#include "unit/http/conformance.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "functional/world.hpp"
#include "unit/http/conformance_requests.hpp"

namespace virgo::functional {
namespace {

using conformance::Request;
using conformance::RequestCase;

// Each answers a request whose body has come with a line that says what it was.
constexpr const char* kVirgo = R"(
local http = require('http')
local server = http.createServer(function(req, res)
  local body = req:readAll()
  if body then
    res:finish(('%s %s %d %s\n'):format(req.method, req.url, #body, body:sub(1, 100)))
  end
end)
server:listen(0, '127.0.0.1', function()
  io.stderr:write('port ', server:address().port, '\n')
end)
)";
constexpr const char* kNode = R"(
const http = require('http')
const answer = (req, res) => {
  let body = ''
  req.setEncoding('latin1')
  req.on('data', d => body += d)
  req.on('end', () => res.end(`${req.method} ${req.url} ${body.length} ${body.slice(0, 100)}\n`))
}
const server = http.createServer(answer)
server.on('upgrade', (req, socket) => socket.end())
server.on('connect', (req, socket) => socket.end())
server.listen(0, '127.0.0.1', () => console.error('port ' + server.address().port))
)";

struct Answer {
  int requests = 0;  // that were answered with 200
  int refused = 0;   // the status of the last response that was none
  std::string text;  // all of it
};

class HttpConformance : public ::testing::Test {
 protected:
  // Starts a server; false if it cannot be run.
  bool start(const std::vector<std::string>& argv) {
    server_.emplace(argv, dir_.file("server" + std::to_string(++starts_)));
    std::string line;
    const bool said = eventually([&] {
      line = server_->err();
      return line.find('\n') != std::string::npos || !server_->running();
    });
    const std::size_t at = line.find("port ");
    if (!said || at == std::string::npos) return false;
    port_ = static_cast<std::uint16_t>(std::stoi(line.substr(at + 5)));
    return true;
  }
  bool start_virgo() {
    write_file(dir_.file("server.lua"), kVirgo);
    return start({virgo_binary(), "lua", dir_.file("server.lua")});
  }

  // Sends all, ends our side and reads until the server closes.
  Answer ask(const std::string& raw) const {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port_);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
    const timeval patience{20, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    for (std::size_t sent = 0; sent < raw.size();) {
      const ssize_t n = ::send(fd, raw.data() + sent, raw.size() - sent, MSG_NOSIGNAL);
      if (n <= 0) break;  // refused before all was sent
      sent += static_cast<std::size_t>(n);
    }
    ::shutdown(fd, SHUT_WR);
    Answer answer;
    char buffer[16384];
    ssize_t n = 0;
    while ((n = ::recv(fd, buffer, sizeof buffer, 0)) > 0)
      answer.text.append(buffer, static_cast<std::size_t>(n));
    if (n < 0) {
      EXPECT_EQ(errno, ECONNRESET) << "the server neither answers nor closes";
    }
    ::close(fd);
    for (std::size_t at = answer.text.find("HTTP/1.1 "); at != std::string::npos;
         at = answer.text.find("HTTP/1.1 ", at + 9)) {
      const int status = std::atoi(answer.text.c_str() + at + 9);
      if (status == 200)
        ++answer.requests;
      else if (status >= 200)
        answer.refused = status;
    }
    return answer;
  }

  TempDir dir_;
  std::optional<Process> server_;
  std::uint16_t port_ = 0;
  int starts_ = 0;
};

TEST_F(HttpConformance, TheServerOfPrograms) {
  ASSERT_TRUE(start_virgo()) << server_->err();
  for (const RequestCase& one : conformance::request_cases()) {
    SCOPED_TRACE(one.name + ", section " + one.section);
    const Answer answer = ask(one.raw);
    // A tunnel is nothing for a server of requests.
    if (!one.accepted.empty() && one.accepted[0].method == "CONNECT") {
      EXPECT_EQ(answer.refused, 405) << answer.text;
      continue;
    }
    // A request that is refused within its body was handed out, and is not answered.
    std::size_t whole = 0;
    for (const Request& request : one.accepted) {
      const std::string line = request.method + " " + request.target + " " +
                               std::to_string(request.body.size()) + " " +
                               request.body.substr(0, 100) + "\n";
      if (request.method == "HEAD" || answer.text.find(line) != std::string::npos) ++whole;
    }
    EXPECT_EQ(static_cast<std::size_t>(answer.requests), whole) << answer.text;
    EXPECT_GE(whole + (one.refused != 0 ? 1 : 0), one.accepted.size()) << answer.text;
    // What breaks off at the end of our sending is refused as well.
    if (one.refused != 0) {
      EXPECT_EQ(answer.refused, one.refused) << answer.text;
    }
  }
  EXPECT_TRUE(server_->running()) << server_->err();
}

// Two servers that both take a stream must see the same requests in it, or one behind
// the other could be made to see what the first has not.
TEST_F(HttpConformance, AsManyRequestsAsNodeSees) {
  write_file(dir_.file("server.js"), kNode);
  std::vector<Answer> node;
  if (!start({"/usr/bin/env", "node", dir_.file("server.js")})) GTEST_SKIP() << "no node here";
  for (const RequestCase& one : conformance::request_cases()) node.push_back(ask(one.raw));
  server_.reset();
  ASSERT_TRUE(start_virgo());
  std::size_t agreed = 0;
  for (std::size_t i = 0; i < node.size(); ++i) {
    const RequestCase& one = conformance::request_cases()[i];
    const Answer ours = ask(one.raw);
    if (ours.refused != 0 || node[i].refused != 0 || node[i].text.empty()) continue;
    // Node keeps no connection of HTTP/1.0 without a length, and says so.
    if (node[i].text.find("Connection: close") != std::string::npos) continue;
    EXPECT_EQ(ours.requests, node[i].requests)
        << one.name << "\nours: " << ours.text << "\nNode's: " << node[i].text;
    ++agreed;
  }
  EXPECT_GT(agreed, 20u);
}

}  // namespace
}  // namespace virgo::functional

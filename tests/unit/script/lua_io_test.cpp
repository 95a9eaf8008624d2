// net and fs of Lua checks, against real sockets and files.
#include <atomic>
#include <filesystem>

#include "base/format.hpp"
#include "lua_checks.hpp"
#include "uv/tcp.hpp"

namespace virgo::script {
namespace {

class LuaIoTest : public LuaCheckTest {
 protected:
  // A server on loopback; `serve` is called with each connection.
  std::uint16_t listen(std::function<void(uv::Stream&)> serve) {
    server_ = std::make_unique<uv::TcpServer>(
        loop_, [this, serve](Result<std::unique_ptr<uv::Stream>> accepted) {
          ASSERT_TRUE(accepted.ok());
          peers_.push_back(std::move(accepted).value());
          uv::Stream& peer = *peers_.back();
          peer.set_handlers({.data = [this](std::string_view bytes) { received_ += bytes; },
                             .end = [this](const Error&) { ++ended_; },
                             .written = {}});
          peer.read_start();
          serve(peer);
        });
    EXPECT_TRUE(server_->listen("127.0.0.1", 0).ok());
    return server_->port();
  }
  void TearDown() override {
    server_.reset();
    peers_.clear();
    LuaCheckTest::TearDown();
  }
  std::string connect(std::uint16_t port) {
    return format("local s = assert(virgo.tcp.connect('127.0.0.1', {}))\n", port);
  }

  std::unique_ptr<uv::TcpServer> server_;
  std::vector<std::unique_ptr<uv::Stream>> peers_;
  std::string received_;
  int ended_ = 0;
};

TEST_F(LuaIoTest, SpeaksALineProtocol) {
  const auto port = listen([](uv::Stream& peer) { peer.write("hello\r\nlength 5\nabcdeFGH\n"); });
  const auto& run = run_body(connect(port) + R"(
    assert(s:read_line() == "hello")
    local n = tonumber(s:read_line():match("%d+"))
    assert(s:read(n) == "abcde")
    assert(s:read() == "FGH\n")
    assert(s:write("bye\n"))
    s:close()
    s:close()
    run:emit("v", n))");
  EXPECT_EQ(run.status(), Status::ok) << run.text();
  while (ended_ == 0) loop_.run_once(true);
  EXPECT_EQ(received_, "bye\n");
}

TEST_F(LuaIoTest, WaitsForWhatComesInPieces) {
  std::unique_ptr<uv::Timer> timer;
  const auto port = listen([&](uv::Stream& peer) {
    timer = std::make_unique<uv::Timer>(loop_, [&peer, sent = 0]() mutable {
      constexpr std::string_view kText = "split\r\n1234567890";
      if (sent < static_cast<int>(kText.size())) peer.write(std::string(1, kText[sent++]));
    });
    timer->start(milliseconds(1), milliseconds(1));
  });
  const auto& run = run_body(connect(port) + R"(
    assert(s:read_line() == "split") assert(s:read(10) == "1234567890"))");
  EXPECT_EQ(run.status(), Status::ok) << run.text();
}

TEST_F(LuaIoTest, SaysWhyNobodyAnswers) {
  const auto port = listen([](uv::Stream&) {});
  server_.reset();  // nobody listens there now
  const auto& run = run_body(connect(port));
  EXPECT_EQ(run.status(), Status::unreachable);
  EXPECT_EQ(run.text(), format("127.0.0.1:{}: connection refused", port));
  const auto& caught = run_body(format(R"(
    local s, err = virgo.tcp.connect("127.0.0.1", {})
    assert(s == nil and err.status == "unreachable" and tostring(err) == err.message)
    assert(("x: " .. err):find("refused"))
    return nil, err)",
                                       port));
  EXPECT_EQ(caught.status(), Status::unreachable) << caught.text();
}

TEST_F(LuaIoTest, AConnectTimeoutOfItsOwn) {
  // Taken by no one: the backlog of a listener that never accepts would do, too,
  // but this address is not routed anywhere.
  const auto& run = run_body("assert(virgo.tcp.connect('192.0.2.1', 9, { timeout = 0.05 }))");
  EXPECT_TRUE(run.status() == Status::timeout || run.status() == Status::unreachable) << run.text();
}

TEST_F(LuaIoTest, TheOtherSideGoesAway) {
  const auto port = listen([this](uv::Stream& peer) {
    peer.write("12345");
    peer.shutdown([] {});
  });
  const auto& run = run_body(connect(port) + "return s:read(10)");
  EXPECT_EQ(run.status(), Status::unreachable);
  EXPECT_NE(run.text().find("after 5 of 10 bytes"), std::string::npos) << run.text();
  const auto& line = run_body(connect(port) + "assert(s:read() == '12345') return s:read_line()");
  EXPECT_EQ(line.status(), Status::unreachable);
  EXPECT_NE(line.text().find("closed"), std::string::npos) << line.text();
}

TEST_F(LuaIoTest, LinesAndReadsAreBounded) {
  const auto port = listen([](uv::Stream& peer) { peer.write(std::string(300000, 'x')); });
  EXPECT_NE(run_body(connect(port) + "return s:read_line()").text().find("more than 8192 bytes"),
            std::string::npos)
      << runs_.back()->text();
  EXPECT_NE(run_body(connect(port) + "s:read(3000000)").text().find("limits.lua_memory"),
            std::string::npos)
      << runs_.back()->text();
  EXPECT_EQ(run_body(connect(port) + "assert(#s:read(300000) == 300000)").status(), Status::ok)
      << runs_.back()->text();
}

TEST_F(LuaIoTest, WritesWaitWhileThePeerDoesNotRead) {
  const auto port = listen([](uv::Stream& peer) { peer.read_stop(); });
  const auto& run = run_body(
      connect(port) + "local block = ('x'):rep(100000)\nwhile true do assert(s:write(block)) end",
      milliseconds(200));
  EXPECT_EQ(run.status(), Status::timeout);
  EXPECT_NE(run.text().find("sock:write to 127.0.0.1"), std::string::npos) << run.text();
}

TEST_F(LuaIoTest, WritesThatNobodyTakesDoNotPileUp) {
  const auto port = listen([](uv::Stream& peer) { peer.read_stop(); });
  const auto& run = run_body(connect(port) + R"(
    local block = ("x"):rep(3000000)
    for i = 1, 50 do
      local one = virgo.parallel({ function() return s:write(block) end }, { timeout = 0.005 })[1]
      if not one.ok and one.error.status ~= "timeout" then error(one.error) end
    end)",
                             std::chrono::seconds(10));
  EXPECT_EQ(run.status(), Status::unreachable);
  EXPECT_EQ(run.text(), format("127.0.0.1:{} has not taken yet what was written before", port));
}

TEST_F(LuaIoTest, WhatWasGivenUpIsStillCounted) {
  const auto port = listen([](uv::Stream& peer) {
    peer.read_stop();
    peer.write(std::string(2'000'000, 'x'));
  });
  // Sixteen times 2 MiB, of one socket each, may wait for the rest of what they asked for.
  const auto& run = run_body(format("local port = {}", port) + R"(
    local sockets = {}
    local function ask(s) return virgo.parallel({ function() return s:read(2 ^ 21) end },
      { timeout = 0.05 })[1] end
    for i = 1, 17 do
      sockets[i] = assert(virgo.tcp.connect("127.0.0.1", port))
      local one = ask(sockets[i])
      assert((one.error.status == "timeout") == (i <= 16), one.error)
    end
    sockets[1]:close()
    assert(ask(sockets[17]).error.status == "timeout"))",
                             std::chrono::seconds(20));
  EXPECT_NE(run.text().find("sock:read: what this run waits for would hold more than 32MiB"),
            std::string::npos)
      << run.text();
}

std::size_t open_files() {
  std::size_t n = 0;
  for ([[maybe_unused]] const auto& one : std::filesystem::directory_iterator("/proc/self/fd")) ++n;
  return n;
}

TEST_F(LuaIoTest, OfClosedConnectionsFewLinger) {
  const auto port = listen([](uv::Stream&) {});  // which never closes
  const std::size_t before = open_files();
  const auto& run = run_body("for i = 1, 60 do\n" + connect(port) +
                             "s:write('x') s:close() end run:emit('v', 1)");
  EXPECT_EQ(run.status(), Status::ok) << run.text();
  EXPECT_GE(open_files(), before + 60);           // the server's
  EXPECT_LE(open_files(), before + 60 + 16 + 4);  // the listener, and what else there is
}

TEST_F(LuaIoTest, WritesGoOnWhenThePeerReadsAgain) {
  std::unique_ptr<uv::Timer> timer;
  const auto port = listen([&](uv::Stream& peer) {
    peer.read_stop();
    timer = std::make_unique<uv::Timer>(loop_, [&peer] { peer.read_start(); });
    timer->start(milliseconds(20));
  });
  const auto& run = run_body(
      connect(port) + "for i = 1, 100 do assert(s:write(('x'):rep(100000))) end run:emit('v', 1)");
  EXPECT_EQ(run.status(), Status::ok) << run.text();
  while (ended_ == 0) loop_.run_once(true);
  EXPECT_EQ(received_.size(), 10'000'000u);
}

TEST_F(LuaIoTest, WhatARunOpenedIsClosedWithIt) {
  const auto port = listen([](uv::Stream&) {});
  run_body(connect(port) + "keep = s error('and leaves it open')");
  EXPECT_EQ(runs_.back()->status(), Status::failed);
  while (ended_ < 1) loop_.run_once(true);
  run_body(connect(port) + "s:read()", milliseconds(20));
  EXPECT_EQ(runs_.back()->status(), Status::timeout);
  EXPECT_NE(runs_.back()->text().find("sock:read from 127.0.0.1"), std::string::npos);
  while (ended_ < 2) loop_.run_once(true);
}

TEST_F(LuaIoTest, ASocketOfAnotherRunIsRefused) {
  const auto port = listen([](uv::Stream&) {});
  ASSERT_TRUE(load(format(R"(
    local check = virgo.check {{ name = "keeper", needs = {{ net = {{ "tcp" }} }}, metrics = {{ {{ name = "v" }} }} }}
    local kept
    function check:collect(run)
      if kept then kept:write("x") end
      kept = assert(virgo.tcp.connect("127.0.0.1", {}))
    end)",
                          port))
                  .empty());
  check::Check* check = make("keeper");
  EXPECT_EQ(collect(*check).status(), Status::ok) << runs_.back()->text();
  EXPECT_EQ(collect(*check).status(), Status::failed);
  EXPECT_NE(runs_.back()->text().find("sock:write: the run that opened it is over"),
            std::string::npos);
}

TEST_F(LuaIoTest, AClosedSocketGivesAnError) {
  const auto port = listen([](uv::Stream&) {});
  const auto& run = run_body(connect(port) + R"(
    s:close()
    local ok, err = s:write("x") assert(ok == nil and err.code == "closed")
    local got, why = s:read() assert(got == nil and why.code == "closed"))");
  EXPECT_EQ(run.status(), Status::ok) << run.text();
}

TEST_F(LuaIoTest, ReadsFiles) {
  std::FILE* f = std::fopen((folder_ + "/data").c_str(), "w");
  std::fputs(std::string(70000, 'd').c_str(), f);
  std::fclose(f);
  const std::string path = "'" + folder_ + "/data'";
  EXPECT_EQ(run_body("assert(#assert(virgo.fs.read(" + path + ", 100000)) == 70000)").status(),
            Status::ok)
      << runs_.back()->text();
  EXPECT_NE(run_body("return virgo.fs.read(" + path + ")").text().find("has more than 64KiB"),
            std::string::npos);
  EXPECT_NE(run_body("return virgo.fs.read('/nonexistent/file')").text().find("no such file"),
            std::string::npos);
  EXPECT_NE(run_body("return virgo.fs.read('" + folder_ + "')").text().find("is a directory"),
            std::string::npos)
      << runs_.back()->text();
  for (const char* name :
       {"/proc/../proc/loadavg", "/sys//kernel", "/etc/./hostname", "etc/hostname"})
    EXPECT_NE(
        run_body(format("return virgo.fs.read('{}')", name)).text().find("not a plain absolute"),
        std::string::npos);
  for (const char* name : {"/proc/uptime", "/proc/self/stat", "/proc/mounts", "/proc/1/stat"})
    EXPECT_EQ(run_body(format("assert(#assert(virgo.fs.read('{}')) > 0)", name)).status(),
              Status::ok)
        << runs_.back()->text();
}

TEST_F(LuaIoTest, ReadsFilesInPieces) {
  std::FILE* f = std::fopen((folder_ + "/log").c_str(), "w");
  std::fputs("one\ntwo\nthree\n", f);
  std::fclose(f);
  const auto& run = run_body("local path = '" + folder_ + "/log'\n" + R"(
    local function piece(from, max)
      local bytes, next = assert(virgo.fs.read(path, { from = from, max = max }))
      return bytes .. '@' .. next
    end
    assert(piece(0) == 'one\ntwo\nthree\n@14')
    assert(piece(4, 4) == 'two\n@8')
    assert(piece(14) == '@14' and piece(99) == '@99')
    assert(piece(-6) == 'three\n@14' and piece(-6, 3) == 'thr@11')
    assert(piece(-99, 3) == 'one@3')
    assert(assert(virgo.fs.read(path, { max = 14 })) == 'one\ntwo\nthree\n')
    local none, e = virgo.fs.read(path, { max = 13 })
    assert(none == nil and e.code == 'limit')
    none, e = virgo.fs.read(path .. '.no', { from = 0 })
    assert(none == nil and e.code == 'not_found' and e.message:find('^cannot read '), e)
    for _, bad in ipairs { { from = 0.5 }, { from = 2^54 }, { max = 0 }, { max = 2^40 }, { form = 1 } } do
      assert(not pcall(virgo.fs.read, path, bad))
    end)");
  EXPECT_EQ(run.status(), Status::ok) << run.text();
}

TEST_F(LuaIoTest, TellsAboutFilesAndFolders) {
  std::fclose(std::fopen((folder_ + "/b").c_str(), "w"));
  ASSERT_EQ(mkdir((folder_ + "/a").c_str(), 0750), 0);
  ASSERT_EQ(mkfifo((folder_ + "/.c").c_str(), 0600), 0);
  ASSERT_EQ(symlink("nowhere", (folder_ + "/d").c_str()), 0);
  const auto& run = run_body("local path = '" + folder_ + "'\n" + R"(
    local names = assert(virgo.fs.list(path))
    assert(table.concat(names, ' '):find('^%.c a b d'), table.concat(names, ' '))
    local s = assert(virgo.fs.stat(path .. '/b'))
    assert(s.size == 0 and s.type == 'file' and s.inode > 0 and s.device >= 0)
    assert(math.abs(s.mtime - virgo.time()) < 60)
    s = assert(virgo.fs.stat(path .. '/a'))
    assert(s.type == 'directory' and s.mode == tonumber('750', 8))
    assert(virgo.fs.stat(path .. '/.c').type == 'fifo')
    assert(virgo.fs.stat('/dev/null').type == 'character')
    for _, call in ipairs { virgo.fs.stat, virgo.fs.list } do
      local none, e = call(path .. '/d')
      assert(none == nil and e.code == 'not_found' and e.status == 'failed', e)
      assert(not pcall(call, path .. '/../x'))
      assert(not pcall(call))
    end
    local none, e = virgo.fs.list(path .. '/b')
    assert(none == nil and e.message:find('^cannot list '), e))");
  EXPECT_EQ(run.status(), Status::ok) << run.text();
}

TEST_F(LuaIoTest, ANamedPipeDoesNotBlock) {
  ASSERT_EQ(mkfifo((folder_ + "/pipe").c_str(), 0600), 0);
  const auto& run = run_body("return virgo.fs.read('" + folder_ + "/pipe')");
  EXPECT_EQ(run.text(), "cannot read " + folder_ + "/pipe: not a regular file, but of type fifo");
}

TEST_F(LuaIoTest, WhatIsReadAtOnceIsBounded) {
  // 16 times a quarter of the memory; the 17th is one too many.
  std::fclose(std::fopen((folder_ + "/data").c_str(), "w"));
  const auto& run = run_body(
      "local all = {}\nfor i = 1, 17 do all[i] = function() "
      "return virgo.fs.read('" +
      folder_ + R"(/data', 2 ^ 21) end end
    local last = table.remove(all)
    for _, one in ipairs(virgo.parallel(all)) do assert(one.ok, one.error) end
    all[17] = last
    local done = virgo.parallel(all)
    for i = 1, 16 do assert(done[i].ok, done[i].error) end
    assert(not done[17].ok)
    error(done[17].error))");
  EXPECT_NE(run.text().find("virgo.fs.read: what this run waits for would hold more than 32MiB "
                            "together (4 times limits.lua_memory); lower max"),
            std::string::npos)
      << run.text();
}

// Workers that are busy for ever stand for a dead mount: the read waits behind
// them, and is taken out of the queue at the deadline.
TEST_F(LuaIoTest, AReadThatDoesNotComeBackEndsAtTheDeadline) {
  // Shared, not on this stack: the threads may still look at it after the test let them go.
  const auto released = std::make_shared<std::atomic<bool>>(false);
  for (int i = 0; i < 4; ++i) workers_.submit([released] { released->wait(false); });
  const auto& run = run_body("local x = virgo.fs.read('" + folder_ + "/data')", milliseconds(30));
  EXPECT_EQ(run.status(), Status::timeout);
  EXPECT_NE(run.text().find("virgo.fs.read of " + folder_ + "/data at body1.lua:3"),
            std::string::npos)
      << run.text();
  EXPECT_FALSE(checks_.back()->wedged());
  EXPECT_EQ(workers_.load().queued, 0u);
  *released = true;
  released->notify_all();
}

TEST_F(LuaIoTest, TheShippedChecksWork) {
  const std::string shipped = std::string(VIRGO_SOURCE_DIR) + "/lua-plugins";
  const auto errors = load_lua_plugins({shipped}, registry_, services());
  ASSERT_TRUE(errors.empty()) << errors.front().message;
  const auto& tainted = collect(*make("virgo.tainted"));
  ASSERT_EQ(tainted.status(), Status::ok) << tainted.text();
  ASSERT_EQ(tainted.samples().size(), 1u);
  EXPECT_EQ(tainted.samples().metric(0).name, "virgo.kernel.tainted");
  EXPECT_GE(tainted.samples().value(0).f64, 0);

  const auto port = listen([](uv::Stream&) {});
  const Params params{{"host", scalar("127.0.0.1")}, {"port", scalar(format("{}", port))}};
  check::Check* tcp = make("virgo.tcp", params);
  const auto& open = collect(*tcp);
  ASSERT_EQ(open.status(), Status::ok) << open.text();
  EXPECT_GT(open.samples().value(0).f64, 0);
  EXPECT_LT(open.samples().value(0).f64, 5);
  EXPECT_EQ(open.samples().label(0, 0).key, "server.address");
  EXPECT_EQ(open.samples().label(0, 1).value, format("{}", port));
  server_.reset();
  const auto& refused = collect(*tcp);
  EXPECT_EQ(refused.status(), Status::unreachable);
  EXPECT_EQ(refused.text(), format("127.0.0.1:{}: connection refused", port));
  EXPECT_EQ(make("virgo.tcp", {{"host", scalar("h")}, {"port", scalar("70000", 4)}}), nullptr);
  EXPECT_EQ(config::to_string(problems_.at(0)),
            "agent.yaml:4:3: checks[0].params.port: must be from 1 to 65535");
}

}  // namespace
}  // namespace virgo::script

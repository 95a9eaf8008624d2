// The measuring half of http.sh: bench_http NODE [SECONDS [ROUNDS]].
// Servers take turns on core 0, wrk drives each from core 1 over loopback. CPU is the
// server's own; the figures of a row are the medians of its rounds.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/server.hpp"

namespace virgo::bench {
namespace {

constexpr int kIdle = 10'000;

struct Figures {
  double rate = 0;     // requests a second
  double per_cpu = 0;  // requests per second of the server's CPU time
  double p50 = 0;      // ms
  double p99 = 0;      // ms
  double before = 0;   // RSS, MiB
  double after = 0;    // RSS, MiB
  double failed = 0;   // requests
};

std::vector<Server> servers(const std::string& node, const std::string& mode,
                            const Certificate& tls) {
  const std::string folder = functional::source_dir() + "/tests/bench/http/";
  std::vector<Server> out{virgo_server(mode, tls),
                          {"node 20", {node, folder + "node.js", mode, tls.cert, tls.key}}};
  if (mode == "hello" || mode == "download" || mode == "idle")
    out.push_back({"bare luv", {functional::virgo_binary(), "lua", folder + "luv.lua", mode}});
  return out;
}

// "1.23ms", "456.00us", "1.02s" after `label`, in ms.
double latency(const std::string& text, const std::string& label) {
  const std::size_t at = text.find(label);
  if (at == std::string::npos) return 0;
  char* end = nullptr;
  const double value = std::strtod(text.c_str() + at + label.size(), &end);
  if (*end == 'u') return value / 1000;
  return *end == 's' ? value * 1000 : value;
}

double number_after(const std::string& text, const std::string& label) {
  const std::size_t at = text.find(label);
  return at == std::string::npos ? 0 : std::atof(text.c_str() + at + label.size());
}

Figures drive(Running& server, const std::string& mode, int seconds) {
  Figures f;
  f.before = server.rss();
  wrk(server, mode, 1);  // compiled code, warm caches
  const double cpu = cpu_ms(server.pid());
  const std::string text = wrk(server, mode, seconds);
  const double used = (cpu_ms(server.pid()) - cpu) / 1000;
  f.rate = number_after(text, "Requests/sec:");
  f.per_cpu = used > 0 ? requests_of(text) / used : 0;
  f.p50 = latency(text, "  50%");
  f.p99 = latency(text, "  99%");
  f.failed = number_after(text, "Non-2xx or 3xx responses:");
  f.after = server.rss();
  if (!server.running()) std::fprintf(stderr, "the server ended:\n%s\n", server.err().c_str());
  return f;
}

double median(const std::vector<Figures>& rounds, double Figures::*field) {
  std::vector<double> values;
  for (const Figures& f : rounds) values.push_back(f.*field);
  return percentile(values, 0.5);
}

Figures medians(const std::vector<Figures>& rounds) {
  Figures out;
  for (double Figures::*field : {&Figures::rate, &Figures::per_cpu, &Figures::p50, &Figures::p99,
                                 &Figures::before, &Figures::after, &Figures::failed})
    out.*field = median(rounds, field);
  return out;
}

const char* met(bool yes) {
  return yes ? "met" : "NOT MET";
}

void load(const std::string& node, const std::string& mode, const char* title, int seconds,
          int rounds) {
  const Certificate tls;
  const std::vector<Server> all = servers(node, mode, tls);
  std::vector<std::vector<Figures>> figures(all.size());
  for (int round = 0; round < rounds; ++round)
    for (std::size_t i = 0; i < all.size(); ++i) {
      Running server(all[i]);
      if (server.ok()) figures[i].push_back(drive(server, mode, seconds));
    }
  std::printf("\n%s\n%-10s %10s %14s %9s %9s %18s\n", title, "", "requests/s", "per CPU second",
              "p50 ms", "p99 ms", "RSS before, after");
  std::vector<Figures> rows;
  for (std::size_t i = 0; i < all.size(); ++i) {
    rows.push_back(medians(figures[i]));
    const Figures& f = rows.back();
    std::printf("%-10s %10.0f %14.0f %9.2f %9.2f %9.1f %8.1f", all[i].name, f.rate, f.per_cpu,
                f.p50, f.p99, f.before, f.after);
    if (i > 0 && rows[0].per_cpu > 0 && f.per_cpu > 0)
      std::printf("   virgo is %.2f x per CPU second", rows[0].per_cpu / f.per_cpu);
    std::printf("%s\n", f.failed > 0 ? "   (answers that are no 2xx!)" : "");
  }
  if (mode != "hello") return;
  std::printf("marks: 2 x node: %s; 0.6 of bare luv: %s; RSS under 12 MB: %s\n",
              met(rows[0].per_cpu >= 2 * rows[1].per_cpu),
              met(rows[0].per_cpu >= 0.6 * rows[2].per_cpu), met(rows[0].after * 1.048576 < 12));
}

// A client that has had one answer, and stays.
int connect_and_ask(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    std::perror("connect");
    close(fd);
    return -1;
  }
  const std::string ask = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
  char answer[1024];
  if (write(fd, ask.data(), ask.size()) < 0 || read(fd, answer, sizeof answer) <= 0)
    std::perror("ask");
  return fd;
}

void idle(const std::string& node) {
  const Certificate tls;
  std::printf("\n%d idle keep-alive connections, each after one request\n", kIdle);
  for (const Server& server : servers(node, "idle", tls)) {
    Running running(server);
    if (!running.ok()) continue;
    std::vector<int> clients;
    for (int i = 0; i < 100; ++i) clients.push_back(connect_and_ask(running.port()));
    const double before = running.rss();
    for (int i = 0; i < kIdle && clients.back() >= 0; ++i)
      clients.push_back(connect_and_ask(running.port()));
    const double each = (running.rss() - before) * 1024 * 1024 / kIdle;
    std::printf("%-10s %8.0f bytes each, RSS %.1f MiB", server.name, each, running.rss());
    if (std::string(server.name) == "virgo")
      std::printf("   mark, under 6 KB: %s", met(each < 6000));
    std::printf("\n");
    for (const int fd : clients) close(fd);
  }
}

}  // namespace
}  // namespace virgo::bench

int main(int argc, char** argv) {
  using namespace virgo::bench;
  if (argc < 2) {
    std::fputs("usage: bench_http NODE [SECONDS [ROUNDS]]\n", stderr);
    return 2;
  }
  const int seconds = argc > 2 ? std::atoi(argv[2]) : 5;
  const int rounds = argc > 3 ? std::atoi(argv[3]) : 3;
  std::printf("each server on core 0, wrk -t1 -c32 on core 1; medians of %d rounds of %d s\n",
              rounds, seconds);
  std::fflush(stdout);
  load(argv[1], "hello", "hello world", seconds, rounds);
  load(argv[1], "echo", "JSON echo of 1 KiB", seconds, rounds);
  load(argv[1], "download", "download of 1 MiB", seconds, rounds);
  load(argv[1], "https", "hello world over TLS, keep-alive", seconds, rounds);
  idle(argv[1]);
  return 0;
}

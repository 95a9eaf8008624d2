#include "unit/plugins/proc_tree.hpp"

namespace virgo::native {
namespace {

using metric::Status;
using testing::HasSubstr;

class NfsPlugin : public ShippedPlugin {
 protected:
  NfsPlugin() : ShippedPlugin("nfs") {
    std::filesystem::create_directories(root + "/proc/net/rpc");
  }
  void nfs(const std::string& text) { write("/proc/net/rpc/nfs", text); }
  static std::string procedure(const std::string& version, const std::string& name) {
    return "nfs.client.procedure.count{onc_rpc.version=" + version +
           ",onc_rpc.procedure.name=" + name + "}";
  }
  static std::string operation(const std::string& name) {
    return "nfs.client.operation.count{onc_rpc.version=4,nfs.operation.name=" + name + "}";
  }
};

constexpr const char* kRpc = "net 137 60 77 12\nrpc 2026112301 4711 2026112999\n";
constexpr const char* kProc3 = "proc3 22 0 1 2 0 0 0 6 0 0 0 0 0 0 0 0 0 0 0 0 0 0 21\n";

// "proc4 69 1 2 3 ... 69"
std::string proc4(unsigned count) {
  std::string line = "proc4 " + std::to_string(count);
  for (unsigned i = 1; i <= count; ++i) line += " " + std::to_string(i);
  return line + "\n";
}

TEST_F(NfsPlugin, CallsAndWhatWasCalled) {
  nfs(std::string(kRpc) + "proc2 18 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 18\n" + kProc3 + proc4(69));
  auto check = on_tree();
  const auto s = collect(*check);
  EXPECT_EQ(s.at("nfs.client.net.count{network.transport=udp}"), 60);
  EXPECT_EQ(s.at("nfs.client.net.count{network.transport=tcp}"), 77);
  EXPECT_EQ(s.at("nfs.client.net.tcp.connection.accepted"), 12);
  EXPECT_EQ(s.at("nfs.client.rpc.count"), 2026112301);
  EXPECT_EQ(s.at("nfs.client.rpc.retransmit.count"), 4711);
  EXPECT_EQ(s.at("nfs.client.rpc.authrefresh.count"), 2026112999);
  EXPECT_EQ(s.at(procedure("2", "STATFS")), 18);
  EXPECT_EQ(s.at(procedure("3", "GETATTR")), 1);
  EXPECT_EQ(s.at(procedure("3", "READ")), 6);
  EXPECT_EQ(s.at(procedure("3", "COMMIT")), 21);
  EXPECT_EQ(s.at(operation("NULL")), 1);
  EXPECT_EQ(s.at(operation("CLONE")), 59);
  EXPECT_EQ(s.at(operation("READ_PLUS")), 69);
  EXPECT_EQ(s.count(procedure("3", "NULL")), 0u) << "never called";
  EXPECT_EQ(s.size(), 6u + 1 + 4 + 69);
}

TEST_F(NfsPlugin, NodeExportersNames) {
  nfs(std::string(kRpc) + kProc3 + proc4(69));
  auto check = on_tree(", naming: prometheus");
  const auto s = collect(*check);
  EXPECT_EQ(s.at("node_nfs_packets_total{protocol=udp}"), 60);
  EXPECT_EQ(s.at("node_nfs_connections_total"), 12);
  EXPECT_EQ(s.at("node_nfs_rpcs_total"), 2026112301);
  EXPECT_EQ(s.at("node_nfs_rpc_retransmissions_total"), 4711);
  EXPECT_EQ(s.at("node_nfs_rpc_authentication_refreshes_total"), 2026112999);
  EXPECT_EQ(s.at("node_nfs_requests_total{proto=3,method=GetAttr}"), 1);
  EXPECT_EQ(s.at("node_nfs_requests_total{proto=4,method=SetClientIDConfirm}"), 14);
  EXPECT_EQ(s.at("node_nfs_requests_total{proto=2,method=WrCache}"), 0);
  EXPECT_EQ(s.size(), 6u + 18 + 22 + 59);
}

TEST_F(NfsPlugin, KernelsWithMoreAndWithLess) {
  auto check = on_tree();
  nfs("rpc 1 2 3\n");
  EXPECT_EQ(collect(*check).size(), 3u);
  nfs("rpc 1 2 3 4 5\nnew 1 2\nproc5 1 9\n" + proc4(200));
  EXPECT_EQ(collect(*check).size(), 3u + 69) << "and none without a name";
  nfs("rpc 1 2 3\nproc3 22 1 2 3\nproc4 2 1 2 3 4\n");
  EXPECT_EQ(collect(*check).size(), 3u + 3 + 2);
  nfs("rpc 1 2 3\nproc3 x 1 2 3\nproc4\n");
  EXPECT_EQ(collect(*check).size(), 3u);
}

TEST_F(NfsPlugin, CountersOf32BitsGoOn) {
  auto check = on_tree();
  nfs("rpc 4294967290 0 4294967295\nproc3 2 0 4000000000\n");
  EXPECT_EQ(collect(*check).at("nfs.client.rpc.count"), 4294967290);
  nfs("rpc 4 0 0\nproc3 2 0 5\n");
  const auto s = collect(*check);
  EXPECT_EQ(s.at("nfs.client.rpc.count"), 4294967300);
  EXPECT_EQ(s.at("nfs.client.rpc.authrefresh.count"), 4294967296);
  EXPECT_EQ(s.at(procedure("3", "GETATTR")), 4294967301);
  nfs("rpc 18446744073709551615 99999999999999999999999 9007199254740993\n");
  EXPECT_GT(collect(*check).at("nfs.client.rpc.count"), 1.8e19);
}

TEST_F(NfsPlugin, NotLoadedIsNoFailure) {
  auto check = on_tree();
  EXPECT_EQ(collect(*check, Status::unsupported).size(), 0u);
  EXPECT_EQ(explanation, "there is no " + root +
                             "/proc/net/rpc/nfs: the kernel's NFS client is not loaded, as on a "
                             "host that has not mounted anything by NFS");
  nfs(kRpc);
  EXPECT_EQ(collect(*check).size(), 6u) << "and then something is mounted";
}

TEST_F(NfsPlugin, DamagedFilesFailWithASentence) {
  auto check = on_tree();
  for (const char* text :
       {"net 1 2 3 4\n", "rpc 1 2\n", "rpc 1 2 3", "rpc 1 x 3\n", "\n\n", "rpc"}) {
    nfs(text);
    EXPECT_EQ(collect(*check, Status::failed).size(), 0u) << text;
    EXPECT_EQ(explanation, root + "/proc/net/rpc/nfs has no whole rpc line");
  }
  nfs("");
  collect(*check, Status::failed);
  EXPECT_EQ(explanation, root + "/proc/net/rpc/nfs is empty");
}

TEST_F(NfsPlugin, EveryCutOfTheFileIsAnswered) {
  const std::string whole = std::string(kRpc) + kProc3 + proc4(69);
  auto check = on_tree();
  for (std::size_t n = 0; n < whole.size(); ++n) {
    nfs(whole.substr(0, n));
    TestRun run = new_run();
    check->start(run);
    run_until_finished(run);
    EXPECT_EQ(run.status, run.samples().size() > 0 ? Status::ok : Status::failed);
    EXPECT_TRUE(run.samples().size() == 0 || run.samples().size() == 6 ||
                run.samples().size() == 10)
        << "no half of a line";
  }
}

TEST_F(NfsPlugin, ThisHost) {
  const bool has = std::filesystem::exists("/proc/net/rpc/nfs");
  auto check = on_host();
  EXPECT_EQ(collect(*check, has ? Status::ok : Status::unsupported).empty(), !has);
}

}  // namespace
}  // namespace virgo::native

#include "cli/endpoint_files.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "crypto/x509.hpp"

namespace virgo::cli {
namespace {

struct EndpointFiles : ::testing::Test {
  std::string dir;
  void SetUp() override {
    char path[] = "/tmp/virgo-files-XXXXXX";
    ASSERT_NE(mkdtemp(path), nullptr);
    dir = path;
  }
  void TearDown() override { std::filesystem::remove_all(dir); }
  void write(const std::string& name, const std::string& text) {
    std::ofstream(dir + "/" + name) << text;
  }
  unsigned mode(const std::string& name) {
    struct stat info {};
    return stat((dir + "/" + name).c_str(), &info) == 0 ? info.st_mode & 07777u : 0;
  }
};

TEST_F(EndpointFiles, SecretsAreForTheOwnerOnly) {
  ASSERT_TRUE(make_endpoint_files(dir, {"db.example.com", "127.0.0.1"}).ok());
  for (const char* secret : {"ca-key.pem", "server-key.pem", "tokens", "agent.yaml"})
    EXPECT_EQ(mode(secret), 0600u) << secret;
  const auto certificate = crypto::inspect_certificate_file(dir + "/server.pem");
  ASSERT_TRUE(certificate.ok());
  EXPECT_EQ(certificate->names, (std::vector<std::string>{"db.example.com", "127.0.0.1"}));
  const auto tokens = read_tokens(dir + "/tokens");
  ASSERT_TRUE(tokens.ok());
  ASSERT_EQ(tokens->size(), 1u);
  EXPECT_EQ(tokens->front().size(), 64u);
}

TEST_F(EndpointFiles, NothingIsReplaced) {
  write("server-key.pem", "precious");
  const auto made = make_endpoint_files(dir, {"localhost"});
  ASSERT_FALSE(made.ok());
  EXPECT_NE(made.error().message.find("server-key.pem is there already"), std::string::npos);
  std::string kept;
  std::ifstream(dir + "/server-key.pem") >> kept;
  EXPECT_EQ(kept, "precious");
}

TEST_F(EndpointFiles, TokensOneALine) {
  write("tokens", "# comment\n\n one \ntwo\r\n");
  const auto tokens = read_tokens(dir + "/tokens");
  ASSERT_TRUE(tokens.ok());
  EXPECT_EQ(tokens->back(), "two");
  write("tokens", "# nothing\n");
  EXPECT_NE(read_tokens(dir + "/tokens").error().message.find("holds no token"), std::string::npos);
  write("tokens", std::string(1000, 'x') + "\n");
  EXPECT_TRUE(read_tokens(dir + "/tokens").ok());
  write("tokens", std::string(1001, 'x') + "\n");
  EXPECT_NE(read_tokens(dir + "/tokens").error().message.find(":1: a token is at most"),
            std::string::npos);
  EXPECT_FALSE(read_tokens(dir + "/absent").ok());
}

}  // namespace
}  // namespace virgo::cli

// An authority of a test's own, and certificates for "localhost" and other names.
#pragma once

#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "crypto/x509.hpp"
#include "functional/services/service.hpp"

namespace virgo::functional {

class Authority {
 public:
  Authority() : pair_(crypto::make_authority("Test Authority", days(-40, 400)).value()) {}
  const std::string& pem() const { return pair_.certificate_pem; }

  // Writes NAME.pem and NAME.key for the service: valid from and to these days from now.
  void certify(Service& service, const std::string& name, const std::string& host, int from = -1,
               int to = 90) const {
    const std::vector<std::string> hosts{host};
    const auto made = crypto::make_server_certificate(pair_, hosts, days(from, to)).value();
    service.write(name + ".pem", made.certificate_pem);
    write_file(service.file(name + ".key"), made.key_pem, 0600);
  }

 private:
  static crypto::Validity days(int from, int to) {
    const auto now =
        std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now());
    return {now + std::chrono::hours(24 * from), now + std::chrono::hours(24 * to)};
  }
  crypto::KeyPair pair_;
};

}  // namespace virgo::functional

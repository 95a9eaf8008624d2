// What a script says about TLS, and what it is told of certificates. Loop thread only.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "binding/options.hpp"
#include "binding/permitted_file.hpp"
#include "crypto/tls_options.hpp"
#include "crypto/x509.hpp"

struct lua_State;

namespace virgo::crypto {
class TlsContext;
class TlsSession;
}  // namespace virgo::crypto

namespace virgo::binding {

class Strand;

struct TlsChoice {
  std::string server_name;  // "" = the host that is connected to
  crypto::ClientOptions options;
  std::string certificate_file;  // of options.certificate_pem, if it is still to be read
  std::string key_file;
  Reach reach;  // what links to these files, and to options.ca, may lead to
};

// Of the options of a call: server_name; verify = true, false, "report"; ca, cert, key: a
// path (which needs a permit to read) or PEM text; alpn: a list of texts. Raises an error.
void read_tls_choice(lua_State* L, const Options& options, TlsChoice& out, const char* function);

// The context for it; the same one as before for the same choice, while its files stay as
// they are. The error is a sentence.
using TlsContextResult = Result<std::shared_ptr<crypto::TlsContext>>;
// Whether files have to be looked at: that is done by load_tls_context().
bool has_files(const TlsChoice& choice);
// At once, for a choice without files.
TlsContextResult tls_context_for(const TlsChoice& choice);
// Looks at the files on a worker: they may lie on a disk that is gone. `done` is called
// from the loop, unless what is returned is destroyed before. Null if the agent is stopping.
std::shared_ptr<void> load_tls_context(Strand& strand, const TlsChoice& choice,
                                       std::function<void(const TlsContextResult&)> done);

// Pushes the table that sock:certificate() and responses have; raises nothing.
void push_certificate(lua_State* L, const crypto::PeerCertificate& certificate);

}  // namespace virgo::binding

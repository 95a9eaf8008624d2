#include "net/http_redirect.hpp"

#include <algorithm>
#include <initializer_list>

#include "base/format.hpp"
#include "base/text.hpp"
#include "http/headers.hpp"

namespace virgo::net {
namespace {

void drop_fields(HttpRequest::Fields& fields, std::initializer_list<const char*> names) {
  std::erase_if(fields, [&](const auto& field) {
    return std::any_of(names.begin(), names.end(),
                       [&](const char* name) { return http::same_name(field.first, name); });
  });
}

}  // namespace

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

Result<void> redirect_request(HttpRequest& request, int status, const Url& from, const Url& to) {
  const bool elsewhere = !to.same_origin(from);
  if (elsewhere && !request.unix_path.empty())
    return Error{Errc::denied, format("it redirects to {}, which is not behind this socket",
                                      printable(to.text(), 128))};
  const bool to_get = (status == 303 && request.method != "HEAD") ||
                      ((status == 301 || status == 302) && request.method == "POST");
  if (to_get) {
    request.method = "GET";
    request.body.clear();
    drop_fields(request.headers, {"Content-Length", "Content-Type", "Transfer-Encoding"});
  }
  if (elsewhere) {
    drop_fields(request.headers, {"Authorization", "Proxy-Authorization", "Cookie", "Host"});
    request.server_name.clear();
    request.user = to.user;
    request.password = to.password;
  }
  return {};
}

}  // namespace virgo::net

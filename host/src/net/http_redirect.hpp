// What becomes of a request whose answer sends it elsewhere. Internal to net/.
#pragma once

#include "base/result.hpp"
#include "net/http_exchange.hpp"
#include "net/url.hpp"

namespace virgo::net {

bool is_redirect(int status);

// Makes of `request`, which was answered with `status` at `from`, what is asked at `to`.
// What is for the server at `from` alone (credentials, cookies, whose certificate it must
// be) goes to no other: another scheme, host or port. Errc::denied when `to` cannot be
// reached by the request's unix socket.
Result<void> redirect_request(HttpRequest& request, int status, const Url& from, const Url& to);

}  // namespace virgo::net

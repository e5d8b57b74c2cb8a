#include "daemon/io/http_client.h"

#include <openssl/evp.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <fstream>
#include <optional>

#include "daemon/io/http_pace.h"
#include "kpi/number.h"

namespace shadowd::io {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr auto kStopSlice = std::chrono::milliseconds(100);
constexpr size_t kSecretBytesMax = 64 << 10;
constexpr uint32_t kHeaderBytesMax = 64 << 10;
constexpr int kRetryAfterMaxSeconds = 3600;

struct Url {
  bool tls = false;
  std::string host;
  std::string port;
  std::string path;  // without the slash at its end
};

// Of a URL that validation let through.
Url Split(const std::string& url) {
  Url parts;
  parts.tls = url.starts_with("https://");
  const std::string rest = url.substr(parts.tls ? 8 : 7);
  const size_t slash = rest.find('/');
  std::string authority = rest.substr(0, slash);
  parts.path = slash == std::string::npos ? "" : rest.substr(slash);
  while (parts.path.ends_with('/')) {
    parts.path.pop_back();
  }
  const size_t colon = authority.rfind(':');
  const bool port = colon != std::string::npos && authority.find(']', colon) == std::string::npos;
  parts.port = port ? authority.substr(colon + 1) : parts.tls ? "443" : "80";
  parts.host = port ? authority.substr(0, colon) : authority;
  if (parts.host.starts_with('[') && parts.host.ends_with(']')) {
    parts.host = parts.host.substr(1, parts.host.size() - 2);
  }
  return parts;
}

StatusOr<std::string> ReadSecret(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kSecretBytesMax, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(std::max<std::streamsize>(0, file.gcount())));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) {
    text.pop_back();
  }
  if (text.empty() || text.find_first_of("\r\n") != std::string::npos) {
    return FailedPrecondition("{}: cannot be read, is empty or has several lines", path);
  }
  return text;
}

std::string Base64(const std::string& text) {
  std::string out(4 * ((text.size() + 2) / 3) + 1, '\0');
  const int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  out.resize(static_cast<size_t>(length));
  return out;
}

StatusOr<std::string> Authorization(const model::HttpServer& server) {
  if (!server.bearer_token_file.empty()) {
    SHADOWD_ASSIGN_OR_RETURN(const std::string token, ReadSecret(server.bearer_token_file));
    return "Bearer " + token;
  }
  if (!server.username.empty()) {
    SHADOWD_ASSIGN_OR_RETURN(const std::string password, ReadSecret(server.password_file));
    return "Basic " + Base64(server.username + ":" + password);
  }
  return std::string();
}

Status AsStatus(error_code error, const std::string& doing) {
  if (error == beast::error::timeout) {
    return DeadlineExceeded("{}: no answer in time", doing);
  }
  if (error == http::error::body_limit) {
    return WithReason(ResourceExhausted("{}: the answer is too large", doing), "ANSWER_TOO_LARGE");
  }
  return Unavailable("{}: {}", doing, error.message());
}

}  // namespace

// One connection to one origin. Operations are started and the context is run until they have ended, so that
// the deadline of the stream and the wish to stop are heeded without a thread more.
struct HttpClient::Connection {
  explicit Connection(const std::atomic<bool>* stop_wish)
      : stop(stop_wish), tls_context(asio::ssl::context::tls_client) {}

  // Whether the operation ended, with or without an error.
  bool Run(const bool& done) {
    context.restart();
    while (!done) {
      if ((stop != nullptr && stop->load()) || context.stopped()) {
        return false;
      }
      context.run_one_for(kStopSlice);
    }
    return true;
  }

  // Starts an operation by `begin(handler)` and waits for its end.
  template <typename Begin>
  error_code Await(Begin begin) {
    error_code result = asio::error::operation_aborted;
    bool done = false;
    begin([&](error_code error, auto&&...) {
      result = error;
      done = true;
    });
    if (!Run(done)) {
      beast::get_lowest_layer(stream()).cancel();
      context.restart();
      while (!done && context.run_one() > 0) {  // the handler points into this frame
      }
    }
    return result;
  }

  beast::ssl_stream<beast::tcp_stream>& stream() { return *secure; }
  beast::tcp_stream& plain() { return secure->next_layer(); }

  Status Open(const model::HttpServer& server, const Url& url) {
    const std::string doing = OriginOf(server.url);
    tcp::resolver resolver(context);
    tcp::resolver::results_type endpoints;
    // A name is looked up by a thread of the resolver; what it takes counts as the server's time.
    bool resolved = false;
    error_code error = asio::error::timed_out;
    resolver.async_resolve(url.host, url.port, [&](error_code result, tcp::resolver::results_type found) {
      error = result;
      endpoints = std::move(found);
      resolved = true;
    });
    const auto until = std::chrono::steady_clock::now() + server.timeout;
    context.restart();
    while (!resolved && std::chrono::steady_clock::now() < until && !(stop != nullptr && stop->load())) {
      context.run_one_for(kStopSlice);
    }
    if (!resolved) {
      resolver.cancel();
      context.restart();
      while (!resolved && context.run_one() > 0) {
      }
      error = asio::error::timed_out;
    }
    if (error) {
      return Unavailable("{}: {}", doing, error.message());
    }
    if (url.tls) {
      SHADOWD_RETURN_IF_ERROR(PrepareTls(server, url));
    }
    secure.emplace(context, tls_context);
    plain().expires_after(server.timeout);
    error = Await([&](auto handler) { plain().async_connect(endpoints, handler); });
    if (error) {
      return AsStatus(error, doing + ": connect");
    }
    if (url.tls) {
      // What the macro SSL_set_tlsext_host_name does, without its cast.
      SSL_ctrl(secure->native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
               const_cast<char*>(url.host.c_str()));
      secure->set_verify_callback(asio::ssl::host_name_verification(url.host));
      error = Await([&](auto handler) { secure->async_handshake(asio::ssl::stream_base::client, handler); });
      if (error) {
        return AsStatus(error, doing + ": TLS");
      }
    }
    return absl::OkStatus();
  }

  Status PrepareTls(const model::HttpServer& server, const Url&) {
    error_code error;
    tls_context.set_verify_mode(asio::ssl::verify_peer);
    server.ca_file.empty() ? tls_context.set_default_verify_paths(error)
                           : tls_context.load_verify_file(server.ca_file, error);
    return error
               ? FailedPrecondition("{}: cannot be used as authorities: {}", server.ca_file, error.message())
               : absl::OkStatus();
  }

  template <typename Stream>
  error_code Exchange(Stream& over, const http::request<http::empty_body>& request,
                      http::response_parser<http::string_body>& parser) {
    error_code error = Await([&](auto handler) { http::async_write(over, request, handler); });
    return error ? error : Await([&](auto handler) { http::async_read(over, buffer, parser, handler); });
  }

  const std::atomic<bool>* stop;
  asio::io_context context{1};
  asio::ssl::context tls_context;
  std::optional<beast::ssl_stream<beast::tcp_stream>> secure;  // its lower half alone, without TLS
  beast::flat_buffer buffer;
  model::HttpServer of;
};

HttpClient::HttpClient(const std::atomic<bool>* stop, HttpPace* pace) : stop_(stop), pace_(pace) {}
HttpClient::~HttpClient() = default;

StatusOr<HttpAnswer> HttpClient::Get(const model::HttpServer& server, const std::string& target,
                                     size_t body_bytes_max) {
  const Url url = Split(server.url);
  http::request<http::empty_body> request{http::verb::get, url.path + target, 11};
  if (request.target().empty()) {
    request.target("/");
  }
  request.set(http::field::host, url.host.find(':') == std::string::npos ? url.host + ":" + url.port
                                                                         : "[" + url.host + "]:" + url.port);
  request.set(http::field::user_agent, "shadowd");
  request.set(http::field::accept, "*/*");
  SHADOWD_ASSIGN_OR_RETURN(const std::string authorization, Authorization(server));
  if (!authorization.empty()) {
    request.set(http::field::authorization, authorization);
  }
  if (pace_ != nullptr && !pace_->Await(OriginOf(server.url), stop_)) {
    return Unavailable("{}: stopping", OriginOf(server.url));
  }
  for (bool fresh = false;; fresh = true) {
    const bool kept = !fresh && connection_ != nullptr && connection_->of == server;
    if (!kept) {
      connection_ = std::make_unique<Connection>(stop_);
      if (const Status opened = connection_->Open(server, url); !opened.ok()) {
        connection_.reset();
        return opened;
      }
      connection_->of = server;
    }
    http::response_parser<http::string_body> parser;
    parser.body_limit(body_bytes_max);
    parser.header_limit(kHeaderBytesMax);
    connection_->plain().expires_after(server.timeout);
    const error_code error = url.tls ? connection_->Exchange(connection_->stream(), request, parser)
                                     : connection_->Exchange(connection_->plain(), request, parser);
    if (error) {
      connection_.reset();
      const bool closed_meanwhile = kept && !parser.got_some() && error != beast::error::timeout;
      if (closed_meanwhile) {
        continue;
      }
      return AsStatus(error, OriginOf(server.url));
    }
    HttpAnswer answer;
    const auto& response = parser.get();
    answer.status = response.result_int();
    answer.content_type = std::string(response[http::field::content_type]);
    if (const auto seconds = kpi::ParseDouble(std::string_view(response[http::field::retry_after].data(),
                                                               response[http::field::retry_after].size()))) {
      answer.retry_after = FromSeconds(std::clamp(*seconds, 0.0, double{kRetryAfterMaxSeconds}));
    }
    const bool keep = response.keep_alive();
    answer.body = std::move(parser.get().body());
    if (!keep) {
      connection_.reset();
    }
    return answer;
  }
}

std::string OriginOf(const std::string& url) {
  const size_t slash = url.find('/', url.find("://") + 3);
  return url.substr(0, slash);
}

Status StatusOfAnswer(const HttpAnswer& answer, const std::string& url) {
  if (answer.status == 200) {
    return absl::OkStatus();
  }
  const std::string what =
      fmt::format("{} answered {}: {}", OriginOf(url), answer.status, kpi::Excerpt(answer.body));
  if (answer.status == 401 || answer.status == 403) {
    return WithReason(PermissionDenied("{}", what), "HTTP_REFUSED");
  }
  return answer.status == 404 ? WithReason(NotFound("{}", what), "HTTP_NOT_FOUND")
                              : WithReason(Unavailable("{}", what), "HTTP_STATUS");
}

}  // namespace shadowd::io

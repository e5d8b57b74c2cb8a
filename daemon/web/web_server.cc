#include "daemon/web/web_server.h"

#include <CivetServer.h>

#include <future>
#include <vector>

#include "daemon/rpc/catalogue.h"
#include "daemon/rpc/dispatcher.h"
#include "daemon/web/metrics.h"

namespace shadowd::daemon {
namespace {

constexpr std::chrono::milliseconds kLoopWait{1'000};

// Has `read` run on the loop; false when the loop did not get to it in time.
bool AskLoop(Dispatcher& dispatcher, std::function<void(Catalogue&)> read) {
  auto done = std::make_shared<std::promise<void>>();
  std::future<void> finished = done->get_future();
  dispatcher.Read([done, read = std::move(read)](Catalogue& catalogue) {
    read(catalogue);
    done->set_value();
  });
  return finished.wait_for(kLoopWait) == std::future_status::ready;
}

void Answer(mg_connection* connection, const char* status, const char* type, const std::string& body) {
  const std::string head = fmt::format(
      "HTTP/1.1 {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nCache-Control: no-store\r\nConnection: "
      "close\r\n\r\n",
      status, type, body.size());
  mg_write(connection, head.data(), head.size());
  mg_write(connection, body.data(), body.size());
}

class MetricsPage : public CivetHandler {
 public:
  MetricsPage(Dispatcher& dispatcher, Metrics& metrics) : dispatcher_(dispatcher), metrics_(metrics) {}
  bool handleGet(CivetServer*, mg_connection* connection) override {
    // A late answer of the loop still finds the metrics: they live as long as the dispatcher. What is counted
    // without the loop is shown in any case.
    AskLoop(dispatcher_, [metrics = &metrics_](Catalogue& catalogue) { metrics->Observe(catalogue); });
    Answer(connection, "200 OK", "text/plain; version=0.0.4; charset=utf-8", metrics_.Text());
    return true;
  }

 private:
  Dispatcher& dispatcher_;
  Metrics& metrics_;
};

class HealthPage : public CivetHandler {
 public:
  explicit HealthPage(Dispatcher& dispatcher) : dispatcher_(dispatcher) {}
  bool handleGet(CivetServer*, mg_connection* connection) override {
    if (dispatcher_.Draining()) {
      Answer(connection, "503 Service Unavailable", "text/plain", "draining\n");
    } else if (!AskLoop(dispatcher_, [](Catalogue&) {})) {
      Answer(connection, "503 Service Unavailable", "text/plain", "the control loop does not answer\n");
    } else {
      Answer(connection, "200 OK", "text/plain", "ok\n");
    }
    return true;
  }

 private:
  Dispatcher& dispatcher_;
};

// 400 and 413 are not sent again by a Prometheus, 5xx are.
const char* HttpStatusOf(const Status& status) {
  return absl::IsResourceExhausted(status) ? "413 Content Too Large"
         : absl::IsInvalidArgument(status) ? "400 Bad Request"
                                           : "503 Service Unavailable";
}

class WritePage : public CivetHandler {
 public:
  WritePage(Dispatcher& dispatcher, RemoteWrite remote_write)
      : dispatcher_(dispatcher), remote_write_(std::move(remote_write)) {}
  bool handlePost(CivetServer*, mg_connection* connection) override {
    const Status status = Take(connection);
    if (status.ok()) {
      Answer(connection, "204 No Content", "text/plain", "");
    } else if (absl::IsUnimplemented(status)) {
      Answer(connection, "415 Unsupported Media Type", "text/plain", MessageOf(status) + "\n");
    } else {
      Answer(connection, HttpStatusOf(status), "text/plain", MessageOf(status) + "\n");
    }
    return true;
  }

 private:
  Status Take(mg_connection* connection) {
    const auto header = [connection](const char* name) {
      const char* value = mg_get_header(connection, name);
      return std::string(value == nullptr ? "" : value);
    };
    if (header("Content-Type").find("io.prometheus.write.v2") != std::string::npos ||
        header("X-Prometheus-Remote-Write-Version").starts_with("2.")) {
      return absl::UnimplementedError("remote write 1.0 is what is taken (prometheus.WriteRequest)");
    }
    if (const std::string encoding = header("Content-Encoding"); encoding != "snappy") {
      return absl::UnimplementedError("Content-Encoding must be snappy");
    }
    const int64_t length = mg_get_request_info(connection)->content_length;
    if (length < 0) {
      return InvalidArgument("a body without Content-Length");
    }
    if (static_cast<uint64_t>(length) > remote_write_.body_bytes_max) {
      return ResourceExhausted("the body is {} bytes, ingest.batch_bytes_max is {}", length,
                               remote_write_.body_bytes_max);
    }
    if (dispatcher_.Draining()) {
      return Unavailable("the daemon is stopping");
    }
    std::string body(static_cast<size_t>(length), '\0');
    for (size_t got = 0; got < body.size();) {
      const int count = mg_read(connection, body.data() + got, body.size() - got);
      if (count <= 0) {
        return InvalidArgument("the body ended after {} of {} bytes", got, body.size());
      }
      got += static_cast<size_t>(count);
    }
    return remote_write_.take(body);
  }

  Dispatcher& dispatcher_;
  RemoteWrite remote_write_;
};

Status CheckLoopback(const std::string& address) {
  const bool loopback = address.rfind("127.", 0) == 0 || address.rfind("[::1]:", 0) == 0;
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos || address.find_first_not_of("0123456789", colon + 1) != std::string::npos ||
      colon + 1 == address.size()) {
    return WithField(InvalidArgument("expected 127.0.0.1:PORT, got '{}'", address), "web.address");
  }
  if (!loopback) {
    return WithField(
        InvalidArgument("{} is not a loopback address; the page has no authentication, put a proxy in front",
                        address),
        "web.address");
  }
  return absl::OkStatus();
}

}  // namespace

struct WebServer::Impl {
  Impl(Dispatcher& dispatcher, Metrics& metrics, RemoteWrite remote_write,
       const std::vector<std::string>& options)
      : metrics_page(dispatcher, metrics),
        health_page(dispatcher),
        write_page(dispatcher, remote_write),
        server(options) {
    server.addHandler("/metrics", metrics_page);
    server.addHandler("/healthz", health_page);
    if (remote_write.take) {
      server.addHandler("/api/v1/write", write_page);
    }
  }
  MetricsPage metrics_page;
  HealthPage health_page;
  WritePage write_page;
  CivetServer server;  // last: ends first
};

StatusOr<std::unique_ptr<WebServer>> WebServer::Create(const std::string& address, Dispatcher& dispatcher,
                                                       Metrics& metrics, RemoteWrite remote_write) {
  SHADOWD_RETURN_IF_ERROR(CheckLoopback(address));
  const std::vector<std::string> options{"listening_ports",    address, "num_threads",      "2",
                                         "request_timeout_ms", "5000",  "max_request_size", "8192",
                                         "enable_keep_alive",  "no"};
  try {
    return std::unique_ptr<WebServer>(
        new WebServer(std::make_unique<Impl>(dispatcher, metrics, std::move(remote_write), options)));
  } catch (const std::exception& error) {
    return WithField(AlreadyExists("cannot listen on {}: {}; is the port taken?", address, error.what()),
                     "web.address");
  }
}

WebServer::WebServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
WebServer::~WebServer() = default;

int WebServer::port() const {
  const std::vector<int> ports = impl_->server.getListeningPorts();
  return ports.empty() ? 0 : ports.front();
}

}  // namespace shadowd::daemon

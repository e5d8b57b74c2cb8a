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
  Impl(Dispatcher& dispatcher, Metrics& metrics, const std::vector<std::string>& options)
      : metrics_page(dispatcher, metrics), health_page(dispatcher), server(options) {
    server.addHandler("/metrics", metrics_page);
    server.addHandler("/healthz", health_page);
  }
  MetricsPage metrics_page;
  HealthPage health_page;
  CivetServer server;  // last: ends first
};

StatusOr<std::unique_ptr<WebServer>> WebServer::Create(const std::string& address, Dispatcher& dispatcher,
                                                       Metrics& metrics) {
  SHADOWD_RETURN_IF_ERROR(CheckLoopback(address));
  const std::vector<std::string> options{"listening_ports",    address, "num_threads",      "2",
                                         "request_timeout_ms", "5000",  "max_request_size", "8192",
                                         "enable_keep_alive",  "no"};
  try {
    return std::unique_ptr<WebServer>(new WebServer(std::make_unique<Impl>(dispatcher, metrics, options)));
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

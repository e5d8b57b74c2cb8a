// A small real HTTP/1.1 server on loopback for tests and benchmarks: one thread with epoll, keep-alive, any
// number of connections. It remembers what it was asked, may answer after a fixed delay (in order of arrival,
// without occupying anything), or stall: accept and never answer. Assertions belong on the test's own thread;
// the log is copied out.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace shadowd::fakes {

class HttpServer {
 public:
  struct Options {
    int64_t delay_us = 0;
    // From the first request on: what is asked in this time is answered at its end.
    int64_t pause_after_us = 0;
    int64_t pause_us = 0;
    std::string body = "ok\n";
    bool close = false;   // after each answer
    std::string garbage = "";  // instead of an answer
    bool stall = false;
    bool keep_log = true;
    int status = 200;
    // The whole answer to a request (head and body); its head ends the connection or tells its length.
    std::function<std::string(const std::string& request)> answer = {};
  };
  explicit HttpServer(const Options& options);
  HttpServer() : HttpServer(Options{}) {}
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  ~HttpServer();

  uint16_t port() const { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  uint64_t requests() const { return requests_.load(); }
  // The heads (and bodies) of all requests so far, one string each.
  std::vector<std::string> Log() const;

 private:
  struct Connection;
  struct Due;

  void Run();
  void Accept();
  void Receive(Connection& connection);
  int64_t DueAt(int64_t now_us);
  std::string AnswerTo(const std::string& request) const;
  void Answer(Connection& connection, const std::string& request = "");

  Options options_;
  int listen_fd_ = -1;
  int epoll_fd_ = -1;
  uint16_t port_ = 0;
  std::atomic<bool> stop_{false};
  std::atomic<uint64_t> requests_{0};
  mutable std::mutex mutex_;
  std::vector<std::string> log_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<Due> due_;
  int64_t first_us_ = 0;
  std::thread thread_;
};

}  // namespace shadowd::fakes

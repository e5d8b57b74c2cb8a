#include "daemon/io/http2_connection.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

namespace shadowd::io {
namespace {

constexpr uint32_t kStreamsMax = 1000;
constexpr int32_t kWindow = 1 << 24;  // bytes that a server may send ahead
constexpr size_t kOutMax = 1 << 20;

int ToNumber(const uint8_t* text, size_t length) {
  int value = -1;
  const char* begin = reinterpret_cast<const char*>(text);
  std::from_chars(begin, begin + length, value);
  return value;
}

}  // namespace

// What nghttp2 calls; `user` is the connection.
struct Http2Callbacks {
  static Http2Connection& Of(void* user) { return *static_cast<Http2Connection*>(user); }
  static Http2Answer* Find(void* user, int32_t stream) {
    const auto found = Of(user).streams_.find(stream);
    return found == Of(user).streams_.end() ? nullptr : &found->second;
  }
  static int OnHeader(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name, size_t name_length,
                      const uint8_t* value, size_t value_length, uint8_t, void* user) {
    Http2Answer* answer = Find(user, frame->hd.stream_id);
    if (answer == nullptr) {
      return 0;
    }
    answer->bytes += name_length + value_length;
    const std::string_view field(reinterpret_cast<const char*>(name), name_length);
    if (field == ":status") {
      answer->status = ToNumber(value, value_length);
    } else if (field == "grpc-status") {
      answer->grpc_status = ToNumber(value, value_length);
    }
    return 0;
  }
  static int OnData(nghttp2_session*, uint8_t, int32_t stream, const uint8_t* data, size_t length,
                    void* user) {
    if (Http2Answer* answer = Find(user, stream)) {
      answer->bytes += length;
      if (answer->request->expected_body) {
        answer->body_hash = load::BodyHash({reinterpret_cast<const char*>(data), length}, answer->body_hash);
      }
    }
    return 0;
  }
  static int OnClose(nghttp2_session*, int32_t stream, uint32_t error, void* user) {
    Http2Connection& connection = Of(user);
    const auto node = connection.streams_.extract(stream);
    if (node.empty()) {
      return 0;
    }
    if (error == NGHTTP2_NO_ERROR && node.mapped().status > 0) {
      ++connection.served_;
      connection.owner_.OnAnswer(node.mapped());
    } else {
      connection.owner_.OnFailure(node.mapped(), error == NGHTTP2_NO_ERROR ? "malformed" : "reset");
    }
    return 0;
  }
  static int OnFrame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    if (frame->hd.type == NGHTTP2_GOAWAY) {
      Of(user).open_ = false;
    }
    return 0;
  }
  static ssize_t ReadBody(nghttp2_session*, int32_t stream, uint8_t* buffer, size_t length, uint32_t* flags,
                          nghttp2_data_source*, void* user) {
    Http2Answer* answer = Find(user, stream);
    if (answer == nullptr) {
      return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    const std::string& body = answer->request->body;
    const size_t take = std::min(length, body.size() - answer->body_sent);
    std::memcpy(buffer, body.data() + answer->body_sent, take);
    answer->body_sent += take;
    if (answer->body_sent == body.size()) {
      *flags |= NGHTTP2_DATA_FLAG_EOF;
    }
    return static_cast<ssize_t>(take);
  }
};

std::unique_ptr<Http2Connection> Http2Connection::Connect(Http2Owner& owner, const Endpoint& endpoint,
                                                          const TlsClient* tls, int epoll_fd) {
  Transport transport;
  if (!transport.Open(endpoint, tls)) {
    return nullptr;
  }
  std::unique_ptr<Http2Connection> connection(new Http2Connection(owner, std::move(transport), epoll_fd));
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = connection.get();
  if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, connection->transport_.fd(), &event) != 0) {
    return nullptr;
  }
  return connection;
}

Http2Connection::Http2Connection(Http2Owner& owner, Transport transport, int epoll_fd)
    : owner_(owner), transport_(std::move(transport)), epoll_fd_(epoll_fd) {
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, &Http2Callbacks::OnHeader);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, &Http2Callbacks::OnData);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, &Http2Callbacks::OnClose);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, &Http2Callbacks::OnFrame);
  nghttp2_session_client_new(&session_, callbacks, this);
  nghttp2_session_callbacks_del(callbacks);
  const std::array<nghttp2_settings_entry, 3> settings{
      {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, kStreamsMax},
       {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, static_cast<uint32_t>(kWindow)},
       {NGHTTP2_SETTINGS_ENABLE_PUSH, 0}}};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, kWindow);
}

Http2Connection::~Http2Connection() {
  nghttp2_session_del(session_);
  if (transport_.valid()) {
    epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, transport_.fd(), nullptr);
  }
}

void Http2Connection::Send(load::WireRequestPtr request, MonoTime planned) {
  std::vector<nghttp2_nv> fields;
  fields.reserve(request->fields.size());
  for (const auto& [name, value] : request->fields) {
    // nghttp2 copies both and changes neither, whatever its types say.
    fields.push_back({reinterpret_cast<uint8_t*>(const_cast<char*>(name.data())),
                      reinterpret_cast<uint8_t*>(const_cast<char*>(value.data())), name.size(), value.size(),
                      NGHTTP2_NV_FLAG_NONE});
  }
  nghttp2_data_provider body{};
  body.read_callback = &Http2Callbacks::ReadBody;
  const int32_t stream = nghttp2_submit_request(session_, nullptr, fields.data(), fields.size(),
                                                request->body.empty() ? nullptr : &body, nullptr);
  Http2Answer answer{.request = std::move(request), .planned = planned};
  if (stream < 0) {
    open_ = false;
    owner_.OnFailure(answer, "malformed");
    return;
  }
  streams_.emplace(stream, std::move(answer));
  if (connected_) {
    Flush();
  }
}

void Http2Connection::OnEvent(uint32_t events, std::span<char> buffer) {
  if (!transport_.valid()) {
    return;
  }
  if (!connected_) {
    const Transport::State state = transport_.Ready();
    if (state == Transport::State::kFailed) {
      Fail(transport_.trouble());
      return;
    }
    if (state == Transport::State::kPending) {
      return;
    }
    connected_ = true;
  }
  while ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
    const ssize_t count = transport_.Receive(buffer);
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0 && errno == EAGAIN) {
      break;
    }
    if (count <= 0) {
      Fail("reset");
      return;
    }
    const auto* bytes = reinterpret_cast<const uint8_t*>(buffer.data());
    if (nghttp2_session_mem_recv(session_, bytes, static_cast<size_t>(count)) < 0) {
      Fail("malformed");
      return;
    }
  }
  Flush();
}

void Http2Connection::Flush() {
  for (;;) {
    while (!out_.empty()) {
      const ssize_t count = transport_.Send(out_);
      if (count < 0) {
        if (errno != EAGAIN && errno != EINTR) {
          Fail("reset");
        }
        return;
      }
      out_.erase(0, static_cast<size_t>(count));
    }
    while (out_.size() < kOutMax) {
      const uint8_t* bytes = nullptr;
      const ssize_t count = nghttp2_session_mem_send(session_, &bytes);
      if (count < 0) {
        Fail("malformed");
        return;
      }
      if (count == 0) {
        break;
      }
      out_.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(count));
    }
    if (out_.empty()) {
      return;
    }
  }
}

void Http2Connection::Fail(const char* trouble) {
  open_ = false;
  epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, transport_.fd(), nullptr);
  transport_.Close();
  for (const auto& [stream, answer] : std::exchange(streams_, {})) {
    owner_.OnFailure(answer, trouble);
  }
}

void Http2Connection::Expire(MonoTime before) {
  std::vector<int32_t> over;
  for (const auto& [stream, answer] : streams_) {
    if (answer.planned < before) {
      over.push_back(stream);
    }
  }
  for (const int32_t stream : over) {
    const auto node = streams_.extract(stream);
    owner_.OnFailure(node.mapped(), "timeout");
    nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream, NGHTTP2_CANCEL);
  }
  if (!over.empty() && connected_ && transport_.valid()) {
    Flush();
  }
}

}  // namespace shadowd::io

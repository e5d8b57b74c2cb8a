// One call on bytes, for services whose protocol buffers are not packaged (health, reflection).
#pragma once

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace shadowd {

struct RawAnswer {
  grpc::Status status;
  std::string bytes;  // of the first message
};

// Sends one message, reads one, and waits for the end. `method` is "/package.Service/Method".
inline RawAnswer RawCall(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                         const std::string& message) {
  RawAnswer answer;
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
  grpc::CompletionQueue queue;
  const auto done = [&queue] {
    void* tag = nullptr;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok;
  };
  const auto call = grpc::GenericStub(channel).PrepareCall(&context, method, &queue);
  call->StartCall(nullptr);
  done();
  const grpc::Slice slice(message);
  call->Write(grpc::ByteBuffer(&slice, 1), nullptr);
  done();
  call->WritesDone(nullptr);
  done();
  grpc::ByteBuffer received;
  call->Read(&received, nullptr);
  std::vector<grpc::Slice> slices;
  if (done() && received.Dump(&slices).ok()) {
    for (const grpc::Slice& part : slices) {
      answer.bytes.append(reinterpret_cast<const char*>(part.begin()), part.size());
    }
  }
  call->Finish(&answer.status, nullptr);
  done();
  return answer;
}

// A message of one string field.
inline std::string RawString(int field, const std::string& value) {
  return std::string(1, static_cast<char>(field << 3 | 2)) + static_cast<char>(value.size()) + value;
}

}  // namespace shadowd

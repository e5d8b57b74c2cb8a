#include "daemon/io/process_provider.h"

#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <future>
#include <thread>
#include <utility>

#include "daemon/io/proc_files.h"
#include "daemon/io/replica_table.h"

namespace shadowd::io {

namespace asio = boost::asio;

class ProcessProvider::Impl {
 public:
  Impl(Options options, Sink sink)
      : work_(asio::make_work_guard(context_)),
        table_(context_, std::move(options), std::move(sink)),
        thread_([this] { context_.run(); }) {}

  template <typename Task>
  void Post(Task task) {
    asio::post(context_, std::move(task));
  }

  void Shutdown(bool end_shadows, Micros limit) {
    if (!thread_.joinable()) {
      return;
    }
    auto done = std::make_shared<std::promise<void>>();
    Post([this, end_shadows, done] {
      if (end_shadows) {
        table_.EndShadows([done] { done->set_value(); });
      } else {
        done->set_value();
      }
    });
    // What is left after the limit ends with its lease.
    done->get_future().wait_for(limit);
    work_.reset();
    context_.stop();
    thread_.join();
    table_.RemoveEmptyGroups();
  }

  ReplicaTable& table() { return table_; }

 private:
  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  ReplicaTable table_;
  std::thread thread_;
};

StatusOr<std::unique_ptr<ProcessProvider>> ProcessProvider::Create(Options options, Sink sink) {
  const std::string directory = options.runtime_dir + "/replicas";
  constexpr size_t kLongestName =
      48;  // "/<id>.sock" of the ids that the core makes; a longer one is refused at its start
  if (options.runtime_dir.empty() || directory.size() + kLongestName >= sizeof(sockaddr_un::sun_path)) {
    return WithField(
        InvalidArgument("runtime_dir: '{}' is empty or too long for sockets below it", options.runtime_dir),
        "runtime_dir");
  }
  if (::access(options.shim_path.c_str(), X_OK) != 0) {
    return Annotate(ErrnoStatus(errno, options.shim_path), "shim");
  }
  if (options.max_replicas < 1) {
    return WithField(InvalidArgument("max_replicas: {} is below 1", options.max_replicas), "max_replicas");
  }
  SHADOWD_RETURN_IF_ERROR(Annotate(MakeDirectories(directory, 0750), "runtime_dir"));
  return std::unique_ptr<ProcessProvider>(
      new ProcessProvider(std::make_unique<Impl>(std::move(options), std::move(sink))));
}

ProcessProvider::ProcessProvider(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

ProcessProvider::~ProcessProvider() {
  impl_->Shutdown(false, Micros(0));
}

void ProcessProvider::Start(const model::ServiceId& service, const ports::StartReplica& start) {
  impl_->Post([table = &impl_->table(), service, start] { table->Start(service, start); });
}

void ProcessProvider::Stop(const model::ServiceId& service, const ports::StopReplica& stop) {
  impl_->Post([table = &impl_->table(), service, stop] { table->Stop(service, stop); });
}

void ProcessProvider::Recover(const std::vector<KnownReplica>& known) {
  impl_->Post([table = &impl_->table(), known] { table->Recover(known); });
}

std::vector<Usage> ProcessProvider::Sample() {
  return impl_->table().Sample();
}

void ProcessProvider::Shutdown(bool end_shadows, Micros limit) {
  impl_->Shutdown(end_shadows, limit);
}

const std::string& ProcessProvider::isolation_note() const {
  return impl_->table().isolation_note();
}

}  // namespace shadowd::io

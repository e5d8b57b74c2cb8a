// A replica for tests of the provider: child PORT MODE [ARGUMENT]. Small enough to read at a glance;
// single-threaded but where the mode says otherwise.
//   serve          answers every HTTP request with 200 and its version from $VERSION
//   unready        answers every HTTP request with 503
//   deaf           listens on nothing, waits for ever
//   exit CODE      prints two lines and exits
//   stubborn       serves, ignores SIGTERM
//   family FILE    serves, with a child, a grandchild and one in a session of its own; writes their pids to
//   FILE spin           serves nothing, burns a CPU chatty BYTES   prints that many bytes in numbered lines,
//   then waits hungry BYTES   touches that much memory, then waits fds FILE       writes the numbers of its
//   open descriptors to FILE, then waits
#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

[[noreturn]] void WaitForEver() {
  for (;;) {
    ::pause();
  }
}

[[noreturn]] void Serve(int port, const char* status) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int yes = 1;
  ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      ::listen(listener, 64) != 0) {
    std::perror("listen");
    std::exit(3);
  }
  const char* version = std::getenv("VERSION");
  const std::string body = version != nullptr ? version : "";
  const std::string reply = std::string("HTTP/1.1 ") + status +
                            "\r\nContent-Length: " + std::to_string(body.size()) +
                            "\r\nConnection: close\r\n\r\n" + body;
  for (;;) {
    const int connection = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    char request[2048];
    if (connection >= 0 && ::read(connection, request, sizeof(request)) > 0) {
      [[maybe_unused]] const ssize_t put = ::write(connection, reply.data(), reply.size());
    }
    ::close(connection);
  }
}

void WriteFile(const char* path, const std::string& text) {
  const std::string temporary = std::string(path) + ".tmp";
  std::FILE* file = std::fopen(temporary.c_str(), "we");
  std::fputs(text.c_str(), file);
  std::fclose(file);
  std::rename(temporary.c_str(), path);
}

// The pids come back through a pipe, so FILE is complete when it appears.
void RaiseFamily(const char* path) {
  int ends[2];
  if (::pipe(ends) != 0) {
    std::exit(4);
  }
  const auto say = [&](pid_t pid) {
    if (::write(ends[1], &pid, sizeof(pid)) != static_cast<ssize_t>(sizeof(pid))) {
      std::exit(4);
    }
  };
  if (::fork() == 0) {
    say(::getpid());
    if (::fork() == 0) {
      say(::getpid());
      WaitForEver();
    }
    if (::fork() == 0) {  // a daemon of its own: new session, its parent dies
      ::setsid();
      if (::fork() != 0) {
        ::_exit(0);
      }
      say(::getpid());
      ::signal(SIGTERM, SIG_IGN);
      WaitForEver();
    }
    WaitForEver();
  }
  std::string text;
  for (int i = 0; i < 3; ++i) {
    pid_t pid = 0;
    if (::read(ends[0], &pid, sizeof(pid)) == static_cast<ssize_t>(sizeof(pid))) {
      text += std::to_string(pid) + "\n";
    }
  }
  WriteFile(path, text);
}

void Chatter(long bytes) {
  long written = 0;
  for (int line = 0; written < bytes; ++line) {
    written += std::printf("line %d\n", line);
  }
  std::fflush(stdout);
}

void ListDescriptors(const char* path) {
  std::string text;
  DIR* const directory = ::opendir("/proc/self/fd");
  while (const dirent* entry = ::readdir(directory)) {
    if (entry->d_name[0] != '.' && std::atoi(entry->d_name) != ::dirfd(directory)) {
      text += std::string(entry->d_name) + "\n";
    }
  }
  ::closedir(directory);
  WriteFile(path, text);
}

void TouchMemory(size_t bytes) {
  volatile char* const memory = static_cast<char*>(std::malloc(bytes));
  for (size_t at = 0; at < bytes; at += 4096) {
    memory[at] = static_cast<char>(at / 4096);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc > 2 ? argv[2] : "";
  const char* const argument = argc > 3 ? argv[3] : "0";
  const int port = std::atoi(argc > 1 ? argv[1] : "0");
  if (mode == "serve") {
    Serve(port, "200 OK");
  } else if (mode == "unready") {
    Serve(port, "503 Service Unavailable");
  } else if (mode == "exit") {
    std::puts("loading the settings");
    std::puts("no database at 10.0.0.1");
    return std::atoi(argument);
  } else if (mode == "stubborn") {
    ::signal(SIGTERM, SIG_IGN);
    Serve(port, "200 OK");
  } else if (mode == "family") {
    RaiseFamily(argument);
    Serve(port, "200 OK");
  } else if (mode == "spin") {
    static std::atomic<unsigned long> turns;
    for (;;) {
      turns.fetch_add(1, std::memory_order_relaxed);
    }
  } else if (mode == "chatty") {
    Chatter(std::atol(argument));
    WaitForEver();
  } else if (mode == "hungry") {
    TouchMemory(static_cast<size_t>(std::atol(argument)));
    WaitForEver();
  } else if (mode == "fds") {
    ListDescriptors(argument);
    WaitForEver();
  } else if (mode == "deaf") {
    WaitForEver();
  }
  std::fprintf(stderr, "child PORT MODE [ARGUMENT]\n");
  return 64;
}

#include "input/input_file.h"

#include <zlib.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>

namespace shadowd::input {

StatusOr<std::string> ReadInput(const std::string& path) {
  errno = 0;
  std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), gzclose);
  if (file == nullptr) {
    return ErrnoStatus(errno != 0 ? errno : ENOMEM, path);
  }
  std::string text;
  std::array<char, 1 << 16> buffer{};
  int got = 0;
  while ((got = gzread(file.get(), buffer.data(), static_cast<unsigned>(buffer.size()))) > 0) {
    if (text.size() + static_cast<size_t>(got) > kInputBytesMax) {
      return ResourceExhausted("{}: more than {} MiB of text", path, kInputBytesMax >> 20);
    }
    text.append(buffer.data(), static_cast<size_t>(got));
  }
  int error = Z_OK;
  gzerror(file.get(), &error);
  if (error == Z_ERRNO) {
    return ErrnoStatus(errno, path);
  }
  // The end of a stream that was cut off shows only when it is closed.
  const int closed = gzclose(file.release());
  if (got < 0 || closed != Z_OK) {
    return InvalidArgument("{}: its gzip stream is cut off or damaged", path);
  }
  return text;
}

Status WriteOutput(const std::string& path, const std::string& text) {
  errno = 0;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "wb"), std::fclose);
  if (file == nullptr) {
    return ErrnoStatus(errno, path);
  }
  const bool written = std::fwrite(text.data(), 1, text.size(), file.get()) == text.size();
  if (std::fclose(file.release()) != 0 || !written) {
    return ErrnoStatus(errno, path);
  }
  return absl::OkStatus();
}

std::string StemOf(const std::string& path) {
  std::string name = path.substr(path.rfind('/') + 1);
  for (const char* ending : {".gz", ".csv"}) {
    if (name.size() > std::string_view(ending).size() && name.ends_with(ending)) {
      name.resize(name.size() - std::string_view(ending).size());
    }
  }
  return name;
}

}  // namespace shadowd::input

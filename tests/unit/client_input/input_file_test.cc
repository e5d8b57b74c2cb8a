#include "input/input_file.h"

#include <stdlib.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>

#include "require_ok.h"

namespace shadowd::input {
namespace {

class Folder {
 public:
  Folder() {
    char path[] = "/tmp/shadow-lab-XXXXXX";
    path_ = ::mkdtemp(path);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string File(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace

TEST_CASE("plain and gzipped files read alike, and what was written comes back") {
  const Folder folder;
  REQUIRE_OK(WriteOutput(folder.File("a.csv"), "time,value\n"));
  CHECK(ReadInput(folder.File("a.csv")).value() == "time,value\n");
  gzFile file = gzopen(folder.File("a.csv.gz").c_str(), "wb");
  gzputs(file, "time,value\n1,2\n");
  gzclose(file);
  CHECK(ReadInput(folder.File("a.csv.gz")).value() == "time,value\n1,2\n");
}

TEST_CASE("a file that is not there, a folder, and a gzip stream that was cut off are told apart") {
  const Folder folder;
  CHECK(absl::IsNotFound(ReadInput(folder.File("none")).status()));
  CHECK_FALSE(ReadInput(folder.path()).ok());
  CHECK_FALSE(WriteOutput(folder.File("no/such/folder"), "x").ok());
  gzFile file = gzopen(folder.File("a.gz").c_str(), "wb");
  for (int i = 0; i < 10'000; ++i) {
    gzprintf(file, "%d,%d\n", i, i * 7919 % 1000);
  }
  gzclose(file);
  std::filesystem::resize_file(folder.File("a.gz"), std::filesystem::file_size(folder.File("a.gz")) / 2);
  const auto cut = ReadInput(folder.File("a.gz"));
  CHECK(absl::IsInvalidArgument(cut.status()));
  CHECK(MessageOf(cut.status()).find("cut off") != std::string::npos);
}

TEST_CASE("a trace is called by its file, without folder and endings") {
  CHECK(StemOf("/data/nasa-http.csv.gz") == "nasa-http");
  CHECK(StemOf("web.csv") == "web");
  CHECK(StemOf("web") == "web");
  CHECK(StemOf(".csv") == ".csv");
}

}  // namespace shadowd::input

#include "journal/reader.h"

#include "base/rng.h"
#include "journal/frame.h"
#include "journal/writer.h"
#include "require_ok.h"
#include "sample_events.h"

namespace shadowd::journal {
namespace {

using Catch::Matchers::Contains;

struct ReadBack {
  size_t entries = 0;
  size_t torn = 0;
  Status error;
};

ReadBack ReadAll(std::string_view bytes) {
  ReadBack read;
  auto reader = Reader::Open(bytes);
  if (!reader.ok()) {
    read.error = reader.status();
    return read;
  }
  for (;;) {
    const auto entry = reader->Next();
    if (!entry.ok() || !entry->has_value()) {
      read.error = entry.status();
      read.torn = reader->TornBytes();
      return read;
    }
    ++read.entries;
  }
}

std::string Small() {
  std::string journal = FileHeader() + Encode(Start{"1", WallTime(), {}, false, ""});
  const Now now{MonoTime(Micros(1)), WallFromMicros(2)};
  journal += EncodeStep({model::ServiceId(), ports::TimerFired{}, 0, ""}, now, {});
  journal += EncodeStep({model::ServiceId("web"), ports::Retrain{}, 5, "me"}, now, {});
  return journal + Encode(End{WallTime(), "the daemon stopped"});
}

TEST_CASE("a journal that was cut anywhere reads up to the last whole entry") {
  const std::string journal = Small();
  REQUIRE(ReadAll(journal).entries == 4);
  size_t before = 0;
  for (size_t size = kFileHeaderBytes; size <= journal.size(); ++size) {
    const ReadBack read = ReadAll(std::string_view(journal).substr(0, size));
    INFO("cut at " << size);
    REQUIRE_OK(read.error);
    CHECK(read.entries >= before);
    before = read.entries;
  }
  CHECK(before == 4);
  const ReadBack torn = ReadAll(std::string_view(journal).substr(0, journal.size() - 1));
  CHECK(torn.entries == 3);
  CHECK(torn.torn == Encode(End{WallTime(), "the daemon stopped"}).size() - 1);
}

TEST_CASE("any flipped bit is found, with the offset of its frame") {
  const std::string journal = Small();
  for (size_t bit = 0; bit < journal.size() * 8; ++bit) {
    std::string damaged = journal;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    const ReadBack read = ReadAll(damaged);
    INFO("bit " << bit);
    REQUIRE_FALSE(read.error.ok());
    if (bit / 8 >= kFileHeaderBytes) {
      CHECK_THAT(MessageOf(read.error), Contains("offset "));
    }
  }
}

TEST_CASE("what is no journal is told from one of another format") {
  CHECK_THAT(MessageOf(ReadAll("").error), Contains("no journal: it does not begin with \"shadowdJ\""));
  CHECK_THAT(MessageOf(ReadAll("SQLite format 3").error), Contains("no journal"));
  CHECK_THAT(MessageOf(ReadAll("shadowdJ\x01").error), Contains("ends within its header"));
  CHECK_THAT(MessageOf(ReadAll(std::string("shadowdJ\x02\0\0\0", 12)).error), Contains("format 2"));
  Rng rng(3);
  for (int i = 0; i < 200; ++i) {
    std::string rubbish = FileHeader();
    for (uint64_t n = kFrameHeaderBytes + rng.Below(300); n > 0; --n) {
      rubbish.push_back(static_cast<char>(rng.Below(256)));
    }
    CHECK(ReadAll(rubbish).error.code() == absl::StatusCode::kDataLoss);
  }
}

TEST_CASE("zeros behind the last entry, over-long lengths and frames that make no sense are damage") {
  const std::string start = FileHeader() + Encode(Start{});
  const std::string at = fmt::format("offset {}: ", start.size());
  CHECK_THAT(MessageOf(ReadAll(start + std::string(64, '\0')).error), Contains(at + "no frame begins here"));

  std::string length;
  PutNumber(kBodyBytesMax + 1, length);
  PutNumber(Crc32(length), length);
  PutNumber(0, length);
  CHECK_THAT(MessageOf(ReadAll(start + length).error), Contains(at + "a frame of 67108865 bytes"));

  CHECK_THAT(MessageOf(ReadAll(start + Encode(Start{})).error), Contains(at + "a second start"));
  CHECK_THAT(MessageOf(ReadAll(FileHeader() + Encode(End{})).error), Contains("the first entry is no start"));
  CHECK_THAT(MessageOf(ReadAll(start + Encode(End{}) + Encode(End{})).error),
             Contains("an entry behind the end"));

  // A whole frame whose body is of a kind that is yet to come: field 15, empty.
  const std::string body("\x7a\0", 2);
  std::string frame;
  PutNumber(2, frame);
  PutNumber(Crc32(frame), frame);
  PutNumber(Crc32(body), frame);
  CHECK_THAT(MessageOf(ReadAll(start + frame + body).error),
             Contains("a kind that this version does not know"));
}

}  // namespace
}  // namespace shadowd::journal

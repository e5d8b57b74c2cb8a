#include "daemon/rpc/answer_book.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <utility>

namespace shadowd::daemon {
namespace {

constexpr absl::Duration kWriteEvery = absl::Seconds(2);
constexpr Micros kForgetAfter = std::chrono::hours(24);

}  // namespace

AnswerBook::AnswerBook(std::string path) : path_(std::move(path)) {
  if (!path_.empty()) {
    Load();
    writer_ = std::thread([this] { Run(); });
  }
}

AnswerBook::~AnswerBook() {
  if (writer_.joinable()) {
    {
      absl::MutexLock lock(&mutex_);
      stopping_ = true;
    }
    writer_.join();
  }
}

void AnswerBook::Keep(const std::string& key, const Answer& answer) {
  absl::MutexLock lock(&mutex_);
  const auto known = answers_.find(key);
  if (known == answers_.end()) {
    if (answers_.size() < kAnswersMax) {
      answers_.emplace(key, answer);
      changed_ = true;
    }
  } else if (!(known->second == answer)) {
    known->second = answer;
    changed_ = true;
  }
}

std::optional<AnswerBook::Answer> AnswerBook::Find(const std::string& key) const {
  absl::MutexLock lock(&mutex_);
  const auto known = answers_.find(key);
  return known == answers_.end() ? std::nullopt : std::optional<Answer>(known->second);
}

// A line is KEY, value and microseconds, with tabs between.
void AnswerBook::Load() {
  absl::MutexLock lock(&mutex_);
  std::ifstream file(path_);
  std::string line;
  while (answers_.size() < kAnswersMax && std::getline(file, line)) {
    const size_t tab = line.find('\t');
    if (tab == std::string::npos) {
      continue;
    }
    std::istringstream rest(line.substr(tab + 1));
    double value = 0;
    int64_t as_of_us = 0;
    std::string more;
    if (rest >> value >> as_of_us && !(rest >> more) && std::isfinite(value) && value >= 0) {
      answers_[line.substr(0, tab)] = {value, WallFromMicros(as_of_us)};
    }
  }
}

void AnswerBook::Run() {
  for (bool last = false; !last;) {
    Answers copy;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.AwaitWithTimeout(absl::Condition(&stopping_), kWriteEvery);
      last = stopping_;
      if (!std::exchange(changed_, false)) {
        continue;
      }
      copy = answers_;
    }
    Write(copy);
  }
}

// Into a file beside it that takes its place when it is whole. One that cannot be written changes nothing:
// the answers in memory are as good until the next start.
void AnswerBook::Write(const Answers& answers) const {
  WallTime newest{};
  for (const auto& [key, answer] : answers) {
    newest = std::max(newest, answer.as_of);
  }
  const std::string partial = path_ + ".new";
  std::ofstream file(partial, std::ios::trunc);
  for (const auto& [key, answer] : answers) {
    if (answer.as_of >= newest - kForgetAfter) {
      file << fmt::format("{}\t{}\t{}\n", key, answer.value, ToMicros(answer.as_of));
    }
  }
  file.close();
  if (file) {
    std::rename(partial.c_str(), path_.c_str());
  }
}

}  // namespace shadowd::daemon

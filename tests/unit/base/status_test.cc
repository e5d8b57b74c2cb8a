#include "base/status.h"

#include <catch2/catch.hpp>
#include <cerrno>

using namespace shadowd;

TEST_CASE("an error keeps its code, reason and field when context is added") {
  const Status origin =
      WithField(WithReason(InvalidArgument("must be at least {}", 1), "OUT_OF_BOUNDS"), "bounds.min");
  const Status annotated = Annotate(origin, "web.yaml:7");
  CHECK(annotated.code() == absl::StatusCode::kInvalidArgument);
  CHECK(MessageOf(annotated) == "web.yaml:7: must be at least 1");
  CHECK(ReasonOf(annotated) == "OUT_OF_BOUNDS");
  CHECK(FieldOf(annotated) == "bounds.min");
}

TEST_CASE("an errno becomes the fitting code") {
  CHECK(ErrnoStatus(ENOENT, "open x").code() == absl::StatusCode::kNotFound);
  CHECK(ErrnoStatus(EADDRINUSE, "bind").code() == absl::StatusCode::kAlreadyExists);
  CHECK(MessageOf(ErrnoStatus(EACCES, "open x")) == "open x: Permission denied");
}

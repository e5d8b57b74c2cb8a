// Histories of demand from CSV texts: a column of times ("timestamp" or "time": Unix seconds or RFC 3339,
// rising) and one of values; an empty value is a gap. Also the long format of the M4 competition. Pure
// functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "sim/scene.h"
#include "sim/trace.h"

namespace shadowd::lab {

// The rows as they stand there, for whoever makes steps of another length. `value_column` "" means "value",
// or "rps" where that is what there is. Errors are INVALID_ARGUMENT "file:line: column: what". At least two
// rows; values >= 0.
StatusOr<std::vector<sim::TraceSample>> ParseSamples(std::string_view text, std::string_view file,
                                                     const std::string& value_column = "");
// The rows as even steps that begin with the first row; a step is the median distance of the rows. Steps may
// be missing, but every row must lie on one, within a hundredth of a step: what was measured at other times
// cannot be scored step by step.
StatusOr<sim::Trace> ParseTrace(std::string_view text, std::string_view file,
                                const std::string& value_column = "");

struct NamedSeries {
  std::string name;
  std::vector<double> values;
};
// Columns series, step, value; the rows of a series stand together, steps count from 1.
StatusOr<std::vector<NamedSeries>> ParseSeries(std::string_view text, std::string_view file);

}  // namespace shadowd::lab

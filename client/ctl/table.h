// Text for people: aligned tables and short numbers. Pure functions.
#pragma once

#include <string>
#include <vector>

namespace shadowd::ctl {

using Row = std::vector<std::string>;

// Columns are as wide as their longest cell; the last one is not padded.
std::string Table(const Row& header, const std::vector<Row>& rows);

// "1.23k", "0.4": three digits that matter.
std::string Short(double value);

}  // namespace shadowd::ctl

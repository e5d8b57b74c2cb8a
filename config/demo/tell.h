// Tells the story of a run to a person who pays for servers: what demand did, what was tested, what was
// decided and why, what it cost and saved. Prints to stdout.
#pragma once

#include "story.h"

namespace shadowd::demo {

void Tell(const Story& story);
void TellComparison(const Story& shadowd, const Story& forecast_only);

// Whether the loop closed: what is missing, in words; empty = everything that the demo promises was seen.
std::vector<std::string> Missing(const Story& story);

}  // namespace shadowd::demo

// The bytes of a journal, piece by piece: the file's header first, then one frame an entry (frame.h). Pure
// functions, any thread; whoever owns the file appends what they return.
#pragma once

#include <string>

#include "base/time.h"
#include "journal/entry.h"
#include "ports/outcome.h"

namespace shadowd::journal {

std::string FileHeader();
std::string Encode(const Start& start);
// Of an event and what the core made of it. Empty when it would be longer than a reader takes.
std::string EncodeStep(const ports::Event& event, Now now, const ports::Outcome& outcome);
std::string Encode(const OptionsChanged& changed);
std::string Encode(const End& end);

}  // namespace shadowd::journal

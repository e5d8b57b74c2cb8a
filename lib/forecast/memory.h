// How fast what learns on the way forgets: soon after a change of behaviour, since what was before it no
// longer speaks for what comes, and late otherwise.
#pragma once

namespace shadowd::forecast {

enum class Memory { kLong, kShort };

}  // namespace shadowd::forecast

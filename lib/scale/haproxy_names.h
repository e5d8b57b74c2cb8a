// What may be put into a HAProxy runtime command. Commands are lines of words, several can share a line
// behind ';', so a name or address with a space, ';' or line break would become another command. Pure
// functions.
#pragma once

#include <string_view>

#include "base/status.h"

namespace shadowd::scale {

// [A-Za-z0-9._-]{1,127}. The error names `field`; reason NAME_INVALID.
Status CheckHaproxyName(std::string_view field, std::string_view name);

// An IPv4 address or a bracketed IPv6 address, and a port from 1 to 65535. HAProxy itself would take a host
// name that it can never resolve, or no port at all. Reason ADDRESS_INVALID.
Status CheckServerAddress(std::string_view address);

}  // namespace shadowd::scale

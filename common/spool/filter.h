// What a Filter matches. Internal to this library.
#pragma once

#include "spool/spool.h"

namespace tubepost::spool {

bool matches(const Filter& filter, const Envelope& envelope);
bool matches(const Filter& filter, const Recipient& recipient);

}  // namespace tubepost::spool

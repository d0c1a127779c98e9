// Work that can be counted where time cannot be trusted, so that a test can say what grows with the size of a table and
// what does not.
#pragma once

#include <cstdint>

namespace tubepost::lmdb {

// How many look-ups and cursor moves this thread has made so far.
std::uint64_t looks_of_this_thread();

}  // namespace tubepost::lmdb

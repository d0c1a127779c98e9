// For the sources of this library: what LMDB answers, as an Error.
#pragma once

#include "lmdb/environment.h"

namespace tubepost::lmdb {

inline void check(int code, const char* doing) {
  if (code != MDB_SUCCESS) throw Error(code, doing);
}

}  // namespace tubepost::lmdb

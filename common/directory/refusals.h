// The three ways in which a change of the directory is refused; each is an exit status of mailadm. Internal.
#pragma once

#include "base/result.h"

namespace tubepost::directory {

inline Failure bad_data(std::string text) { return Failure::permanent(std::move(text), {5, 6, 0}); }  // 65
inline Failure refused(std::string text) { return Failure::permanent(std::move(text), {5, 7, 0}); }   // 77
inline Failure absent(std::string text) { return Failure::permanent(std::move(text), {5, 1, 1}); }    // 1

}  // namespace tubepost::directory

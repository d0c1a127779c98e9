// EICAR's test file, which every scanner takes for a virus. It is put together at run time, so that neither
// this source nor the program is taken for one.
#pragma once

#include <string>

namespace tubepost::avscan {

std::string eicar();               // 68 bytes
std::string message_with_eicar();  // as the attachment eicar.com, in base64
std::string message_without_virus();

}  // namespace tubepost::avscan

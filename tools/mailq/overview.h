// The queue as a whole: how much there is, which destinations hold it up, what comes next. Threading: one thread.
#pragma once

#include <string_view>

#include "mailq/commands.h"

namespace tubepost::mailq {

ExitStatus complain(const Output& output, const Failure& failure);
bool print(std::FILE* out, std::string_view text);

// "name<TAB>value" lines, then one line for each destination in which mail is parked; JSON: one value. With
// `plot` a picture, too.
ExitStatus stats(const spool::Spool& spool, const Output& output);
// The same on a terminal, again and again until a key is pressed; once where there is none.
ExitStatus top(const spool::Spool& spool, const Output& output);
// The times at which each recipient of `id` will be tried, if every attempt fails; its notice and its end.
ExitStatus schedule(const spool::Spool& spool, const spool::SpoolId& id, const Output& output);

}  // namespace tubepost::mailq

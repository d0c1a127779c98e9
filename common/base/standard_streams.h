// What a program relies on of descriptors 0, 1 and 2, whoever has started it.
//
// Called first thing in main, before a file is opened or a thread begun; calling it again does nothing.
#pragma once

namespace tubepost {

// Descriptors that are closed (`sendmail joe <&-`, some daemons) are taken, so that no file of the instance becomes one of them: its
// bytes would be read as the message, and what is logged be written into it. Reading and writing them fails with EBADF as before.
//
// At the program's end, results that could not be written to stdout (a full disk, `mailadm export >text`) are told on stderr, and the
// exit status is 75. A reader who has gone is not told, he asked for no more.
void prepare_standard_streams();

// For programs whose exit status says what became of mail: results that could not be written until now are told on stderr, and leave
// it as it is.
void let_results_be_lost();

}  // namespace tubepost

// What a session's thread gives back before it waits long: the pages of its stack below the caller, which its
// last command has touched and nobody will read again. A thread that waits keeps one or two of them in place of
// four to twenty (bench/run idle). They come back as zeros when they are needed, a page fault each; so a stream
// does this only when nothing has come for a while, and sessions in conversation pay nothing.
//
// Any thread; nothing happens in a process's first one, whose stack is the kernel's to size.
#pragma once

#include <poll.h>

#include <chrono>
#include <span>

namespace tubepost::net {

inline constexpr std::chrono::milliseconds awake_for{500};  // so long a stream waits before its thread dozes

void give_back_stack();

// As poll_until(); dozes on the way if that is long.
int poll_dozing(std::span<pollfd> fds, int milliseconds);

// For a process of many sessions, before it has threads: few arenas of malloc, so that what one session has
// freed serves the next (measured: 6 KiB a session against one arena for each few threads).
void share_heap();

}  // namespace tubepost::net

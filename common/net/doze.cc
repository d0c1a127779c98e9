#include "net/doze.h"

#include <malloc.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

#include "net/wait.h"

namespace tubepost::net {
namespace {

// Below the address of give_back_stack()'s frame: the frame itself, the call of madvise(), the ABI's red zone. Not more:
// sessions of a kind wait all at the same depth, and where the margin reaches into one more page, each keeps that page.
constexpr std::uintptr_t still_used = 256;
constexpr int arenas = 2;

struct Pages {
  void* low;
  std::size_t size;
};

bool is_first_thread() { return ::syscall(SYS_gettid) == ::getpid(); }

// None in the first thread, nor on some other stack than the thread's.
[[gnu::noinline]] Pages pages_of_stack_below(std::uintptr_t used) {
  pthread_attr_t attributes;
  if (is_first_thread() || ::pthread_getattr_np(::pthread_self(), &attributes) != 0) return {nullptr, 0};
  void* low = nullptr;
  std::size_t size = 0;
  const bool known = ::pthread_attr_getstack(&attributes, &low, &size) == 0;
  ::pthread_attr_destroy(&attributes);
  const auto bottom = reinterpret_cast<std::uintptr_t>(low);
  if (!known || used < bottom || used > bottom + size) return {nullptr, 0};
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  return {low, used / page * page - bottom};
}

}  // namespace

// Not inlined: what lies below its frame is nobody's. Its own frame is small, because it stays.
[[gnu::noinline]] void give_back_stack() {
  const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  const Pages below = pages_of_stack_below(here - still_used);
  if (below.size > 0) ::madvise(below.low, below.size, MADV_DONTNEED);
}

int poll_dozing(std::span<pollfd> fds, int milliseconds) {
  constexpr int awake = awake_for.count();
  if (milliseconds >= 0 && milliseconds <= awake) return poll_until(fds, milliseconds);
  if (const int ready = poll_until(fds, awake)) return ready;
  give_back_stack();
  return poll_until(fds, milliseconds < 0 ? milliseconds : milliseconds - awake);
}

void share_heap() { ::mallopt(M_ARENA_MAX, arenas); }

}  // namespace tubepost::net

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

constexpr std::uintptr_t still_used =
    512;  // below this frame's address: the frame itself, the ABI's red zone
constexpr int arenas = 2;

bool is_first_thread() { return ::syscall(SYS_gettid) == ::getpid(); }

}  // namespace

// Not inlined: what lies below its frame is nobody's.
[[gnu::noinline]] void give_back_stack() {
  if (is_first_thread()) return;
  pthread_attr_t attributes;
  if (::pthread_getattr_np(::pthread_self(), &attributes) != 0) return;
  void* low = nullptr;
  std::size_t size = 0;
  const bool known = ::pthread_attr_getstack(&attributes, &low, &size) == 0;
  ::pthread_attr_destroy(&attributes);
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto bottom = reinterpret_cast<std::uintptr_t>(low);
  const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  if (!known || here < bottom + still_used || here > bottom + size) return;  // on some other stack
  const auto end = (here - still_used) / page * page;
  if (end > bottom) ::madvise(low, end - bottom, MADV_DONTNEED);
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

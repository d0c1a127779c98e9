// A mutex in memory that forked processes share (an anonymous shared mapping), for std::lock_guard. One that dies
// holding it leaves it to the next: so whatever it guards must be sound, if perhaps a little wrong, after every store.
// Never copied or moved; made before the fork, and left to the mapping's end.
#pragma once

#include <pthread.h>

#include <cerrno>
#include <cstdlib>

namespace tubepost::process {

class SharedMutex {
public:
  SharedMutex() {
    pthread_mutexattr_t attributes;
    ::pthread_mutexattr_init(&attributes);
    ::pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    ::pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    ::pthread_mutex_init(&mutex_, &attributes);
    ::pthread_mutexattr_destroy(&attributes);
  }
  SharedMutex(const SharedMutex&) = delete;
  SharedMutex& operator=(const SharedMutex&) = delete;

  void lock() {
    const int result = ::pthread_mutex_lock(&mutex_);
    if (result == EOWNERDEAD) ::pthread_mutex_consistent(&mutex_);
    if (result != 0 && result != EOWNERDEAD) std::abort();
  }
  void unlock() { ::pthread_mutex_unlock(&mutex_); }

private:
  pthread_mutex_t mutex_;
};

}  // namespace tubepost::process

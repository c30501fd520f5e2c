// SPDX-License-Identifier: Apache-2.0
// Processes of the native build. Every dataflow process is a coroutine with a stack of its own; one runs at a
// time and gives way only when a stream makes it wait. So a run is deterministic, needs no lock, allows
// feedback between processes, and "nobody can go on" is an exact statement: a deadlock is reported at once,
// stream by stream.
#pragma once
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "check.h"

namespace hls::native {
struct place {  // placement new without the C++ library
  void* at;
};
}  // namespace hls::native
inline void* operator new(unsigned long, hls::native::place p) noexcept {
  return p.at;
}
inline void operator delete(void*, hls::native::place) noexcept {}

namespace hls::native {

// The untyped part of a stream: what a waiting process waits for.
struct fifo {
  const char* name = "(unnamed)";
  unsigned long long depth = 2;  // as in hardware unless a STREAM pragma says otherwise
  unsigned long long count = 0;
  unsigned long long total = 0;  // elements ever written
};

struct region;
enum class wait_kind { nothing, data, space, polling, children };

struct process {
  const char* name;
  void (*entry)(void*);
  void* closure;
  region* group;
  process* next = nullptr;
  ucontext_t context = {};
  void* stack = nullptr;
  wait_kind waits = wait_kind::nothing;
  const fifo* on = nullptr;
  const region* inner = nullptr;
  bool done = false;
};

struct region {
  int live = 0;
};

struct scheduler {
  process* first = nullptr;
  process* last = nullptr;
  process* current = nullptr;
  ucontext_t home = {};
  unsigned long long moves = 0;  // elements moved by any stream
  bool failed = false;
  char message[4096] = {};
};
inline scheduler the;

// Address space only: pages are committed when touched. On-chip memories of a process live here.
constexpr unsigned long stack_bytes = 256ul << 20;

inline void give_way() {
  swapcontext(&the.current->context, &the.home);
}

inline void fail(const char* format, ...) {
  const int at =
      snprintf(the.message, sizeof the.message, "process '%s': ", the.current ? the.current->name : "-");
  va_list list;
  va_start(list, format);
  vsnprintf(the.message + at, sizeof the.message - at, format, list);
  va_end(list);
  the.failed = true;
  give_way();  // never resumed
  abort();
}

inline void wait_for(const fifo& f, wait_kind kind) {
  the.current->on = &f;
  the.current->waits = kind;
  give_way();
  the.current->waits = wait_kind::nothing;
}

inline bool may_run(const process& p) {
  switch (p.waits) {
    case wait_kind::data:
      return p.on->count > 0;
    case wait_kind::space:
      return p.on->count < p.on->depth;
    case wait_kind::children:
      return p.inner->live == 0;
    default:
      return true;
  }
}

inline void start_current() {
  process* p = the.current;
  p->entry(p->closure);
  p->done = true;
  p->group->live--;
  the.moves++;
  give_way();
}

inline process* add_process(const char* name, region& group, void (*entry)(void*), void* closure) {
  process* p = new (place{malloc(sizeof(process))}) process{name, entry, closure, &group};
  p->stack =
      mmap(nullptr, stack_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  getcontext(&p->context);
  p->context.uc_stack.ss_sp = p->stack;
  p->context.uc_stack.ss_size = stack_bytes;
  p->context.uc_link = nullptr;
  makecontext(&p->context, start_current, 0);
  (the.last ? the.last->next : the.first) = p;
  the.last = p;
  group.live++;
  return p;
}

// One line per process that is still alive: what it waits for.
inline void report_deadlock() {
  int at = snprintf(the.message, sizeof the.message, "deadlock: no process can go on");
  for (const process* p = the.first; p && at < int(sizeof the.message) - 256; p = p->next) {
    if (p->done || p->waits == wait_kind::children) continue;
    const char* what = p->waits == wait_kind::data    ? "to read from empty"
                       : p->waits == wait_kind::space ? "to write to full"
                                                      : "polling";
    at += snprintf(the.message + at, sizeof the.message - at,
                   "\n  process '%s' waits %s stream '%s' (%llu elements in it, %llu written in all)",
                   p->name, what, p->on->name, p->on->count, p->on->total);
  }
  the.failed = true;
}

inline void end_process(process* p) {
  munmap(p->stack, stack_bytes);
  free(p->closure);
  free(p);
}

// Runs every process until all are done or something failed.
inline void run_all() {
  constexpr int patience = 100000;  // rounds in which processes only poll
  int idle = 0;
  while (the.first && !the.failed) {
    const unsigned long long before = the.moves;
    bool ran = false;
    for (process* p = the.first; p && !the.failed; p = p->next) {
      if (p->done || !may_run(*p)) continue;
      ran = true;
      the.current = p;
      swapcontext(&the.home, &p->context);
    }
    idle = the.moves == before ? idle + 1 : 0;
    if (!the.failed && (!ran || idle > patience)) report_deadlock();
    for (process** link = &the.first; *link;) {
      process* p = *link;
      if (p->done || the.failed) {
        *link = p->next;
        end_process(p);
      } else {
        link = &p->next;
      }
    }
    the.last = the.first;
    while (the.last && the.last->next)
      the.last = the.last->next;
  }
  the.current = nullptr;
}

template <class F>
void call_closure(void* closure) {
  (*static_cast<F*>(closure))();
}

// A DATAFLOW region: `spawn` once for each process call, `join` at the closing brace of the function.
struct dataflow {
  region group;
  template <class F>
  void spawn(const char* name, F f) {
    add_process(name, group, call_closure<F>, new (place{malloc(sizeof(F))}) F(f));
  }
  void join() {
    the.current->inner = &group;
    the.current->waits = wait_kind::children;
    while (group.live)
      give_way();
    the.current->waits = wait_kind::nothing;
  }
};

}  // namespace hls::native

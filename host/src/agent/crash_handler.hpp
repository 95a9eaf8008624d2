// The last words of a process that crashes: which plugin it was in. Written to
// standard error as one line,
//
//   virgo: crashed (SIGSEGV at 0x0) in module com.acme.queue (/x/queue.so), check 'acme', collect()
//
// and, if it was in a plugin, as a record at the end of a file that is open already
// (native/crash_record.hpp). Then the signal takes its usual course: core file and
// exit status are those of the crash.
//
// The handler runs on any thread; a thread whose own stack is full needs an
// AlternateStack (base/) for it. It is async-signal-safe.
#pragma once

namespace virgo::agent {

// For SIGSEGV, SIGBUS, SIGILL, SIGFPE and SIGABRT. `record_fd`: where records go,
// -1 for nowhere; stays open for ever. Does nothing under sanitizers, whose own
// reports say more. Call once, from the main thread.
void install_crash_handler(int record_fd);

}  // namespace virgo::agent

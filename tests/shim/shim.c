/* Stands between payctl and the C library, and makes its disk fail, ends it in the middle, or
 * shifts its clock. Loaded with LD_PRELOAD by tests/src/torture/shim.rs, which says what is set:
 *
 *   SHIM_FOLDER   operations on files within this folder are numbered, from 1
 *   SHIM_AT       what is done to that one:
 *   SHIM_HOW      kill (before it), tear (a write is done by half, then the end), fail (once),
 *                 full (it and every later one that needs space)
 *   SHIM_LOG      where the name of each operation is written, and behind the one that met it ! and
 *                 the time
 *   SHIM_CLOCK    seconds that the clock is ahead
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static atomic_long count;

#define NEXT(name, ...) ((name##_type)dlsym(RTLD_NEXT, #name))(__VA_ARGS__)

static int is_ours(const char *path) {
    const char *folder = getenv("SHIM_FOLDER");
    return folder && path && strncmp(path, folder, strlen(folder)) == 0;
}

static int is_open_in_ours(int fd) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return is_ours(path);
}

static void record(const char *what, int met) {
    const char *log = getenv("SHIM_LOG");
    if (!log) return;
    char line[64];
    struct timespec now;
    syscall(SYS_clock_gettime, CLOCK_REALTIME, &now);
    int length = met ? snprintf(line, sizeof line, "%s!%ld.%09ld\n", what, now.tv_sec, now.tv_nsec)
                     : snprintf(line, sizeof line, "%s\n", what);
    long fd = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    syscall(SYS_write, fd, line, length);
    syscall(SYS_close, fd);
}

/* Whether the operation is to be done; else errno says why not. `half` writes half of it. */
static int meets(const char *what, int needs_space, int fd, const void *bytes, size_t length) {
    long nth = atomic_fetch_add(&count, 1) + 1;
    const char *at = getenv("SHIM_AT"), *how = getenv("SHIM_HOW");
    if (!at || !how || nth < atol(at)) return record(what, 0), 1;
    int here = nth == atol(at);
    if (here && strcmp(how, "kill") == 0) {
        record(what, 1);
        kill(getpid(), SIGKILL);
    }
    if (here && strcmp(how, "tear") == 0) {
        record(what, 1);
        if (bytes) syscall(SYS_write, fd, bytes, length / 2);
        kill(getpid(), SIGKILL);
    }
    if (here && strcmp(how, "fail") == 0) return record(what, 1), errno = EIO, 0;
    if (needs_space && strcmp(how, "full") == 0) return record(what, 1), errno = ENOSPC, 0;
    return record(what, 0), 1;
}

typedef ssize_t (*write_type)(int, const void *, size_t);
ssize_t write(int fd, const void *bytes, size_t length) {
    if (is_open_in_ours(fd) && !meets("write", 1, fd, bytes, length)) return -1;
    return NEXT(write, fd, bytes, length);
}

typedef int (*fsync_type)(int);
int fsync(int fd) {
    if (is_open_in_ours(fd) && !meets("fsync", 0, fd, NULL, 0)) return -1;
    return NEXT(fsync, fd);
}

typedef int (*fdatasync_type)(int);
int fdatasync(int fd) {
    if (is_open_in_ours(fd) && !meets("fdatasync", 0, fd, NULL, 0)) return -1;
    return NEXT(fdatasync, fd);
}

typedef int (*ftruncate64_type)(int, off64_t);
int ftruncate64(int fd, off64_t length) {
    if (is_open_in_ours(fd) && !meets("ftruncate", 0, fd, NULL, 0)) return -1;
    return NEXT(ftruncate64, fd, length);
}

typedef int (*rename_type)(const char *, const char *);
int rename(const char *from, const char *to) {
    if (is_ours(to) && !meets("rename", 0, -1, NULL, 0)) return -1;
    return NEXT(rename, from, to);
}

typedef int (*unlink_type)(const char *);
int unlink(const char *path) {
    if (is_ours(path) && !meets("unlink", 0, -1, NULL, 0)) return -1;
    return NEXT(unlink, path);
}

typedef int (*mkdir_type)(const char *, mode_t);
int mkdir(const char *path, mode_t mode) {
    if (is_ours(path) && !meets("mkdir", 1, -1, NULL, 0)) return -1;
    return NEXT(mkdir, path, mode);
}

typedef int (*open64_type)(const char *, int, ...);
int open64(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    if ((flags & O_CREAT) && is_ours(path) && !meets("create", 1, -1, NULL, 0)) return -1;
    return NEXT(open64, path, flags, mode);
}

typedef int (*clock_gettime_type)(clockid_t, struct timespec *);
int clock_gettime(clockid_t clock, struct timespec *now) {
    int result = NEXT(clock_gettime, clock, now);
    const char *ahead = getenv("SHIM_CLOCK");
    if (result == 0 && clock == CLOCK_REALTIME && ahead) now->tv_sec += atol(ahead);
    return result;
}

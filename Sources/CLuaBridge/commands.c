// The standard functions that run a command, so that an interrupt reaches it and ends the wait for it.
#define _GNU_SOURCE // pipe2
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

enum { TICK = 50 }; // ms; an interrupt that comes just before a wait begins is seen after this time
static const double MOMENT = 0.05; // s

extern char **environ;

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

void lb_lend_terminal(const lb_bridge *bridge, bool is_lent) {
    if (!bridge->closing) bridge->callbacks.lend_terminal(bridge->callbacks.context, is_lent);
}

// Starts a command with no signal blocked or ignored, and with `end` in the place of its standard stream `stream` unless that is
// negative; 0 if it cannot, with errno.
static pid_t start_command(const char *command, int end, int stream) {
    pid_t child = 0;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    if ((errno = posix_spawnattr_init(&attributes)) != 0) return 0;
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawn_file_actions_t actions;
    if ((errno = posix_spawn_file_actions_init(&actions)) != 0) {
        posix_spawnattr_destroy(&attributes);
        return 0;
    }
    if (end >= 0) errno = posix_spawn_file_actions_adddup2(&actions, end, stream);
    char *arguments[] = {"sh", "-c", (char *)command, NULL};
    int error = errno != 0 ? errno : posix_spawn(&child, "/bin/sh", &actions, &attributes, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    errno = error;
    return error == 0 ? child : 0;
}

// An interrupt reaches a command by the terminal that both share. Where they share none, or the command may not have been there
// yet, it is handed on.
static bool may_have_missed(double started) {
    enum { YOUNG = 1 };
    return tcgetpgrp(STDIN_FILENO) != getpgrp() || seconds() - started < YOUNG;
}

// Waits for the command's end; gives its status as waitpid does, -1 if there is none. One that an interrupt does not end is waited
// for on, or left alone after a moment.
static int wait_for_command(const lb_bridge *bridge, pid_t child, bool leaves_stubborn) {
    double started = seconds(), told = 0;
    struct pollfd ended = {.fd = (int)syscall(SYS_pidfd_open, child, 0), .events = POLLIN};
    int status = 0;
    pid_t result;
    while ((result = waitpid(child, &status, WNOHANG)) == 0 || (result < 0 && errno == EINTR)) {
        if (told == 0 && lb_is_interrupted(bridge)) {
            told = seconds();
            if (may_have_missed(started)) kill(child, SIGINT);
        }
        if (leaves_stubborn && told > 0 && seconds() - told > MOMENT) break;
        if (ended.fd >= 0) poll(&ended, 1, told > 0 ? TICK / 10 : TICK);
        else poll(NULL, 0, TICK / 10); // an older kernel: looked after more often
    }
    if (ended.fd >= 0) close(ended.fd);
    errno = 0; // or Lua would take a status for an error of the wait's
    return result <= 0 ? -1 : status;
}

// os.execute. A command that an interrupt has stopped stops the cell too. Upvalue: Lua's own.
static int os_execute(lua_State *L) {
    lb_bridge *bridge = lb_of(L);
    const char *command = luaL_optstring(L, 1, NULL);
    if (command == NULL) { // asks whether there is a shell
        lua_pushvalue(L, lua_upvalueindex(1));
        lua_call(L, 0, 1);
        return 1;
    }
    if (lb_is_interrupted(bridge)) return lb_raise_interrupt(L);
    fflush(stdout);
    pid_t child = start_command(command, -1, -1);
    if (child == 0) return luaL_fileresult(L, 0, "/bin/sh");
    lb_lend_terminal(bridge, true);
    int status = wait_for_command(bridge, child, false);
    lb_lend_terminal(bridge, false);
    enum { SHELL_INTERRUPTED = 128 + SIGINT };
    if ((WIFSIGNALED(status) && WTERMSIG(status) == SIGINT) || (WIFEXITED(status) && WEXITSTATUS(status) == SHELL_INTERRUPTED)) {
        lb_interrupt(bridge);
        return lb_raise_interrupt(L);
    }
    return luaL_execresult(L, status);
}

// ---- io.popen -------------------------------------------------------------------------------------------------------

// glibc's own would leave the command deaf to Ctrl-C: threads of Swift's runtime block all signals, and children inherit that.
typedef struct {
    luaL_Stream stream; // first, so that Lua's functions for files take it
    pid_t child;
} command_file;

static int close_command(lua_State *L) {
    command_file *file = lua_touserdata(L, 1);
    fclose(file->stream.f);
    // An interrupt is raised by the hook that it has set, if this is no finalizer.
    return luaL_execresult(L, wait_for_command(lb_of(L), file->child, true));
}

static int io_popen(lua_State *L) { // upvalue: Lua's own
    const char *command = luaL_checkstring(L, 1);
    const char *mode = luaL_optstring(L, 2, "r");
    bool reads = strcmp(mode, "r") == 0;
    luaL_argcheck(L, reads || strcmp(mode, "w") == 0, 2, "invalid mode");
    if (lb_is_interrupted(lb_of(L))) return lb_raise_interrupt(L);
    command_file *file = lua_newuserdatauv(L, sizeof(command_file), 0);
    file->stream.closef = NULL; // closed, until it is whole
    luaL_setmetatable(L, LUA_FILEHANDLE);
    int ends[2]; // to read from, to write to
    if (pipe2(ends, O_CLOEXEC) != 0) return luaL_fileresult(L, 0, command);
    int own = ends[reads ? 0 : 1], other = ends[reads ? 1 : 0];
    fflush(NULL);
    file->stream.f = fdopen(own, mode);
    file->child = file->stream.f != NULL ? start_command(command, other, reads ? STDOUT_FILENO : STDIN_FILENO) : 0;
    int error = errno;
    close(other);
    if (file->child == 0) {
        if (file->stream.f != NULL) fclose(file->stream.f);
        else close(own);
        errno = error;
        return luaL_fileresult(L, 0, command);
    }
    file->stream.closef = close_command;
    return 1;
}

pid_t lb_command_of(const luaL_Stream *stream) {
    return stream->closef == close_command ? ((const command_file *)stream)->child : 0;
}

void lb_open_commands(lua_State *L) {
    lua_getglobal(L, "os");
    lb_wrap_field(L, "execute", os_execute);
    lua_getglobal(L, "io");
    lb_wrap_field(L, "popen", io_popen);
    lua_pop(L, 2);
}

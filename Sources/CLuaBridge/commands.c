// Commands of the shell that Lua starts: os.execute and io.popen. Unlike the standard ones they reach their commands with interrupts:
// this program's threads block SIGINT, which a child would inherit.
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

extern char **environ;

typedef struct {
    pid_t child; // 0: there is none
    double started;
    bool is_told; // of an interrupt
} command;

// A file whose other end is a command. Lua's functions for files take it as theirs.
typedef struct {
    luaL_Stream stream;
    command command;
} command_stream;

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

// Starts a command with no signal blocked or ignored, and one of its standard descriptors replaced unless `from` is negative. Without a
// child, errno says why.
static command start(const char *text, int from, int to) {
    command started = {.started = seconds()};
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    if ((errno = posix_spawnattr_init(&attributes)) != 0) return started;
    if ((errno = posix_spawn_file_actions_init(&actions)) == 0) {
        posix_spawnattr_setsigmask(&attributes, &none);
        posix_spawnattr_setsigdefault(&attributes, &all);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
        char *arguments[] = {"sh", "-c", (char *)text, NULL};
        if (from >= 0) errno = posix_spawn_file_actions_adddup2(&actions, from, to);
        pid_t child = 0;
        if (errno == 0) errno = posix_spawn(&child, "/bin/sh", &actions, &attributes, arguments, environ);
        if (errno == 0) started.child = child;
        posix_spawn_file_actions_destroy(&actions);
    }
    posix_spawnattr_destroy(&attributes);
    return started;
}

// An interrupt reaches a command by the terminal that both share. Where they share none, or the command may not have been there yet, it
// is handed on, once.
static void hand_on_interrupt(command *told) {
    enum { YOUNG = 1 }; // s
    if (told->is_told) return;
    told->is_told = true;
    if (tcgetpgrp(STDIN_FILENO) != getpgrp() || seconds() - told->started < YOUNG) kill(told->child, SIGINT);
}

enum { SHELL_INTERRUPTED = 128 + SIGINT }; // what a shell exits with

static bool was_stopped(int status) {
    return (WIFSIGNALED(status) && WTERMSIG(status) == SIGINT) || (WIFEXITED(status) && WEXITSTATUS(status) == SHELL_INTERRUPTED);
}

// Waits for the command's end; gives its status as waitpid does, -1 if there is none. A command that an interrupt stops meanwhile
// interrupts Lua too: its end may be seen before the flag. One that an interrupt does not stop, as an editor, is waited for on unless
// `leaves_stubborn`, and left alone after a moment if so.
static int wait_for(lb_bridge *bridge, command *awaited, bool leaves_stubborn) {
    const double moment = 0.05; // s
    int status = 0;
    pid_t result = waitpid(awaited->child, &status, WNOHANG);
    errno = 0; // or Lua would take a status for an error of the wait's
    if (result == awaited->child) return status;
    double told = 0;
    struct pollfd ended = {.fd = (int)syscall(SYS_pidfd_open, awaited->child, 0), .events = POLLIN};
    while ((result = waitpid(awaited->child, &status, WNOHANG)) == 0 || (result < 0 && errno == EINTR)) {
        if (told == 0 && lb_is_interrupted(bridge)) {
            hand_on_interrupt(awaited);
            told = seconds();
        }
        if (leaves_stubborn && told > 0 && seconds() - told > moment) break;
        if (ended.fd >= 0) poll(&ended, 1, told > 0 ? LB_TICK / 10 : LB_TICK);
        else poll(NULL, 0, LB_TICK / 10); // an older kernel: looked after more often
    }
    if (ended.fd >= 0) close(ended.fd);
    errno = 0;
    if (result <= 0) return -1;
    if (was_stopped(status)) lb_interrupt(bridge);
    return status;
}

// os.execute. Upvalue: Lua's own.
static int os_execute(lua_State *L) {
    lb_bridge *bridge = lb_of(L);
    const char *text = luaL_optstring(L, 1, NULL);
    if (text == NULL) { // asks whether there is a shell
        lua_pushvalue(L, lua_upvalueindex(1));
        lua_call(L, 0, 1);
        return 1;
    }
    if (lb_is_interrupted(bridge)) return lb_raise_interrupt(L);
    fflush(stdout);
    command child = start(text, -1, -1);
    if (child.child == 0) return luaL_fileresult(L, 0, "/bin/sh");
    lb_lend_terminal(bridge, true);
    int status = wait_for(bridge, &child, false);
    lb_lend_terminal(bridge, false);
    if (was_stopped(status)) {
        lb_interrupt(bridge); // also where it ended before anybody waited
        return lb_raise_interrupt(L);
    }
    return luaL_execresult(L, status);
}

// Closes the file and waits for its command, except at the session's end, which has no time for it.
static int close_command(lua_State *L) {
    lb_bridge *bridge = lb_of(L);
    command_stream *stream = luaL_checkudata(L, 1, LUA_FILEHANDLE);
    fclose(stream->stream.f);
    if (bridge->closing) return 0;
    int status = wait_for(bridge, &stream->command, true);
    if (lb_is_interrupted(bridge)) return lb_raise_interrupt(L);
    return luaL_execresult(L, status);
}

// The command at a file's other end; NULL if there is none.
static command *command_of(luaL_Stream *stream) {
    return stream->closef == close_command ? &((command_stream *)stream)->command : NULL;
}

void lb_hand_on_interrupt(luaL_Stream *stream) {
    command *told = command_of(stream);
    if (told != NULL) hand_on_interrupt(told);
}

void lb_note_end(lb_bridge *bridge, luaL_Stream *stream) {
    command *ended = command_of(stream);
    if (ended == NULL || ended->is_told || !feof(stream->f)) return;
    struct pollfd end = {.fd = (int)syscall(SYS_pidfd_open, ended->child, 0), .events = POLLIN};
    if (end.fd < 0) return;
    poll(&end, 1, LB_TICK); // its files are closed just before it has ended
    close(end.fd);
    siginfo_t info = {.si_pid = 0};
    if (waitid(P_PID, (id_t)ended->child, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) return;
    if (info.si_status != (info.si_code == CLD_EXITED ? SHELL_INTERRUPTED : SIGINT)) return;
    ended->is_told = true;
    lb_interrupt(bridge);
}

// io.popen.
static int io_popen(lua_State *L) {
    const char *text = luaL_checkstring(L, 1), *mode = luaL_optstring(L, 2, "r");
    luaL_argcheck(L, (mode[0] == 'r' || mode[0] == 'w') && mode[1] == '\0', 2, "invalid mode");
    bool reads = mode[0] == 'r';
    command_stream *stream = lua_newuserdatauv(L, sizeof(command_stream), 0);
    *stream = (command_stream){.stream.closef = NULL}; // closed, should anything fail from here on
    luaL_setmetatable(L, LUA_FILEHANDLE);
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return luaL_fileresult(L, 0, text);
    int own = ends[reads ? 0 : 1], others = ends[reads ? 1 : 0];
    FILE *file = fdopen(own, mode);
    if (file == NULL) {
        int problem = errno;
        close(own);
        close(others);
        errno = problem;
        return luaL_fileresult(L, 0, text);
    }
    fflush(NULL); // what has been written comes before what the command writes
    stream->command = start(text, others, reads ? STDOUT_FILENO : STDIN_FILENO);
    int problem = errno;
    close(others);
    if (stream->command.child == 0) {
        fclose(file);
        errno = problem;
        return luaL_fileresult(L, 0, text);
    }
    stream->stream = (luaL_Stream){.f = file, .closef = close_command};
    return 1;
}

void lb_open_commands(lua_State *L) {
    lua_getglobal(L, "os");
    lb_wrap_field(L, "execute", os_execute);
    lua_getglobal(L, "io");
    lua_pushcfunction(L, io_popen);
    lua_setfield(L, -2, "popen");
    lua_pop(L, 2);
}

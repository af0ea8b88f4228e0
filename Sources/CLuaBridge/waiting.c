// The standard functions that wait for someone else, a command or whoever types, so that an interrupt ends the wait.
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

enum { TICK = 100 }; // ms; an interrupt that comes just before a wait begins is seen after this time

extern char **environ;

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void lend_terminal(const lb_bridge *bridge, bool is_lent) {
    if (!bridge->closing) bridge->callbacks.lend_terminal(bridge->callbacks.context, is_lent);
}

// Starts a command with no signal blocked or ignored; 0 if it cannot, with errno.
static pid_t start_command(const char *command) {
    pid_t child = 0;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    if ((errno = posix_spawnattr_init(&attributes)) != 0) return 0;
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    char *arguments[] = {"sh", "-c", (char *)command, NULL};
    errno = posix_spawn(&child, "/bin/sh", NULL, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
    return errno == 0 ? child : 0;
}

// An interrupt reaches a command by the terminal that both share. Where they share none, or the command may not have been there
// yet, it is handed on.
static bool may_have_missed(double started) {
    enum { YOUNG = 1 };
    return tcgetpgrp(STDIN_FILENO) != getpgrp() || seconds() - started < YOUNG;
}

// Waits for the command's end; gives its status as waitpid does, -1 if there is none.
static int wait_for_command(const lb_bridge *bridge, pid_t child) {
    double started = seconds();
    bool is_told = false;
    struct pollfd ended = {.fd = (int)syscall(SYS_pidfd_open, child, 0), .events = POLLIN};
    int status = 0;
    pid_t result;
    while ((result = waitpid(child, &status, WNOHANG)) == 0 || (result < 0 && errno == EINTR)) {
        if (!is_told && lb_is_interrupted(bridge)) {
            is_told = true;
            if (may_have_missed(started)) kill(child, SIGINT);
        }
        if (ended.fd >= 0) poll(&ended, 1, TICK);
        else poll(NULL, 0, TICK / 10); // an older kernel: looked after more often
    }
    if (ended.fd >= 0) close(ended.fd);
    return result < 0 ? -1 : status;
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
    pid_t child = start_command(command);
    if (child == 0) return luaL_fileresult(L, 0, "/bin/sh");
    lend_terminal(bridge, true);
    int status = wait_for_command(bridge, child);
    lend_terminal(bridge, false);
    enum { SHELL_INTERRUPTED = 128 + SIGINT };
    if ((WIFSIGNALED(status) && WTERMSIG(status) == SIGINT) || (WIFEXITED(status) && WEXITSTATUS(status) == SHELL_INTERRUPTED)) {
        lb_interrupt(bridge);
        return lb_raise_interrupt(L);
    }
    return luaL_execresult(L, status);
}

// Waits until standard input has something to read, unless some is left from before.
static void wait_for_input(const lb_bridge *bridge) {
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    if (stdin->_IO_read_ptr != stdin->_IO_read_end) return;
    while (poll(&input, 1, TICK) <= 0 && !lb_is_interrupted(bridge)) {}
}

// The open file on top of the stack, which is popped; NULL if there is none.
static FILE *pop_file(lua_State *L) {
    luaL_Stream *stream = luaL_testudata(L, -1, LUA_FILEHANDLE);
    lua_pop(L, 1);
    return stream != NULL && stream->closef != NULL ? stream->f : NULL;
}

// Whether a read may take as long as someone likes; NULL: false.
static bool may_wait(FILE *file) {
    struct stat kind;
    return file != NULL && fstat(fileno(file), &kind) == 0 && !S_ISREG(kind.st_mode);
}

// A function that reads, with reads that an interrupt ends. Upvalues: Lua's own, the file if it is not the first argument.
static int interruptible_read(lua_State *L) {
    lb_bridge *bridge = lb_of(L);
    int count = lua_gettop(L), status = LUA_OK;
    if (lua_isnil(L, lua_upvalueindex(2)) && count > 0) lua_pushvalue(L, 1);
    else lua_pushvalue(L, lua_upvalueindex(2));
    FILE *file = pop_file(L);
    bool reads_stdin = file == stdin;
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    if (!may_wait(file)) {
        lua_call(L, count, LUA_MULTRET);
        return lua_gettop(L);
    }
    if (reads_stdin) {
        lend_terminal(bridge, true);
        wait_for_input(bridge);
    }
    lb_let_interrupts_end_calls(true);
    if (!lb_is_interrupted(bridge)) status = lua_pcall(L, count, LUA_MULTRET, 0);
    lb_let_interrupts_end_calls(false);
    if (reads_stdin) lend_terminal(bridge, false);
    if (lb_is_interrupted(bridge)) {
        if (reads_stdin) clearerr(stdin); // or the next read would fail as this one did
        return lb_raise_interrupt(L);
    }
    return status == LUA_OK ? lua_gettop(L) : lua_error(L);
}

// io.lines and a file's: with an iterator that an interrupt ends. Upvalue: Lua's own.
static int interruptible_lines(lua_State *L) {
    int count = lua_gettop(L);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, count, LUA_MULTRET);
    lua_pushvalue(L, 1);
    if (lua_getupvalue(L, 1, 1) == NULL) lua_pushnil(L); // Lua's iterators have their file there
    lua_pushcclosure(L, interruptible_read, 2);
    lua_replace(L, 1);
    return lua_gettop(L);
}

// io.read. Upvalues: a file's read, io.input.
static int io_read(lua_State *L) {
    int count = lua_gettop(L);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_pushvalue(L, lua_upvalueindex(2));
    lua_call(L, 0, 1);
    lua_insert(L, 2);
    lua_call(L, count + 1, LUA_MULTRET);
    return lua_gettop(L);
}

void lb_open_waiting_functions(lua_State *L) {
    lua_getglobal(L, "os");
    lb_wrap_field(L, "execute", os_execute);
    lua_getglobal(L, "io");
    lb_wrap_field(L, "lines", interruptible_lines);
    luaL_getmetatable(L, LUA_FILEHANDLE);
    lua_getfield(L, -1, "__index");
    lb_wrap_field(L, "lines", interruptible_lines);
    lua_getfield(L, -1, "read");
    lua_pushnil(L);
    lua_pushcclosure(L, interruptible_read, 2);
    lua_pushvalue(L, -1);
    lua_setfield(L, -3, "read"); // of files
    lua_getfield(L, -4, "input");
    lua_pushcclosure(L, io_read, 2);
    lua_setfield(L, -4, "read");
    lua_pop(L, 4);
}

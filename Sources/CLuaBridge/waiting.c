// The standard functions that read what comes late, from whoever types or from a command, so that an interrupt ends the wait.
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"

enum { TICK = 50 }; // ms; an interrupt that comes just before a wait begins is seen after this time

// Waits until standard input has something to read, unless some is left from before.
static void wait_for_input(const lb_bridge *bridge) {
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    if (stdin->_IO_read_ptr != stdin->_IO_read_end) return;
    while (poll(&input, 1, TICK) <= 0 && !lb_is_interrupted(bridge)) {}
}

// The open file on top of the stack, which is popped; NULL if there is none.
static const luaL_Stream *pop_stream(lua_State *L) {
    const luaL_Stream *stream = luaL_testudata(L, -1, LUA_FILEHANDLE);
    lua_pop(L, 1);
    return stream != NULL && stream->closef != NULL ? stream : NULL;
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
    const luaL_Stream *stream = pop_stream(L);
    FILE *file = stream != NULL ? stream->f : NULL;
    pid_t command = stream != NULL ? lb_command_of(stream) : 0;
    bool reads_stdin = file == stdin;
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    if (!may_wait(file)) {
        lua_call(L, count, LUA_MULTRET);
        return lua_gettop(L);
    }
    if (reads_stdin) {
        lb_lend_terminal(bridge, true);
        wait_for_input(bridge);
    }
    lb_let_interrupts_end_calls(true);
    if (!lb_is_interrupted(bridge)) status = lua_pcall(L, count, LUA_MULTRET, 0);
    lb_let_interrupts_end_calls(false);
    if (reads_stdin) lb_lend_terminal(bridge, false);
    if (lb_is_interrupted(bridge)) {
        if (reads_stdin) clearerr(stdin); // or the next read would fail as this one did
        if (command != 0) kill(command, SIGINT);
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
    lb_open_commands(L);
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
    lua_pop(L, 3);
}

// The standard libraries as a session shows them: output goes to the host, the process cannot be ended, a sandbox is
// poorer.
#include <string.h>

#include "internal.h"

enum { MAX_SANDBOX_SUBJECT = 64 * 1024 }; // pattern matching can take exponential time, and nobody presses Ctrl-C

static void write_out(lua_State *L, const char *bytes, size_t length) {
    lb_bridge *bridge = lb_of(L);
    if (!bridge->closing) bridge->callbacks.output(bridge->callbacks.context, bytes, length);
}

static int print(lua_State *L) {
    luaL_Buffer line;
    int count = lua_gettop(L);
    luaL_buffinit(L, &line);
    for (int i = 1; i <= count; i++) {
        if (i > 1) luaL_addchar(&line, '\t');
        luaL_tolstring(L, i, NULL);
        luaL_addvalue(&line);
    }
    luaL_addchar(&line, '\n');
    luaL_pushresult(&line);
    size_t length;
    const char *bytes = lua_tolstring(L, -1, &length);
    write_out(L, bytes, length);
    return 0;
}

// io.write. Upvalues: Lua's own, io.output, io.stdout.
static int io_write(lua_State *L) {
    int count = lua_gettop(L);
    lua_pushvalue(L, lua_upvalueindex(2));
    lua_call(L, 0, 1);
    if (!lua_rawequal(L, -1, lua_upvalueindex(3))) { // a script has redirected its output to a file
        lua_pop(L, 1);
        lua_pushvalue(L, lua_upvalueindex(1));
        lua_insert(L, 1);
        lua_call(L, count, LUA_MULTRET);
        return lua_gettop(L);
    }
    for (int i = 1; i <= count; i++) {
        size_t length;
        const char *bytes = luaL_checklstring(L, i, &length);
        write_out(L, bytes, length);
    }
    lua_pushvalue(L, lua_upvalueindex(3));
    return 1;
}

static int os_exit(lua_State *L) {
    return lb_raise(L, "usage", "os.exit would end the session", "use %quit to leave, or error(...) to stop the cell");
}

static int set_metatable(lua_State *L) { // upvalue: Lua's own
    if (lua_istable(L, 2)) {
        lua_pushliteral(L, "__gc");
        if (lua_rawget(L, 2) != LUA_TNIL)
            return lb_raise(L, "usage", "finalizers (__gc) are not allowed in a sandbox", NULL);
        lua_pop(L, 1);
    }
    int count = lua_gettop(L);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, count, 1);
    return 1;
}

static int bounded_pattern(lua_State *L) { // upvalue: Lua's own
    if (lua_type(L, 1) == LUA_TSTRING && lua_rawlen(L, 1) > MAX_SANDBOX_SUBJECT)
        return lb_raise(L, "usage", "patterns in a sandbox take subjects of at most 64 KiB", NULL);
    int count = lua_gettop(L);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, count, LUA_MULTRET);
    return lua_gettop(L);
}

static void remove_fields(lua_State *L, const char *const *names) { // of the table on top
    for (; *names != NULL; names++) {
        lua_pushnil(L);
        lua_setfield(L, -2, *names);
    }
}

static void open_sandbox(lua_State *L) {
    static const luaL_Reg libraries[] = {{LUA_GNAME, luaopen_base},
                                         {LUA_COLIBNAME, luaopen_coroutine},
                                         {LUA_TABLIBNAME, luaopen_table},
                                         {LUA_STRLIBNAME, luaopen_string},
                                         {LUA_MATHLIBNAME, luaopen_math},
                                         {LUA_UTF8LIBNAME, luaopen_utf8},
                                         {LUA_OSLIBNAME, luaopen_os},
                                         {NULL, NULL}};
    for (const luaL_Reg *library = libraries; library->func != NULL; library++) {
        luaL_requiref(L, library->name, library->func, 1);
        lua_pop(L, 1);
    }
    lua_pushglobaltable(L);
    remove_fields(L, (const char *const[]){"load", "loadfile", "dofile", "collectgarbage", "warn", NULL});
    lb_wrap_field(L, "setmetatable", set_metatable);
    lua_pop(L, 1);
    lua_getglobal(L, "os");
    remove_fields(
        L, (const char *const[]){
               "execute", "exit", "getenv", "remove", "rename", "setlocale", "tmpname", "difftime", NULL});
    lua_pop(L, 1);
    lua_getglobal(L, "string");
    remove_fields(L, (const char *const[]){"dump", NULL});
    lb_open_patterns(L);
    lb_wrap_field(L, "find", bounded_pattern);
    lb_wrap_field(L, "match", bounded_pattern);
    lb_wrap_field(L, "gmatch", bounded_pattern);
    lb_wrap_field(L, "gsub", bounded_pattern);
    // The strings' own metatable must not lead back to anything a script can change for others.
    lua_pushliteral(L, "");
    lua_getmetatable(L, -1);
    lua_pushliteral(L, "string");
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 3);
}

static void open_all(lua_State *L) {
    luaL_openlibs(L);
    lb_open_patterns(L);
    lua_getglobal(L, "os");
    lua_pushcfunction(L, os_exit);
    lua_setfield(L, -2, "exit");
    lua_pop(L, 1);
    lua_getglobal(L, "io");
    lua_getfield(L, -1, "write");
    lua_getfield(L, -2, "output");
    lua_getfield(L, -3, "stdout");
    lua_pushcclosure(L, io_write, 3);
    lua_setfield(L, -2, "write");
    lua_pop(L, 1);
    lb_open_commands(L);
    lb_open_waiting_functions(L);
}

void lb_wrap_field(lua_State *L, const char *name, lua_CFunction wrapper) {
    lua_getfield(L, -1, name);
    lua_pushcclosure(L, wrapper, 1);
    lua_setfield(L, -2, name);
}

void lb_open_libraries(lua_State *L, bool sandbox) {
    if (sandbox) open_sandbox(L);
    else open_all(L);
    lua_pushcfunction(L, print);
    lua_setglobal(L, "print");
    lb_open_coroutines(L);
}

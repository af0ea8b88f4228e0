// Global names: the program's own, those of cells, and reads of those that nothing has defined.
#include <string.h>

#include "internal.h"

// ---- The program's own ----------------------------------------------------------------------------------------------

static int call_without_self_k(lua_State *L, int status, lua_KContext context) {
    (void)status;
    (void)context;
    return lua_gettop(L);
}

static int call_without_self(lua_State *L) { // upvalue: a function that a table is called in place of
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_replace(L, 1);
    lua_callk(L, lua_gettop(L) - 1, LUA_MULTRET, 0, call_without_self_k);
    return call_without_self_k(L, LUA_OK, 0);
}

static void make_callable(lua_State *L) { // table, function -> table
    lua_createtable(L, 0, 1);
    lua_insert(L, -2);
    lua_pushcclosure(L, call_without_self, 1);
    lua_setfield(L, -2, "__call");
    lua_setmetatable(L, -2);
}

void lb_define(lua_State *L, lb_request *request) {
    int base = lua_gettop(L);
    lb_push_values(L, request->values);
    lua_settop(L, base + 1);
    lua_pushglobaltable(L);
    const char *part = request->name;
    for (const char *dot; (dot = strchr(part, '.')) != NULL; part = dot + 1) {
        lua_pushlstring(L, part, (size_t)(dot - part));
        lua_pushvalue(L, -1);
        int type = lua_rawget(L, -3); // parent, name, child
        if (type != LUA_TTABLE) {
            lua_newtable(L);
            lua_insert(L, -2); // parent, name, new, old
            if (type == LUA_TFUNCTION) make_callable(L);
            else lua_pop(L, 1);
            lua_pushvalue(L, -2);
            lua_pushvalue(L, -2);
            lua_rawset(L, -5); // parent, name, new
        }
        lua_replace(L, -3);
        lua_pop(L, 1);
    }
    lua_pushstring(L, part);
    if (lua_rawget(L, -2) == LUA_TTABLE && lua_isfunction(L, base + 1)) {
        lua_pushvalue(L, base + 1);
        make_callable(L);
        return;
    }
    lua_pop(L, 1);
    lua_pushstring(L, part);
    lua_pushvalue(L, base + 1);
    lua_rawset(L, -3);
}

// ---- Those of cells -------------------------------------------------------------------------------------------------

void lb_reset_globals(lua_State *L) {
    lua_rawgeti(L, LUA_REGISTRYINDEX, lb_of(L)->environment);
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        lua_pop(L, 1);
        lua_pushvalue(L, -1);
        lua_pushnil(L);
        lua_rawset(L, -4); // assigning nil to a present key is allowed while traversing
    }
}

// ---- Undefined ones -------------------------------------------------------------------------------------------------

// The built-in table gets an __index, which Lua asks only when a name is in neither table: defined names cost nothing,
// names defined later by a call or another cell are no false alarm, and code that never runs is not complained about. A
// listing of the chunk's global accesses could promise none of these.

enum { MAX_PLACES = 2000 }; // a program that makes up names by the thousand means it

static int undefined_global(lua_State *L) { // upvalues: whom to tell, places told of, how many
    lua_Debug info;
    if (lua_type(L, 2) != LUA_TSTRING || !lua_getstack(L, 1, &info)) return 0;
    lua_getinfo(L, "Sl", &info);
    lua_Integer count = lua_tointeger(L, lua_upvalueindex(3));
    if (info.currentline <= 0 || count >= MAX_PLACES) return 0;
    lua_settop(L, 2);
    lua_pushfstring(L, "%s:%d:%s", lb_chunk_name(&info), info.currentline, lua_tostring(L, 2));
    lua_pushvalue(L, 3);
    if (lua_rawget(L, lua_upvalueindex(2)) != LUA_TNIL) return 0;
    lua_pushvalue(L, 3);
    lua_pushboolean(L, 1);
    lua_rawset(L, lua_upvalueindex(2));
    lua_pushinteger(L, count + 1);
    lua_replace(L, lua_upvalueindex(3));
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushvalue(L, 2);
    lua_pushstring(L, lb_chunk_name(&info));
    lua_pushinteger(L, info.currentline);
    lua_call(L, 3, 0);
    return 0;
}

void lb_watch_globals(lua_State *L, lb_request *request) {
    lua_pushglobaltable(L);
    lua_createtable(L, 0, 1);
    lb_push_host_function(L, request->number, false);
    lua_newtable(L);
    lua_pushinteger(L, 0);
    lua_pushcclosure(L, undefined_global, 3);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
}

// Reads of globals that nothing has defined. The built-in table gets an __index, which Lua asks only when a name is in
// neither table: defined names cost nothing, names defined later by a call or another cell are no false alarm, and code
// that never runs is not complained about. A listing of the chunk's global accesses could promise none of these.
#include "internal.h"

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
